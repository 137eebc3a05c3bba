"""Blocks in messages: what is accepted, and what is refused in whose words."""

from typing import Any

import pytest

from bot.sandbox.blocks import problems, size

Block = dict[str, Any]

DIVIDER: Block = {"type": "divider"}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def section(text: str = "hello", **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "Undo", **more: Any) -> Block:
    return {"type": "button", "text": plain(text), "action_id": "undo", **more}


def option(name: str = "a", value: str = "a") -> Block:
    return {"text": plain(name), "value": value}


def select(count: int = 2, **more: Any) -> Block:
    options = [option(str(n), str(n)) for n in range(count)]
    return {"type": "static_select", "action_id": "pick", "options": options, **more}


def actions(*elements: Block, **more: Any) -> Block:
    return {"type": "actions", "elements": list(elements), **more}


ACCEPTED: list[list[Block]] = [
    [],
    [section("x" * 3000, block_id="b" * 255)],
    [{"type": "section", "fields": [mrkdwn("x" * 2000)] * 10}],
    [section(accessory=button("x" * 75, value="v" * 2000, style="danger", action_id="a" * 255))],
    [section(accessory={"type": "image", "image_url": "https://example.com/a.png", "alt_text": ""})],
    [{"type": "header", "text": plain("x" * 150)}],
    [DIVIDER] * 50,
    [{"type": "context", "elements": [mrkdwn("x"), plain("y")] * 5}],
    [actions(*[button(action_id=f"a{n}") for n in range(25)])],
    [actions(select(100, placeholder=plain("x" * 150)), {"type": "users_select", "action_id": "who"})],
    [actions(select(), button()), actions(select(), button())],
    [
        actions(
            {"type": "overflow", "action_id": "o", "options": [{**option(), "url": "https://example.com"}] * 5},
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-03"},
            {"type": "checkboxes", "action_id": "c", "options": [option()] * 10},
            {"type": "radio_buttons", "action_id": "r", "options": [option()], "initial_option": option()},
        )
    ],
    [{"type": "image", "slack_file": {"id": "F00000001"}, "alt_text": "A chart", "title": plain("Chart")}],
    [{"type": "markdown", "text": "**x**" * 2000}],
]


@pytest.mark.parametrize("blocks", ACCEPTED)
def test_what_slack_documents_is_accepted(blocks: list[Block]) -> None:
    assert [] == problems(blocks)


