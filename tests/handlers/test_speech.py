"""What the outbox says is loaded when it is said: links, earlier versions, whole groups."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import Database
from handlers import speech
from handlers.routing import Notice
from handlers.views import Message
from models.attribution import Blame
from models.records import MessageRef
from models.reports import CommitReport
from models.store.blames import INCIDENT
from models.store.deliveries import NewDelivery
from models.words import BlameReason, DeployStatus, IncidentStatus, Side
from tests.handlers.views import samples
from tests.support.world import TOPOLOGY


async def said(
    database: Database, at: datetime, subject: str, part: str = "card", side: str = "dev", **params: str
) -> Message | None:
    channel = {"dev": "#payments-dev", "ops": "#payments-ops"}.get(side, "#twinspan-admin")
    async with database.reading() as store:
        return await speech.render(
            store, TOPOLOGY, subject=subject, part=part, side=side, channel=channel, params=params, at=at
        )


async def shown(database: Database, at: datetime, subject: str, part: str = "card", side: str = "dev") -> str:
    message = await said(database, at, subject, part, side)
    assert message is not None
    return str(message.blocks)


async def posted(database: Database, at: datetime, subject: str, side: Side) -> None:
    reference = MessageRef(
        subject=subject,
        part="card",
        side=side,
        channel=f"#payments-{side}",
        channel_id="C1",
        ts="1.2",
        permalink=f"https://acme.slack.com/{side}",
    )
    async with database.transaction() as store:
        await store.messages.remember(reference, at)


@pytest.mark.parametrize(("side", "other"), [("dev", "ops"), ("ops", "dev")])
async def test_each_side_links_to_the_other(database: Database, at: datetime, side: Side, other: Side) -> None:
    async with database.transaction() as store:
        await store.deploys.add_many([samples.deploy()])
        await store.changes.add(samples.change(id=0))
        await store.incidents.add(samples.incident(id=0, leader_id=None))
    for subject in ("deploy:1", "change:2", "incident:1"):
        await posted(database, at, subject, other)

        assert f"<https://acme.slack.com/{other}|{other}>" in await shown(database, at, subject, side=side)


async def test_a_deploy_knows_the_version_before_it_its_commits_and_its_runbook(
    database: Database, at: datetime
) -> None:
    earlier = samples.deploy(deploy_id="1", version="1.4.1", sha="a" * 40, finished_at=at - timedelta(hours=1))
    broken = samples.deploy(
        deploy_id="2", version="bad", status=DeployStatus.FAILED, finished_at=at - timedelta(minutes=1)
    )
    async with database.transaction() as store:
        numbers = await store.deploys.add_many([earlier, broken, samples.deploy(deploy_id="3")])
        commit = CommitReport(repository="acme/payments", sha="b" * 40, author="Ada", message="Drop the retry", pr=77)
        await store.commits.add([commit])
        await store.commits.link([(number, [(commit.repository, commit.sha)]) for number in numbers.values()])
        number = next(n for key, n in numbers.items() if key[3] == "3")

    ops = await shown(database, at, f"deploy:{number}", "details", "ops")
    assert "*Go back* to `1.4.1`" in ops
    assert "https://runbooks.example/payments" in ops
    assert "Drop the retry (<https://github.com/acme/payments/pull/77|#77>) — Ada" in await shown(
        database, at, f"deploy:{number}", "details"
    )
    assert "*failed*" in await shown(database, at, f"deploy:{number}", "failed")


async def test_a_group_that_resolves_alert_by_alert_gets_one_reply_at_its_end(database: Database, at: datetime) -> None:
    resolved = {"status": IncidentStatus.RESOLVED, "status_at": at, "resolved_at": at}
    async with database.transaction() as store:
        first = await store.incidents.add(samples.incident(id=0, leader_id=None, **resolved))
        second = await store.incidents.add(samples.incident(id=0, leader_id=1, incident_id="f01"))

    assert await said(database, at, "incident:1", "resolved:1:20260302T090000") is None
    async with database.transaction() as store:
        later = at + timedelta(minutes=1)
        ended = replace(second, status=IncidentStatus.RESOLVED, status_at=later, resolved_at=later)
        await store.incidents.save(ended)
    assert await said(database, at, "incident:1", f"resolved:{first.id}:20260302T090000") is None
    assert "*resolved*" in await shown(database, at, "incident:1", f"resolved:{second.id}:20260302T090100")


async def test_an_incident_tells_dev_what_was_deployed_before_it(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        ended = at - timedelta(minutes=20)
        await store.deploys.add_many([samples.deploy(started_at=ended - timedelta(minutes=2), finished_at=ended)])
        await store.incidents.add(samples.incident(id=0, leader_id=None))

    assert "20 min before · same service, same environment, at most an hour before" in await shown(
        database, at, "incident:1"
    )
    assert "Deployed shortly before" not in await shown(database, at, "incident:1", side="ops")


async def test_a_note_is_said_with_its_author(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.incidents.add(samples.incident(id=0, leader_id=None))
    message = await said(database, at, "incident:1", "note:1:x", by="Ada", text="we drained eu-1")

    assert message is not None
    assert "📝 INC-1: note by Ada: we drained eu-1" == message.text


async def test_undo_is_offered_until_its_time_is_over(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.changes.add(samples.change(id=0))

    assert "Undo" in await shown(database, at + timedelta(minutes=9), "change:1")
    assert "Undo" not in await shown(database, at + timedelta(minutes=10), "change:1")


async def test_the_admins_are_told_what_is_refused_and_when_it_is_taken_again(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([Notice(subject="change:1", part="card", channel="#payments-ops", side="ops")], at)
        item = await store.outbox.take("#payments-ops", at)
        assert item is not None
        await store.outbox.fail(item, "not_in_channel")
    assert "the bot is not a member of it" in await shown(database, at, "channel:#payments-ops", side="admin")

    async with database.transaction() as store:
        await store.outbox.retry(None, at)
    assert "takes messages again" in await shown(database, at, "channel:#payments-ops", side="admin")


async def test_the_admins_are_told_of_unknown_names(database: Database, at: datetime) -> None:
    assert "Every name that senders use is known" in await shown(database, at, "held:names", side="admin")
    async with database.transaction() as store:
        delivery = NewDelivery(source="github", key="1", event="push", received_at=at, headers={}, body=b"")
        (stored,) = await store.deliveries.add_group([delivery])
        await store.names.hold([(stored.id, "service", "acme/pay-api", "")])

    assert "`/bridge map acme/pay-api as SERVICE`" in await shown(database, at, "held:names", side="admin")


@pytest.mark.parametrize("subject", ["deploy:99", "change:99", "incident:99", "channel:#x", "other:1"])
async def test_what_is_gone_is_not_said(database: Database, at: datetime, subject: str) -> None:
    assert await said(database, at, subject) is None


async def test_nobody_is_told_to_go_back_to_what_something_is_held_against(database: Database, at: datetime) -> None:
    hour = timedelta(hours=1)
    async with database.transaction() as store:
        for version, done in (("1.0", at - 3 * hour), ("2.0", at - 2 * hour), ("3.0", at - hour)):
            ran = samples.deploy(deploy_id=version, version=version, started_at=done, finished_at=done)
            await store.deploys.add_many([ran])
    assert "back: `2.0`" in await shown(database, at, "deploy:3", side="ops")

    async with database.transaction() as store:
        await store.blames.replace(INCIDENT, {1: Blame(BlameReason.INFERRED, (2,))})
    assert "back: `1.0`" in await shown(database, at, "deploy:3", side="ops")
