"""Slash commands, signed as Slack signs them, against a Bolt app: acknowledged or not, answered here or later."""

import asyncio
from typing import Any

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.serving import running
from tests.bot.sandbox.conftest import Bot, Slack, refused

QUICK = {"acknowledge_timeout": 0.3}


async def test_a_command_reaches_a_verifying_bolt_app_and_its_answer_is_private(slack: Slack, bot: Bot) -> None:
    @bot.app.command("/change")
    async def change(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"Logged: {command['text']}")

    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change payments: raise the pool")
    assert outcome.ok
    assert outcome.ephemeral is not None
    assert "Logged: payments: raise the pool" == outcome.ephemeral.text
    assert [] == slack.sandbox.workspace.timeline("payments-dev", "ben")
    body = bot.heard[0]
    assert ("ada", "payments-dev", "/change") == (body["user_name"], body["channel_name"], body["command"])


async def test_what_is_typed_after_a_command_arrives_with_entities(slack: Slack, bot: Bot) -> None:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change a & b <!channel>")
    assert "a &amp; b &lt;!channel&gt;" == bot.heard[0]["text"]


async def test_a_command_nobody_handles_is_a_dispatch_failure(slack: Slack, bot: Bot) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/nothing")
    assert (False, '/nothing failed with the error "dispatch_failed"') == (outcome.ok, outcome.shown)


async def test_without_a_bot_a_command_is_a_dispatch_failure(slack: Slack) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")
    assert '/change failed with the error "dispatch_failed"' == outcome.shown


@pytest.mark.parametrize("slack", [QUICK], indirect=True)
async def test_a_command_not_acknowledged_in_time_is_an_operation_timeout(slack: Slack, bot: Bot) -> None:
    @bot.app.command("/slow")
    async def slow(ack: Any) -> None:
        await asyncio.sleep(0.6)
        await ack()

    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/slow")
    assert (False, '/slow failed with the error "operation_timeout"') == (outcome.ok, outcome.shown)
    assert 290 < outcome.milliseconds < 600
    assert (None, "command") == (
        slack.sandbox.workspace.deliveries[0].status,
        slack.sandbox.workspace.deliveries[0].kind,
    )


async def test_commands_do_not_work_in_threads(slack: Slack) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/incident ack", thread_ts="1.2")
    assert "/incident is not supported in threads. Sorry!" == outcome.shown


@pytest.mark.parametrize("slack", [{"commands": frozenset({"/change"})}], indirect=True)
async def test_a_command_that_the_app_does_not_have_is_none(slack: Slack) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/chnage")
    assert "/chnage is not a valid command." == outcome.shown


async def test_who_is_not_in_the_channel_cannot_type_there(slack: Slack) -> None:
    with pytest.raises(KeyError):
        await slack.sandbox.actor.send_slash_command("mira", "checkout-dev", "/change")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (JSONResponse({"response_type": "in_channel", "text": "For all"}), None),
        (PlainTextResponse("plain"), None),
        (JSONResponse({"colour": "red"}), '/x failed with the error "invalid_command_response"'),
        (JSONResponse({"blocks": [{"type": "banner"}]}), '/x failed with the error "invalid_command_response"'),
        (PlainTextResponse("no", 500), '/x failed with the error "dispatch_failed"'),
    ],
)
async def test_an_acknowledgement_is_read_as_slack_reads_it(slack: Slack, answer: Response, shown: str | None) -> None:
    async def receive(request: Request) -> Response:
        verifier = SignatureVerifier(slack.sandbox.config.signing_secret)
        assert verifier.is_valid_request(await request.body(), dict(request.headers))
        return answer

    async with running(Starlette(routes=[Route("/slack/events", receive, methods=["POST"])])) as url:
        slack.sandbox.bot.url = url
        outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/x")
    assert shown == outcome.shown


async def response_url(slack: Slack, bot: Bot) -> str:
    @bot.app.command("/x")
    async def x(ack: Any) -> None:
        await ack()

    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/x")
    return str(bot.heard[-1]["response_url"])


async def test_a_response_url_answers_five_times(slack: Slack, bot: Bot) -> None:
    url = await response_url(slack, bot)
    async with httpx.AsyncClient() as http:
        for _ in range(5):
            assert 200 == (await http.post(url, json={"text": "x"})).status_code
        sixth = await http.post(url, json={"text": "x"})
    assert (404, "used_url") == (sixth.status_code, sixth.json()["error"])
    assert 5 == len(slack.sandbox.workspace.timeline("payments-dev", "ada"))
    assert [] == slack.sandbox.workspace.timeline("payments-dev", "ben")


async def test_a_response_url_is_valid_for_thirty_minutes(slack: Slack, bot: Bot) -> None:
    url = await response_url(slack, bot)
    slack.clock.forward(30 * 60)
    async with httpx.AsyncClient() as http:
        in_time = await http.post(url, json={"text": "x", "response_type": "in_channel"})
        slack.clock.forward(1)
        late = await http.post(url, json={"text": "x"})
        unknown = await http.post(f"{slack.url}/response/R0", json={"text": "x"})
    assert [200, 404, 404] == [in_time.status_code, late.status_code, unknown.status_code]
    assert "expired_url" == late.json()["error"]
    assert ["x"] == [message.text for message in slack.sandbox.workspace.timeline("payments-dev", "ben")]


async def test_a_refused_response_says_why(slack: Slack, bot: Bot) -> None:
    url = await response_url(slack, bot)
    async with httpx.AsyncClient() as http:
        empty = await http.post(url, json={})
        odd = await http.post(url, json={"text": "x", "colour": "red"})
        broken = await http.post(url, content=b"{")
    assert ["no_text", "invalid_payload", "invalid_payload"] == [a.json()["error"] for a in (empty, odd, broken)]


async def test_a_trigger_opens_one_modal_within_three_seconds(slack: Slack, bot: Bot) -> None:
    triggers = []
    for _ in range(2):
        await response_url(slack, bot)
        triggers.append(str(bot.heard[-1]["trigger_id"]))
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Log"}, "blocks": []}
    slack.clock.forward(3)
    await slack.client.views_open(trigger_id=triggers[0], view=view)
    again = slack.client.views_open(trigger_id=triggers[0], view=view)
    assert "exchanged_trigger_id" == await refused(again)
    slack.clock.forward(0.1)
    late = slack.client.views_open(trigger_id=triggers[1], view=view)
    assert "expired_trigger_id" == await refused(late)
    unknown = slack.client.views_open(trigger_id="1.2.x", view=view)
    assert "invalid_trigger_id" == await refused(unknown)
    assert 1 == len(slack.sandbox.workspace.modals("ada"))