REFUSED: list[tuple[str, str, list[Block]]] = [
    ("no more than 50 items allowed", "", [DIVIDER] * 51),
    ("must be less than 3001 characters", "/0/text/text", [section("x" * 3001)]),
    ("must be more than 0 characters", "/0/text/text", [section("")]),
    ("must define either `text` or `fields`", "/0", [{"type": "section"}]),
    ("invalid additional property: colour", "/1", [DIVIDER, section(colour="red")]),
    ("unsupported type: banner", "/0/type", [{"type": "banner"}]),
    ("missing required field: type", "/0", [{"text": "x"}]),
    ("must provide an object", "/0/text", [{"type": "header", "text": "x"}]),
    ("unsupported type: mrkdwn", "/0/text/type", [{"type": "header", "text": mrkdwn("x")}]),
    ("must be less than 151 characters", "/0/text/text", [{"type": "header", "text": plain("x" * 151)}]),
    ("no more than 10 items allowed", "/0/elements", [{"type": "context", "elements": [mrkdwn("x")] * 11}]),
    ("no more than 10 items allowed", "/0/fields", [section(fields=[mrkdwn("x")] * 11)]),
    ("no more than 25 items allowed", "/0/elements", [actions(*[button()] * 26)]),
    ("must have at least 1 items", "/0/elements", [actions()]),
    ("must be less than 76 characters", "/0/accessory/text/text", [section(accessory=button("x" * 76))]),
    ("must be less than 2001 characters", "/0/accessory/value", [section(accessory=button(value="x" * 2001))]),
    ("must be less than 256 characters", "/0/accessory/action_id", [section(accessory=button(action_id="x" * 256))]),
    ("must be a valid enum value", "/0/accessory/style", [section(accessory=button(style="green"))]),
    ("must be less than 256 characters", "/0/block_id", [section(block_id="x" * 256)]),
    ('`block_id` "b" already exists', "/1/block_id", [section(block_id="b"), section(block_id="b")]),
    ('`action_id` "undo" already exists', "/0/elements/1/action_id", [actions(button(), button())]),
    ("no more than 100 items allowed", "/0/elements/0/options", [actions(select(101))]),
    (
        "must be less than 76 characters",
        "/0/elements/0/options/0/text/text",
        [actions({**select(), "options": [option("x" * 76)]})],
    ),
    (
        "must be less than 151 characters",
        "/0/elements/0/options/0/value",
        [actions({**select(), "options": [option("x", "v" * 151)]})],
    ),
    ("initial option must be one of the options", "/0/elements/0", [actions(select(initial_option=option("z", "z")))]),
    (
        "must define either `options` or `option_groups`",
        "/0/elements/0",
        [actions({"type": "static_select", "action_id": "x"})],
    ),
    (
        "no more than 5 items allowed",
        "/0/elements/0/options",
        [actions({"type": "overflow", "options": [option()] * 6})],
    ),
    (
        "must be a valid date",
        "/0/elements/0/initial_date",
        [actions({"type": "datepicker", "initial_date": "3.11.2026"})],
    ),
    ("missing required field: alt_text", "/0", [{"type": "image", "image_url": "https://example.com/a.png"}]),
    ("must define either `image_url` or `slack_file`", "/0", [{"type": "image", "alt_text": "x"}]),
    ("must be a valid URL", "/0/accessory/url", [section(accessory=button(url="javascript:alert(1)"))]),
    ("invalid additional property: emoji", "/0/text", [{"type": "section", "text": {**mrkdwn("x"), "emoji": True}}]),
    ("unsupported type: plain_text_input", "/0/elements/0/type", [actions({"type": "plain_text_input"})]),
    ("unsupported type: alert", "/0/type", [{"type": "alert", "text": mrkdwn("x")}]),
    ("must be less than 12001 characters", "/0/text", [{"type": "markdown", "text": "x" * 12_001}]),
    ("markdown blocks must be less than 12001 characters in all", "", [{"type": "markdown", "text": "x" * 6001}] * 2),
]


@pytest.mark.parametrize(("words", "path", "blocks"), REFUSED)
def test_what_slack_refuses_is_refused_with_the_path_named(words: str, path: str, blocks: list[Block]) -> None:
    assert [f"{words} [json-pointer:/blocks{path}]"] == problems(blocks)


def test_blocks_that_are_no_list_are_refused() -> None:
    assert ["must provide an array [json-pointer:/blocks]"] == problems({"type": "divider"})


def test_the_size_counts_shown_text_and_a_hundred_for_each_header() -> None:
    header = {"type": "header", "text": plain("Hi")}
    assert 102 + 5 + 4 == size([header, section("hello", accessory=button("Undo", value="not shown"))])


def rich(*parts: Block) -> Block:
    return {"type": "rich_text", "elements": list(parts)}


def test_rich_text_with_every_kind_of_part_is_accepted() -> None:
    words = {"type": "text", "text": "x", "style": {"bold": True}}
    line = {"type": "rich_text_section", "elements": [words, {"type": "user", "user_id": "U1"}]}
    bullets = {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [line]}
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]}
    quote = {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://example.com", "text": "x"}]}
    assert [] == problems([rich(line, bullets, code, quote)])


def test_rich_text_with_an_unknown_part_is_refused() -> None:
    found = problems([rich({"type": "heading"})])
    assert ["unsupported type: heading [json-pointer:/blocks/0/elements/0/type]"] == found
