"""The other methods of the Web API, through the real client."""

from typing import Any

import httpx
import pytest

from bot.clock import utc_now
from bot.sandbox.config import DEMO_PEOPLE, PEOPLE, SandboxConfig
from bot.sandbox.seed import seeded
from bot.sandbox.shapes import user_json
from tests.bot.sandbox.conftest import Slack, refused


async def test_channels_are_listed_page_by_page(slack: Slack) -> None:
    names: list[str] = []
    async for page in await slack.client.conversations_list(limit=2, types="public_channel,private_channel"):
        names += [channel["name"] for channel in page["channels"]]
    assert ["payments-dev", "payments-ops", "checkout-dev", "twinspan-admin", "platform-ops"] == names


async def test_membership_is_told(slack: Slack) -> None:
    channels = (await slack.client.conversations_list())["channels"]
    assert {"platform-ops"} == {channel["name"] for channel in channels if not channel["is_member"]}
    mine = (await slack.client.users_conversations(types="private_channel"))["channels"]
    assert ["twinspan-admin"] == [channel["name"] for channel in mine]


async def test_unknown_kinds_and_cursors_and_limits_are_refused(slack: Slack) -> None:
    assert "invalid_types" == await refused(slack.client.conversations_list(types="secret"))
    assert "invalid_cursor" == await refused(slack.client.conversations_list(cursor="?"))
    assert "invalid_limit" == await refused(slack.client.conversations_list(limit=1001))


@pytest.mark.parametrize("slack", [{"scopes": frozenset({"channels:read"})}], indirect=True)
async def test_listing_private_channels_needs_its_own_scope(slack: Slack) -> None:
    assert "missing_scope" == await refused(slack.client.conversations_list(types="private_channel"))


async def test_the_bot_joins_a_public_channel(slack: Slack) -> None:
    channel = slack.id("platform-ops")
    assert "not_in_channel" == await refused(slack.client.conversations_history(channel=channel))
    await slack.client.conversations_join(channel=channel)
    assert slack.sandbox.workspace.bot_user in (await slack.client.conversations_members(channel=channel))["members"]
    private = slack.client.conversations_join(channel=slack.id("twinspan-admin"))
    assert "method_not_supported_for_channel_type" == await refused(private)


async def test_an_incident_channel_is_made_filled_named_and_archived(slack: Slack) -> None:
    made = (await slack.client.conversations_create(name="inc-7-payments"))["channel"]["id"]
    assert "name_taken" == await refused(slack.client.conversations_create(name="inc-7-payments"))
    assert "invalid_name_specials" == await refused(slack.client.conversations_create(name="Inc 7"))
    mira = slack.sandbox.workspace.user("mira").id
    await slack.client.conversations_invite(channel=made, users=mira)
    assert "already_in_channel" == await refused(slack.client.conversations_invite(channel=made, users=mira))
    await slack.client.conversations_setTopic(channel=made, topic="Payments are slow")
    assert "too_long" == await refused(slack.client.conversations_setTopic(channel=made, topic="x" * 251))
    await slack.client.conversations_archive(channel=made)
    assert "already_archived" == await refused(slack.client.conversations_archive(channel=made))
    shown = (await slack.client.conversations_info(channel=made))["channel"]
    assert (True, "Payments are slow") == (shown["is_archived"], shown["topic"]["value"])


async def test_history_goes_backwards_between_two_times(slack: Slack) -> None:
    channel = slack.id("payments-dev")
    stamps = []
    for text in "abcd":
        stamps.append((await slack.client.chat_postMessage(channel=channel, text=text))["ts"])
        slack.clock.forward(1)
    inner = await slack.client.conversations_history(channel=channel, oldest=stamps[0], latest=stamps[3])
    assert ["c", "b"] == [message["text"] for message in inner["messages"]]
    outer = await slack.client.conversations_history(
        channel=channel, oldest=stamps[0], latest=stamps[3], inclusive=True
    )
    assert ["d", "c", "b", "a"] == [message["text"] for message in outer["messages"]]
    pages = [page["messages"] async for page in await slack.client.conversations_history(channel=channel, limit=3)]
    assert [3, 1] == [len(page) for page in pages]
    unknown = slack.client.conversations_replies(channel=channel, ts="1.2")
    assert "thread_not_found" == await refused(unknown)


