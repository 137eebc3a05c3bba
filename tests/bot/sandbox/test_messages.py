"""chat.* through the real client: what is posted, and what is refused with which code."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.bot.sandbox.conftest import Slack, refused


async def test_a_post_by_name_answers_with_id_and_ts_and_is_kept(slack: Slack) -> None:
    answer = await slack.client.chat_postMessage(channel="#payments-dev", text="Deployed")
    assert slack.id("payments-dev") == answer["channel"]
    message = slack.sandbox.workspace.message("payments-dev", answer["ts"])
    assert message is not None
    assert "Deployed" == message.text
    assert slack.sandbox.workspace.bot_user == answer["message"]["user"]


async def test_timestamps_are_unique_and_rise_while_the_clock_stands(slack: Slack) -> None:
    stamps = [(await slack.client.chat_postMessage(channel="payments-dev", text="x"))["ts"] for _ in range(3)]
    assert sorted(set(stamps)) == stamps


@pytest.mark.parametrize(
    ("code", "channel", "more"),
    [
        ("channel_not_found", "nowhere", {"text": "x"}),
        ("not_in_channel", "platform-ops", {"text": "x"}),
        ("no_text", "payments-dev", {"text": ""}),
        ("msg_too_long", "payments-dev", {"text": "x" * 40_001}),
        ("invalid_blocks_format", "payments-dev", {"text": "x", "blocks": "[{"}),
        ("invalid_metadata_format", "payments-dev", {"text": "x", "metadata": {"event_type": "a"}}),
        ("thread_not_found", "payments-dev", {"text": "x", "thread_ts": "1.2"}),
    ],
)
@pytest.mark.parametrize("slack", [{"scopes": frozenset({"chat:write"})}], indirect=True)
async def test_a_post_is_refused(slack: Slack, code: str, channel: str, more: dict[str, Any]) -> None:
    assert code == await refused(slack.client.api_call("chat.postMessage", json={"channel": channel, **more}))


async def test_a_private_channel_without_the_bot_does_not_exist_for_it(slack: Slack) -> None:
    admin = slack.sandbox.workspace.channel("twinspan-admin")
    admin.members.remove(slack.sandbox.workspace.bot_user)
    assert "channel_not_found" == await refused(slack.client.chat_postMessage(channel=admin.id, text="x"))
    assert "channel_not_found" == await refused(slack.client.conversations_info(channel=admin.id))


async def test_an_archived_channel_takes_no_messages(slack: Slack) -> None:
    await slack.client.conversations_archive(channel=slack.id("checkout-dev"))
    assert "is_archived" == await refused(slack.client.chat_postMessage(channel="checkout-dev", text="x"))


async def test_refused_blocks_name_the_path(slack: Slack) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
    ]
    with pytest.raises(SlackApiError) as error:
        await slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=blocks)
    assert "invalid_blocks" == error.value.response["error"]
    words = "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    assert [f"[ERROR] {words}"] == error.value.response["response_metadata"]["messages"]


async def test_blocks_with_too_many_characters_in_all_are_refused(slack: Slack) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2700}}] * 5
    call = slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=blocks)
    assert "msg_blocks_too_long" == await refused(call)


CHART = {
    "type": "data_visualization",
    "title": "Deploys",
    "chart": {"type": "pie", "segments": [{"label": "ok", "value": 1}]},
}


async def test_charts_are_accepted_unless_the_workspace_is_an_older_one(slack: Slack) -> None:
    await slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=[CHART])
    slack.sandbox.workspace.refuse_data_blocks = True
    call = slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=[CHART])
    assert "invalid_blocks" == await refused(call)


async def test_two_tables_are_invalid_attachments(slack: Slack) -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    call = slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=[table, table])
    assert "invalid_attachments" == await refused(call)


async def test_a_reply_stands_in_the_thread_and_only_a_broadcast_one_in_the_channel(slack: Slack) -> None:
    client, workspace = slack.client, slack.sandbox.workspace
    parent = (await client.chat_postMessage(channel="payments-dev", text="parent"))["ts"]
    quiet = (await client.chat_postMessage(channel="payments-dev", text="quiet", thread_ts=parent))["ts"]
    await client.chat_postMessage(channel="payments-dev", text="loud", thread_ts=parent, reply_broadcast=True)
    assert ["parent", "loud"] == [m.text for m in workspace.timeline("payments-dev")]
    assert ["parent", "quiet", "loud"] == [m.text for m in workspace.thread("payments-dev", parent)]
    nested = client.chat_postMessage(channel="payments-dev", text="x", thread_ts=quiet)
    assert "cannot_reply_to_message" == await refused(nested)


async def test_a_reply_is_read_back_with_its_parent_and_counted(slack: Slack) -> None:
    channel = slack.id("payments-dev")
    parent = (await slack.client.chat_postMessage(channel=channel, text="parent"))["ts"]
    reply = (await slack.client.chat_postMessage(channel=channel, text="reply", thread_ts=parent))["ts"]
    thread = await slack.client.conversations_replies(channel=channel, ts=parent)
    assert [parent, reply] == [message["ts"] for message in thread["messages"]]
    assert 1 == thread["messages"][0]["reply_count"]


async def test_an_update_replaces_text_and_blocks(slack: Slack) -> None:
    channel = slack.id("payments-dev")
    posted = await slack.client.chat_postMessage(channel=channel, text="queued", blocks=[{"type": "divider"}])
    await slack.client.chat_update(channel=channel, ts=posted["ts"], text="done")
    message = slack.sandbox.workspace.message(channel, posted["ts"])
    assert message is not None
    assert ("done", []) == (message.text, message.blocks)
    assert message.edited is not None


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("message_not_found", {"ts": "1.2"}),
        ("channel_not_found", {"channel": "#payments-dev"}),
        ("msg_too_long", {"text": "x" * 4001}),
        ("no_text", {"text": ""}),
    ],
)
async def test_an_update_is_refused(slack: Slack, code: str, change: dict[str, str]) -> None:
    posted = await slack.client.chat_postMessage(channel="payments-dev", text="x")
    arguments = {"channel": posted["channel"], "ts": posted["ts"], "text": "y", **change}
    assert code == await refused(slack.client.api_call("chat.update", json=arguments))


async def test_messages_of_people_are_neither_updated_nor_deleted(slack: Slack) -> None:
    outcome = await slack.sandbox.actor.post_message("ada", "payments-dev", "mine")
    assert outcome.message is not None
    channel, ts = outcome.message.channel, outcome.message.ts
    assert "cant_update_message" == await refused(slack.client.chat_update(channel=channel, ts=ts, text="x"))
    assert "cant_delete_message" == await refused(slack.client.chat_delete(channel=channel, ts=ts))


async def test_a_deleted_message_is_gone(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="payments-dev", text="x")
    channel, ts = posted["channel"], posted["ts"]
    await slack.client.chat_delete(channel=channel, ts=ts)
    assert "message_not_found" == await refused(slack.client.chat_delete(channel=channel, ts=ts))


async def test_an_ephemeral_message_is_seen_by_one_person(slack: Slack) -> None:
    workspace = slack.sandbox.workspace
    await slack.client.chat_postEphemeral(channel="payments-dev", user=workspace.user("ada").id, text="psst")
    assert ["psst"] == [m.text for m in workspace.timeline("payments-dev", "ada")]
    assert [] == workspace.timeline("payments-dev", "ben")
    stranger = slack.client.chat_postEphemeral(channel="payments-dev", user="U99999999", text="x")
    assert "user_not_in_channel" == await refused(stranger)


@pytest.mark.parametrize("slack", [{"scopes": frozenset({"chat:write"})}], indirect=True)
async def test_another_name_needs_its_own_scope(slack: Slack) -> None:
    with pytest.raises(SlackApiError) as error:
        await slack.client.chat_postMessage(channel="payments-dev", text="x", username="Deploys")
    answer = error.value.response
    assert ("missing_scope", "chat:write.customize", "chat:write") == (
        answer["error"],
        answer["needed"],
        answer["provided"],
    )


async def test_a_message_in_another_name_shows_it(slack: Slack) -> None:
    answer = await slack.client.chat_postMessage(
        channel="payments-dev", text="x", username="Deploys", icon_emoji=":rocket:"
    )
    assert "Deploys" == answer["message"]["username"]


async def test_metadata_is_shown_in_the_history_only_when_asked_for(slack: Slack) -> None:
    metadata = {"event_type": "twinspan", "event_payload": {"key": "deploy-1"}}
    posted = await slack.client.chat_postMessage(channel="payments-dev", text="x", metadata=metadata)
    plain = await slack.client.conversations_history(channel=posted["channel"])
    assert "metadata" not in plain["messages"][0]
    full = await slack.client.conversations_history(channel=posted["channel"], include_all_metadata=True)
    assert metadata == full["messages"][0]["metadata"]


async def test_a_direct_message_goes_to_a_user_id(slack: Slack) -> None:
    user = slack.sandbox.workspace.user("mira").id
    opened = await slack.client.conversations_open(users=user)
    posted = await slack.client.chat_postMessage(channel=user, text="Your shift begins")
    assert opened["channel"]["id"] == posted["channel"]


async def test_a_permalink_names_channel_and_thread(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="payments-dev", text="x")
    link = await slack.client.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])
    assert f"{slack.url}/archives/{posted['channel']}/p{posted['ts'].replace('.', '')}" == link["permalink"]
