"""The messenger, over HTTP: what it posts, how it becomes plainer, how failures are named, what it finds again."""

from datetime import timedelta
from typing import Any

import pytest

from bot.slack.messenger import SlackMessenger, web_client
from handlers.errors import PostFailure
from handlers.views import Message
from handlers.views.layout import section
from tests.bot.slack.conftest import Slack
from tests.support.world import Clock

CHART: dict[str, Any] = {
    "type": "data_visualization",
    "title": "Deploys",
    "chart": {"type": "pie", "segments": [{"label": "ok", "value": 3}]},
}
HELLO = Message(text="hello", blocks=(section("hello"),))


async def test_a_message_is_posted_found_again_and_edited(slack: Slack, clock: Clock) -> None:
    posted = await slack.messenger.post("#payments-dev", HELLO, key="deploy:1|card")
    found = await slack.messenger.find("#payments-dev", key="deploy:1|card", since=clock() - timedelta(minutes=1))
    await slack.messenger.update(posted.channel_id, posted.ts, Message(text="done"), key="deploy:1|card")

    assert slack.id("payments-dev") == posted.channel_id
    assert posted == found
    assert f"{slack.url}/archives/{posted.channel_id}/p{posted.ts.replace('.', '')}" == posted.permalink
    message = slack.workspace.message("payments-dev", posted.ts)
    assert message is not None
    assert ("done", []) == (message.text, message.blocks)
    assert await slack.messenger.find(posted.channel_id, key="deploy:1|card", since=clock() - timedelta(minutes=1))


async def test_a_reply_is_found_in_its_thread_and_nothing_else_is(slack: Slack, clock: Clock) -> None:
    since = clock()
    card = await slack.messenger.post("#payments-dev", HELLO, key="card")
    reply = await slack.messenger.post("#payments-dev", HELLO, key="details", thread_ts=card.ts)

    assert reply == await slack.messenger.find("payments-dev", key="details", since=since, thread_ts=card.ts)
    assert await slack.messenger.find("payments-dev", key="other", since=since, thread_ts=card.ts) is None
    assert await slack.messenger.find("payments-dev", key="card", since=clock() + timedelta(minutes=1)) is None


async def test_a_message_is_found_on_a_later_page(slack: Slack, clock: Clock) -> None:
    since = clock()
    posted = await slack.messenger.post("#payments-dev", HELLO, key="first")
    for _ in range(210):
        await slack.sandbox.actor.post_message("ada", "payments-dev", "chatter")

    assert posted == await slack.messenger.find("#payments-dev", key="first", since=since)


@pytest.mark.parametrize("slack", [{"refuse_data_blocks": True}], indirect=True)
async def test_without_charts_the_plain_blocks_are_posted(slack: Slack) -> None:
    message = Message(text="3 deploys", blocks=(CHART,), plain_blocks=(section("3 deploys"),))
    posted = await slack.messenger.post("#payments-dev", message, key="digest:1")
    edited = await slack.messenger.update(posted.channel_id, posted.ts, message, key="digest:1")

    stored = slack.workspace.message("payments-dev", posted.ts)
    assert stored is not None
    assert [True, True, ["section"]] == [
        posted.used_plain_blocks,
        edited.used_plain_blocks,
        [block["type"] for block in stored.blocks],
    ]


async def test_blocks_that_slack_refuses_become_text(slack: Slack) -> None:
    posted = await slack.messenger.post("#payments-dev", Message(text="hi", blocks=({"type": "nonsense"},)), key="k")

    stored = slack.workspace.message("payments-dev", posted.ts)
    assert stored is not None
    assert ("hi", []) == (stored.text, stored.blocks)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "ratelimited", "retry_after": 7}, ("ratelimited", False, 7.0, False)),
        ({"kind": "server_error"}, ("http_500", False, None, True)),
        ({"kind": "cut_before"}, ("connection", False, None, True)),
        ({"kind": "cut_after"}, ("connection", False, None, True)),
        ({"kind": "hang", "seconds": 30}, ("timeout", False, None, True)),
        ({"kind": "error", "error": "fatal_error"}, ("fatal_error", False, None, True)),
        ({"kind": "error", "error": "is_archived"}, ("is_archived", True, None, False)),
        ({"kind": "error", "error": "msg_too_long"}, ("msg_too_long", True, None, False)),
        ({"kind": "error", "error": "token_revoked"}, ("token_revoked", False, None, False)),
    ],
)
async def test_a_failure_has_a_name_and_says_whether_to_try_again(
    slack: Slack, fault: dict[str, Any], expected: tuple[str, bool, float | None, bool]
) -> None:
    slack.workspace.add_fault(method="chat.postMessage", **fault)
    messenger = slack.other_messenger(slack.sandbox.config.bot_token, seconds=1)
    with pytest.raises(PostFailure) as caught:
        await messenger.post("#payments-dev", HELLO, key="k")

    failure = caught.value
    assert expected == (failure.reason, failure.is_permanent, failure.retry_after, failure.may_have_arrived)
    assert 1 == slack.called("chat.postMessage") or fault["kind"] in ("cut_before", "hang")


