"""Where a workspace refuses charts, a picture stands in their place: one message, with words for who cannot see it."""

import struct
from typing import Any

import pytest

from bot.slack import pictures
from bot.slack.chart_png import NotDrawn, draw, png_of
from bot.slack.pictures import alt_text
from handlers.views import Message
from handlers.views.charts import chart, table
from handlers.views.layout import section
from tests.bot.slack.conftest import Slack

WEEKS = ["W40", "W41", "W42"]
BARS = chart("bar", "Deploys to production", WEEKS, {"Deploys": [11, 8, 12], "Failed": [0, 1, 2]})
DIGEST = Message(
    text="12 deploys",
    blocks=(section("12 deploys"), table("Numbers", ["Number", "Now"], [["Deploys", 12]]), BARS),
    plain_blocks=(section("12 deploys"), section("Deploys 12")),
)


@pytest.mark.parametrize("kind", ["bar", "line", "area"])
def test_a_chart_becomes_a_png_of_a_known_size(kind: Any) -> None:
    picture = draw(chart(kind, "Deploys", WEEKS, {"Deploys": [1, 2, 3]}))
    assert b"\x89PNG\r\n\x1a\n" == picture[:8]
    assert (1200, 540) == struct.unpack(">II", picture[16:24])


def test_what_is_unknown_is_a_gap_and_no_zero() -> None:
    known = chart("line", "Lead time", WEEKS, {"Hours": [5, 0, 7]})
    unknown = chart("line", "Lead time", WEEKS, {"Hours": [5, 0, 7]})
    unknown["chart"]["series"][0]["data"][1]["value"] = None
    assert draw(known) != draw(unknown)
    assert "Lead time. Hours: W40 5, W41 unknown, W42 7" == alt_text(unknown)


async def test_it_is_drawn_in_a_process_of_its_own() -> None:
    assert (await png_of(BARS)).startswith(b"\x89PNG")
    with pytest.raises(NotDrawn):
        await png_of({"type": "data_visualization"})


async def test_a_refused_chart_is_shown_as_a_picture_in_the_same_message(slack: Slack) -> None:
    slack.sandbox.workspace.refuse_data_blocks = True
    posted = await slack.messenger.post("#payments-dev", DIGEST, key="digest:1")
    shown = list(slack.sandbox.workspace.channel("payments-dev").messages.values())
    assert 1 == len(shown)
    image = shown[0].blocks[-1]
    assert "image" == image["type"]
    assert "Deploys to production. Deploys: W40 11, W41 8, W42 12; Failed: W40 0, W41 1, W42 2" == image["alt_text"]
    file = slack.sandbox.workspace.files[image["slack_file"]["id"]]
    assert file.content is not None
    assert file.content.startswith(b"\x89PNG")
    assert image["alt_text"] == file.alt_text
    assert posted.used_plain_blocks
    found = await slack.messenger.find("#payments-dev", key="digest:1", since=slack.clock())
    assert found is not None
    assert posted.ts == found.ts


async def test_an_edit_uploads_the_same_chart_only_once(slack: Slack) -> None:
    slack.sandbox.workspace.refuse_data_blocks = True
    posted = await slack.messenger.post("#payments-dev", DIGEST, key="digest:1")
    await slack.messenger.update(posted.channel_id, posted.ts, DIGEST, key="digest:1")
    assert 1 == len(slack.sandbox.workspace.files)


async def test_without_leave_to_upload_the_words_go_out(slack: Slack) -> None:
    slack.sandbox.workspace.refuse_data_blocks = True
    slack.sandbox.workspace.add_fault(kind="error", method="files.getUploadURLExternal", error="missing_scope")
    await slack.messenger.post("#payments-dev", DIGEST, key="digest:1")
    shown = list(slack.sandbox.workspace.channel("payments-dev").messages.values())
    assert ["section", "section"] == [block["type"] for block in shown[0].blocks]


async def test_a_chart_that_cannot_be_drawn_costs_the_picture_and_not_the_message(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Any) -> bytes:
        raise NotDrawn("no")

    monkeypatch.setattr(pictures, "png_of", broken)
    slack.sandbox.workspace.refuse_data_blocks = True
    await slack.messenger.post("#payments-dev", DIGEST, key="digest:1")
    assert 1 == len(slack.sandbox.workspace.channel("payments-dev").messages)
