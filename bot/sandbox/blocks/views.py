"""Modals and the App Home. https://docs.slack.dev/reference/views/modal-views and …/home-tab-views ."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blocks import objects
from bot.sandbox.blocks.checks import at, boolean, by_type, items, shape, string
from bot.sandbox.blocks.layout import BLOCKS
from bot.sandbox.blocks.whole import duplicates

_COMMON = {
    # private_metadata 3,000, callback_id 255, external_id 255 (unique for the workspace).
    "private_metadata": string(3000, least=0),
    "callback_id": string(255),
    "external_id": string(255, least=0),
}


def _inputs_need_submit(view: dict[str, Any], pointer: str) -> Iterator[str]:
    inputs = [n for n, block in enumerate(view["blocks"]) if block["type"] == "input"]
    if inputs and "submit" not in view:
        yield at(f"{pointer}/blocks/{inputs[0]}/input", "must define `submit` to use an `input` block in modals")


def _duplicates(view: dict[str, Any], pointer: str) -> Iterator[str]:
    yield from duplicates(view["blocks"], f"{pointer}/blocks")


_VIEW = by_type(
    {
        # title, close and submit 24; 100 blocks.
        "modal": shape(
            {"title": objects.plain(24), "blocks": items(BLOCKS["modal"], 100, least=0)},
            {
                **_COMMON,
                "close": objects.plain(24),
                "submit": objects.plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
            _inputs_need_submit,
            _duplicates,
        ),
        "home": shape({"blocks": items(BLOCKS["home"], 100, least=0)}, _COMMON, _duplicates),
    }
)


def view_problems(view: Any) -> list[str]:
    """What Slack would refuse in this view (what views.open, update, push and publish take); empty: nothing."""
    return list(_VIEW(view, "/view"))