async def test_people_and_groups_are_found(slack: Slack) -> None:
    mira = slack.sandbox.workspace.user("mira")
    assert "Mira Lindqvist" == (await slack.client.users_info(user=mira.id))["user"]["real_name"]
    assert mira.id == (await slack.client.users_lookupByEmail(email="mira@example.com"))["user"]["id"]
    assert 5 == len((await slack.client.users_list())["members"])
    assert "user_not_found" == await refused(slack.client.users_info(user="U99999999"))
    assert "users_not_found" == await refused(slack.client.users_lookupByEmail(email="x@example.com"))
    group = (await slack.client.usergroups_list(include_users=True))["usergroups"][0]
    assert [mira.id] == group["users"]
    jun = slack.sandbox.workspace.user("jun").id
    await slack.client.usergroups_users_update(usergroup=group["id"], users=jun)
    assert [jun] == (await slack.client.usergroups_users_list(usergroup=group["id"]))["users"]
    unknown = slack.client.usergroups_users_update(usergroup=group["id"], users="U99999999")
    assert "invalid_users" == await refused(unknown)


async def test_the_bot_and_the_team_are_known(slack: Slack) -> None:
    assert "Twinspan sandbox" == (await slack.client.team_info())["team"]["name"]
    assert "twinspan" == (await slack.client.bots_info(bot=slack.sandbox.workspace.bot_id))["bot"]["name"]


async def test_reactions_come_and_go(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="payments-dev", text="x")
    where: dict[str, Any] = {"channel": posted["channel"], "timestamp": posted["ts"]}
    await slack.client.reactions_add(name="eyes", **where)
    assert "already_reacted" == await refused(slack.client.reactions_add(name="eyes", **where))
    shown = await slack.client.reactions_get(**where)
    assert "eyes" == shown["message"]["reactions"][0]["name"]
    await slack.client.reactions_remove(name="eyes", **where)
    assert "no_reaction" == await refused(slack.client.reactions_remove(name="eyes", **where))
    assert "invalid_name" == await refused(slack.client.reactions_add(name="Not An Emoji", **where))
    await slack.client.pins_add(**where)
    assert "already_pinned" == await refused(slack.client.pins_add(**where))


async def test_a_file_is_uploaded_shared_and_shown_in_a_block(slack: Slack) -> None:
    content = b"\x89PNG\r\n\x1a\n chart"
    answer = await slack.client.files_upload_v2(
        content=content, filename="chart.png", title="Deploys", channel=slack.id("payments-dev"), initial_comment="Here"
    )
    file = answer["file"]
    shared = slack.sandbox.workspace.timeline("payments-dev")[0]
    assert ("Here", [file["id"]]) == (shared.text, shared.files)
    async with httpx.AsyncClient() as http:
        assert "Sign in" in (await http.get(slack.url + file["url_private"])).text
        token = {"Authorization": f"Bearer {slack.sandbox.config.bot_token}"}
        assert content == (await http.get(slack.url + file["url_private"], headers=token)).content
    image = {"type": "image", "slack_file": {"id": file["id"]}, "alt_text": "Deploys"}
    await slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=[image])
    missing = {**image, "slack_file": {"id": "F99999999"}}
    call = slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=[missing])
    assert "invalid_blocks" == await refused(call)
    assert "Deploys" == (await slack.client.files_info(file=file["id"]))["file"]["title"]


async def test_an_upload_of_another_length_than_announced_is_refused(slack: Slack) -> None:
    ticket = await slack.client.files_getUploadURLExternal(filename="chart.png", length=4)
    async with httpx.AsyncClient() as http:
        assert 400 == (await http.post(ticket["upload_url"], content=b"12345")).status_code
    call = slack.client.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "x"}])
    assert "file_not_found" == await refused(call)


def test_a_person_is_shown_under_the_name_they_chose_else_under_their_own() -> None:
    chosen = seeded(SandboxConfig(clock=utc_now, people=PEOPLE, rooms=(), groups=()))
    assert "ada" == user_json(chosen, chosen.user("ada"))["profile"]["display_name"]
    assert "ada" == chosen.user("ada").shown
    own = seeded(SandboxConfig(clock=utc_now, people=DEMO_PEOPLE, rooms=(), groups=()))
    assert "" == user_json(own, own.user("ada"))["profile"]["display_name"]
    assert "Ada Okafor" == own.user("ada").shown