async def test_a_message_whose_answer_was_lost_is_found(slack: Slack, clock: Clock) -> None:
    since = clock()
    slack.workspace.add_fault(kind="cut_after", method="chat.postMessage", remaining=1)
    with pytest.raises(PostFailure):
        await slack.messenger.post("#payments-dev", HELLO, key="lost")

    found = await slack.messenger.find("#payments-dev", key="lost", since=since)
    assert found is not None
    assert 1 == len(slack.workspace.timeline("payments-dev"))


@pytest.mark.parametrize(
    ("channel", "reason"), [("#platform-ops", "not_in_channel"), ("#no-such-place", "channel_not_found")]
)
@pytest.mark.parametrize(
    "slack", [{"scopes": frozenset({"chat:write", "channels:read", "groups:read"})}], indirect=True
)
async def test_a_channel_that_cannot_be_posted_to_is_permanent(slack: Slack, channel: str, reason: str) -> None:
    with pytest.raises(PostFailure) as caught:
        await slack.messenger.post(channel, HELLO, key="k")

    assert (reason, True) == (caught.value.reason, caught.value.is_permanent)


async def test_a_wrong_token_is_a_refusal_of_the_bot(slack: Slack) -> None:
    with pytest.raises(PostFailure) as caught:
        await slack.other_messenger("xoxb-wrong").post("#payments-dev", HELLO, key="k")

    assert (True, False) == (caught.value.is_refusal, caught.value.is_permanent)


async def test_where_nobody_listens_nothing_has_arrived(clock: Clock) -> None:
    messenger = SlackMessenger(web_client("xoxb-none", "http://127.0.0.1:9/"), clock)
    with pytest.raises(PostFailure) as caught:
        await messenger.post("#payments-dev", HELLO, key="k")

    assert ("connection", False, False) == (
        caught.value.reason,
        caught.value.is_permanent,
        caught.value.may_have_arrived,
    )


async def test_channel_names_are_looked_up_once_in_ten_minutes(slack: Slack, clock: Clock) -> None:
    for _ in range(3):
        assert slack.id("twinspan-admin") == await slack.messenger.channel_id("#twinspan-admin")
    assert 1 == slack.called("conversations.list")

    clock.forward(601)
    await slack.messenger.channel_id("#payments-dev")
    assert 2 == slack.called("conversations.list")


async def test_an_unknown_channel_has_no_id(slack: Slack) -> None:
    with pytest.raises(PostFailure, match="channel_not_found"):
        await slack.messenger.channel_id("#no-such-place")


async def test_people_have_names_and_unknown_ones_their_id(slack: Slack) -> None:
    ada = slack.workspace.user("ada").id

    assert ["ada", "ada"] == [await slack.messenger.user_name(ada) for _ in range(2)]
    assert 1 == slack.called("users.info")
    assert "U0NOBODY0" == await slack.messenger.user_name("U0NOBODY0")


async def test_a_person_is_told_in_their_direct_messages_and_found_there_again(slack: Slack) -> None:
    person = slack.sandbox.workspace.user("ada").id
    posted = await slack.messenger.post(person, Message(text="Your digest"), key="digest:7")
    channel = slack.sandbox.workspace.channels[posted.channel_id]
    assert channel.is_im
    assert person in channel.members
    found = await slack.messenger.find(person, key="digest:7", since=slack.clock())
    assert found is not None
    assert posted.ts == found.ts
    assert "UTC" != await slack.messenger.user_timezone(person)
