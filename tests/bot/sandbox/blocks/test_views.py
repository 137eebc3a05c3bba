"""Modals and the App Home: their own limits."""

from typing import Any

import pytest

from bot.sandbox.blocks import view_problems

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def field(element: str = "plain_text_input", **more: Any) -> Block:
    return {"type": "input", "label": plain("What"), "element": {"type": element, **more}}


def modal(*blocks: Block, **more: Any) -> Block:
    return {"type": "modal", "title": plain("Log"), "submit": plain("Log"), "blocks": list(blocks), **more}


def test_a_modal_with_inputs_is_accepted() -> None:
    inputs = [
        field(multiline=True, max_length=3000, action_id="what"),
        field("static_select", options=[{"text": plain("a"), "value": "a"}]),
        field("number_input", is_decimal_allowed=False, min_value="1"),
        field("multi_users_select", max_selected_items=2),
        field("timepicker", initial_time="09:30"),
        field("datetimepicker", initial_date_time=1_762_000_000),
    ]
    assert [] == view_problems(modal(*inputs, callback_id="c" * 255, private_metadata="m" * 3000))


def test_a_home_tab_is_accepted() -> None:
    assert [] == view_problems({"type": "home", "blocks": [{"type": "divider"}] * 100})


REFUSED: list[tuple[str, Block]] = [
    ("must be less than 25 characters [json-pointer:/view/title/text]", modal(title=plain("x" * 25))),
    ("must be less than 25 characters [json-pointer:/view/submit/text]", modal(submit=plain("x" * 25))),
    ("must be less than 25 characters [json-pointer:/view/close/text]", modal(close=plain("x" * 25))),
    ("must be less than 3001 characters [json-pointer:/view/private_metadata]", modal(private_metadata="x" * 3001)),
    ("must be less than 256 characters [json-pointer:/view/callback_id]", modal(callback_id="x" * 256)),
    ("no more than 100 items allowed [json-pointer:/view/blocks]", modal(*[{"type": "divider"}] * 101)),
    ("must be less than 3001 [json-pointer:/view/blocks/0/element/max_length]", modal(field(max_length=3001))),
    ("missing required field: title [json-pointer:/view]", {"type": "modal", "blocks": []}),
    ("invalid additional property: width [json-pointer:/view]", modal(width=3)),
    ("unsupported type: button [json-pointer:/view/blocks/0/element/type]", modal(field("button"))),
    (
        "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]",
        {"type": "modal", "title": plain("Log"), "blocks": [field()]},
    ),
    (
        '`block_id` "b" already exists [json-pointer:/view/blocks/1/block_id]',
        modal({"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}),
    ),
]


@pytest.mark.parametrize(("words", "view"), REFUSED)
def test_a_view_against_the_rules_is_refused(words: str, view: Block) -> None:
    assert [words] == view_problems(view)
