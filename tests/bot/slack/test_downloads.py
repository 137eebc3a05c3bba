"""Pictures are fetched with the token from Slack alone, up to a size."""

import pytest

from bot.sandbox.config import ALL_SCOPES
from bot.sandbox.state import File
from bot.slack.downloads import fetched
from handlers.errors import PostFailure
from tests.bot.slack.conftest import Slack

CONTENT = b"\x89PNG\r\n\x1a\n a graph"


def uploaded(slack: Slack, mimetype: str = "image/png") -> str:
    file = File(
        id="F1", name="a graph.png", title="graph", length=len(CONTENT), user="U1", mimetype=mimetype,
        content=CONTENT, complete=True,
    )  # fmt: skip
    slack.workspace.files[file.id] = file
    return "/files-pri/F1/a%20graph.png"


async def refused(slack: Slack, url: str, most: int = 1000) -> str:
    with pytest.raises(PostFailure) as caught:
        await fetched(slack.messenger.client, url, most)
    return caught.value.reason


async def test_a_picture_is_fetched_with_the_token(slack: Slack) -> None:
    assert CONTENT == await fetched(slack.messenger.client, uploaded(slack), 1000)


async def test_what_is_too_large_is_not_read_to_its_end(slack: Slack) -> None:
    assert "too_large" == await refused(slack, uploaded(slack), 5)


async def test_what_is_no_picture_and_what_is_gone_is_refused(slack: Slack) -> None:
    assert "not_a_picture" == await refused(slack, uploaded(slack, "text/html"))
    slack.workspace.files.clear()
    assert "http_404" == await refused(slack, "/files-pri/F1/x.png")


@pytest.mark.parametrize("slack", [{"scopes": ALL_SCOPES - {"files:read"}}], indirect=True)
async def test_without_the_scope_the_page_to_sign_in_is_no_picture(slack: Slack) -> None:
    assert "not_a_picture" == await refused(slack, uploaded(slack))


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/x.png", "http://files.slack.com/x.png", "https://files.slack.com.evil.example/x.png",
    "https://evilslack.com/x.png", "http://127.0.0.1:9/x.png", "file:///etc/passwd"],
)  # fmt: skip
async def test_the_token_goes_to_nobody_else(slack: Slack, url: str) -> None:
    assert "not_slacks" == await refused(slack, url)
