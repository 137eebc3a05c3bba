"""Canvases over HTTP: written, opened to the person, a tab of a channel; what Slack refuses has its name."""

import pytest

from bot.sandbox.config import ALL_SCOPES
from bot.slack.sharing import SlackSharing
from handlers.errors import PostFailure
from tests.bot.slack.conftest import Slack


def sharing(slack: Slack) -> SlackSharing:
    return SlackSharing(slack.messenger.client, slack.messenger)


async def test_a_canvas_is_written_for_a_person_in_a_channel(slack: Slack) -> None:
    ada, ops = slack.workspace.user("ada").id, slack.id("payments-ops")
    link = await sharing(slack).canvas("INC-1", "# INC-1\n\n- one", user_id=ada, channel_id=ops)
    [canvas] = slack.workspace.files.values()
    assert (b"# INC-1\n\n- one", [ops, ada]) == (canvas.content, canvas.channels)
    assert canvas.id in (link or "")


@pytest.mark.parametrize("slack", [{"scopes": ALL_SCOPES - {"files:read"}}], indirect=True)
async def test_without_files_read_it_has_no_link(slack: Slack) -> None:
    assert None is await sharing(slack).canvas("INC-1", "x", user_id=slack.workspace.user("ada").id)


@pytest.mark.parametrize("slack", [{"scopes": ALL_SCOPES - {"canvases:write"}}], indirect=True)
async def test_without_the_scope_there_is_none(slack: Slack) -> None:
    with pytest.raises(PostFailure) as caught:
        await sharing(slack).canvas("INC-1", "x", user_id=slack.workspace.user("ada").id)
    assert "missing_scope" == caught.value.reason
