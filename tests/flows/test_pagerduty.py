"""An incident of PagerDuty through the real bot: signed at the door, taken in Slack, told there; nothing goes round."""

import hashlib
import hmac
from dataclasses import replace

from bot.settings import Settings
from bot.settings_environment import PagerDuty
from models.topology import WebhookSource
from models.words import IncidentStatus
from tests.support.pagerduty import PagerDutyServer, error
from tests.support.stage import DEV, OPS, Stage, stage, until
from tests.support.webhooks import captured, changed

SECRETS = ("the-new-secret", "the-old-secret")


async def send(running: Stage, name: str, at: str) -> int:
    """Send a stored event as PagerDuty does while its secret is replaced: signed with both."""

    def now(body: dict[str, dict[str, str]]) -> None:
        body["event"]["occurred_at"] = at

    body = changed(captured("pagerduty", name), now).body
    made = ["v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in SECRETS]
    headers = {"Content-Type": "application/json", "X-PagerDuty-Signature": ",".join(made)}
    return (await running.http.post("/webhooks/pagerduty", content=body, headers=headers)).status_code


async def test_what_is_taken_in_slack_is_taken_in_pagerduty(sqlite_url: str) -> None:
    server = PagerDutyServer(answers=[error(503, 2000, "An internal error has occurred")])
    async with server.running() as url:

        def with_pagerduty(settings: Settings) -> Settings:
            sender = WebhookSource(name="pagerduty", kind="pagerduty", secrets=SECRETS[1:], is_told_back=True)
            topology = replace(settings.topology, sources=(*settings.topology.sources, sender))
            told = PagerDuty(token=server.token, api=url, sender="bot@acme.example")
            return replace(settings, topology=topology, pagerduty=told)

        async with stage(sqlite_url, with_pagerduty) as running:
            at = running.bot.now().isoformat()
            assert 202 == await send(running, "incident.triggered__high_urgency", at)
            assert 200 == await send(running, "incident.triggered__high_urgency", at)
            await running.settled()
            (card,) = running.seen.messages(OPS)
            assert "Card payments time out" in card.text

            pressed = await running.sandbox.actor.click("ben", "incident_acknowledge", channel=OPS, ts=card.ts)
            assert pressed.shown is None
            await until(lambda: _is_told(server), 20)
            assert 202 == await send(running, "incident.acknowledged__by_a_person", running.bot.now().isoformat())
            await running.settled()

            async with running.bot.database.reading() as store:
                (incident,) = await store.incidents.list_open()
            assert (IncidentStatus.ACKNOWLEDGED, "ben") == (incident.status, incident.acknowledged_by)
            assert "pagerduty knows that it is acknowledged" in str(running.seen.messages(OPS)[0].blocks)
            assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]
            # The first answer was a 503; then Ben turned out to be nobody there.
            assert ["ben@example.com", "ben@example.com", "bot@acme.example"] == server.senders


async def _is_told(server: PagerDutyServer) -> bool:
    return server.incidents["Q2CKYRLH85UNN4"] == "acknowledged"
