"""Events to the bot: which, when, and again where they were not acknowledged."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.serving import running
from tests.bot.sandbox.conftest import Bot, Slack

Json = dict[str, Any]


def kinds(bot: Bot) -> list[tuple[str, str | None]]:
    return [(body["event"]["type"], body["event"].get("subtype")) for body in bot.heard if "event" in body]


@pytest.fixture
def ears(bot: Bot) -> Bot:
    """A bot that takes note of every event."""
    for kind in ("message", "app_mention", "reaction_added", "reaction_removed", "member_joined_channel"):
        bot.app.event(kind)(_ignore)
    return bot


async def _ignore() -> None:
    """Acknowledged by Bolt itself."""


async def test_what_people_do_is_told_in_channels_that_the_bot_is_in(slack: Slack, ears: Bot) -> None:
    actor = slack.sandbox.actor
    written = (await actor.post_message("ada", "payments-dev", "helo")).message
    assert written is not None
    await slack.sandbox.idle()
    await actor.edit_message("ada", "payments-dev", written.ts, "hello")
    await slack.sandbox.idle()
    await actor.add_reaction("ben", "payments-dev", written.ts, "eyes")
    await slack.sandbox.idle()
    await actor.remove_reaction("ben", "payments-dev", written.ts, "eyes")
    await slack.sandbox.idle()
    await actor.delete_message("ada", "payments-dev", written.ts)
    await actor.post_message("jun", "platform-ops", "not for the bot")
    await slack.sandbox.idle()
    assert [
        ("message", None),
        ("message", "message_changed"),
        ("reaction_added", None),
        ("reaction_removed", None),
        ("message", "message_deleted"),
    ] == kinds(ears)


async def test_the_bots_own_messages_are_told_too_but_not_its_private_ones(slack: Slack, ears: Bot) -> None:
    mira = slack.sandbox.workspace.user("mira").id
    await slack.client.chat_postMessage(channel="payments-ops", text="Deployed")
    await slack.client.chat_postEphemeral(channel="payments-ops", user=mira, text="psst")
    await slack.sandbox.idle()
    assert [("Deployed", slack.sandbox.workspace.bot_id)] == [
        (delivery.payload["event"]["text"], delivery.payload["event"]["bot_id"])
        for delivery in slack.sandbox.workspace.deliveries
    ]


async def test_a_mention_is_a_message_and_a_mention(slack: Slack, ears: Bot) -> None:
    await slack.sandbox.actor.post_message("ada", "payments-dev", f"<@{slack.sandbox.workspace.bot_user}> status?")
    await slack.sandbox.idle()
    assert ["app_mention", "message"] == sorted(kind for kind, _ in kinds(ears))


async def test_a_reply_names_its_thread_even_when_it_answers_a_reply(slack: Slack, ears: Bot) -> None:
    actor = slack.sandbox.actor
    parent = (await actor.post_message("ada", "payments-dev", "parent")).message
    assert parent is not None
    reply = (await actor.post_message("ben", "payments-dev", "reply", parent.ts)).message
    assert reply is not None
    await actor.post_message("ada", "payments-dev", "again", reply.ts)
    await slack.sandbox.idle()
    threads = {body["event"]["text"]: body["event"].get("thread_ts") for body in ears.heard}
    assert {"parent": None, "reply": parent.ts, "again": parent.ts} == threads


@pytest.mark.parametrize("slack", [{"events": frozenset({"app_mention"})}], indirect=True)
async def test_events_that_the_app_did_not_subscribe_to_are_not_sent(slack: Slack, ears: Bot) -> None:
    await slack.sandbox.actor.post_message("ada", "payments-dev", "hello")
    await slack.sandbox.idle()
    assert [] == ears.heard


async def told(slack: Slack, *answers: Response) -> list[tuple[str, str | None, str | None]]:
    """Send one event to a bot that gives these answers in turn; the event id and retry headers that came."""
    heard: list[tuple[str, str | None, str | None]] = []
    given = list(answers)

    async def receive(request: Request) -> Response:
        body, headers = await request.json(), request.headers
        heard.append((body["event_id"], headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")))
        return given.pop(0)

    async with running(Starlette(routes=[Route("/slack/events", receive, methods=["POST"])])) as url:
        slack.sandbox.bot.url = url
        await slack.sandbox.actor.post_message("ada", "payments-dev", "hello")
        await slack.sandbox.idle()
    return heard


async def test_an_event_is_sent_again_until_it_is_acknowledged(slack: Slack) -> None:
    heard = await told(slack, PlainTextResponse("", 500), PlainTextResponse("", 404), PlainTextResponse(""))
    assert [(None, None), ("1", "http_error"), ("2", "http_error")] == [(num, reason) for _, num, reason in heard]
    assert 1 == len({event_id for event_id, _, _ in heard})


async def test_an_event_is_sent_four_times_at_most(slack: Slack) -> None:
    heard = await told(slack, *[PlainTextResponse("", 500)] * 4)
    assert [None, "1", "2", "3"] == [number for _, number, _ in heard]


async def test_a_bot_can_refuse_to_get_an_event_again(slack: Slack) -> None:
    heard = await told(slack, PlainTextResponse("", 500, headers={"X-Slack-No-Retry": "1"}))
    assert 1 == len(heard)


async def test_a_bot_that_is_not_there_is_a_failed_connection(slack: Slack) -> None:
    await slack.sandbox.actor.post_message("ada", "payments-dev", "hello")
    await slack.sandbox.idle()
    assert [(None, 0), (None, 1), (None, 2), (None, 3)] == [
        (delivery.status, delivery.retry) for delivery in slack.sandbox.workspace.deliveries
    ]
