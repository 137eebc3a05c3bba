"""Block Kit as HTML: every block and element that the bot may send, and hostile words in all of them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.page.mrkdwn import Naming
from bot.sandbox.page.render import environment, filled
from tests.bot.sandbox_page.pages import read, words
from tests.bot.sandbox_page.test_mrkdwn import hostile_text

NAMING = Naming({"U1": "Ada Okafor", "U2": "Mira Lindqvist"}, {"C1": "payments-ops"})
ENVIRONMENT = environment()
SHEET = ENVIRONMENT.from_string('{% from "blocks.html" import blocks with context %}{{ blocks(all, errors) }}')


def drawn(*blocks: dict[str, Any], errors: dict[str, str] | None = None) -> str:
    numbered = [{"block_id": f"b{number}", **block} for number, block in enumerate(blocks)]
    return SHEET.render(all=numbered, errors=errors or {}, naming=NAMING, surface="left-1.1")


def said(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def label(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def attributes(html: str, tag: str) -> list[dict[str, str | None]]:
    return [given for name, given in read(html).tags if name == tag]


def every_block(text: str) -> list[dict[str, Any]]:
    """One of each block and element, with `text` wherever a text may stand."""
    option = {"text": label(text), "value": text, "description": label(text)}
    confirm = {"title": label(text), "text": said(text), "confirm": label(text), "deny": label(text)}
    placeholder = {"placeholder": label(text)}
    rich: dict[str, Any] = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": text, "style": {"bold": True, "code": True}},
                    {"type": "link", "url": text, "text": text},
                    {"type": "user", "user_id": text},
                    {"type": "emoji", "name": text},
                    {"type": "date", "timestamp": 1, "format": text, "fallback": text, "url": text},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [{"elements": [{"type": "text", "text": text}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]},
        ],
    }
    elements: list[dict[str, Any]] = [
        {"type": "button", "action_id": text, "text": label(text), "confirm": confirm, "accessibility_label": text},
        {"type": "button", "action_id": "b", "text": label(text), "url": text},
        {"type": "static_select", "action_id": "c", "options": [option], **placeholder},
        {"type": "overflow", "action_id": "d", "options": [option]},
        {"type": "checkboxes", "action_id": "e", "options": [option]},
        {"type": "datepicker", "action_id": "f", "initial_date": text},
    ]
    cells = [{"type": "raw_text", "text": text}, {"type": "raw_number", "value": 3}, rich]
    series = [{"name": text, "data": [{"label": text, "value": 3}]}]
    return [
        {"type": "header", "text": label(text)},
        {"type": "section", "text": said(text), "fields": [said(text)], "accessory": elements[0]},
        {"type": "context", "elements": [said(text), {"type": "image", "alt_text": text, "image_url": text}]},
        {"type": "divider"},
        {"type": "actions", "elements": elements},
        {"type": "image", "title": label(text), "alt_text": text, "slack_file": {"id": text}},
        {"type": "markdown", "text": text},
        {"type": "table", "rows": [cells], "column_settings": [None, {"align": "right"}]},
        {"type": "data_table", "caption": text, "rows": [cells, cells]},
        {
            "type": "data_visualization",
            "title": text,
            "chart": {"type": "pie", "segments": [{"label": text, "value": 3}]},
        },
        *(
            {
                "type": "data_visualization",
                "title": text,
                "chart": {
                    "type": kind,
                    "series": series,
                    "axis_config": {"categories": [text], "x_label": text, "y_label": text},
                },
            }
            for kind in ("bar", "line", "area")
        ),
        {
            "type": "input",
            "label": label(text),
            "hint": label(text),
            "element": {"type": "plain_text_input", "action_id": text, "initial_value": text, **placeholder},
        },
        {"type": text},
        rich,
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_text)
def test_hostile_words_never_become_markup_in_any_block(text: str) -> None:
    read(drawn(*every_block(text), errors={"b0": text}))


def test_a_button_says_what_it_reports_and_a_danger_looks_dangerous() -> None:
    element = {"type": "button", "action_id": "undo", "style": "danger", "text": label("Undo")}
    html = drawn({"type": "actions", "block_id": "buttons", "elements": [element]})
    button = attributes(html, "button")[0]
    assert ("undo", "button danger") == (button["data-action"], button["class"])
    assert "buttons" == attributes(html, "div")[0]["data-block"]


def test_a_url_button_is_a_link_and_never_one_that_runs_a_script() -> None:
    for url, href in (("https://a.example", "https://a.example"), ("javascript:alert(1)", "")):
        html = drawn({"type": "actions", "elements": [{"type": "button", "text": label("Go"), "url": url}]})
        assert href == attributes(html, "a")[0]["href"]


def test_a_confirmation_waits_beside_its_button() -> None:
    confirm = {"title": label("Sure?"), "text": said("*Really*"), "confirm": label("Yes"), "deny": label("No")}
    html = drawn({"type": "actions", "elements": [{"type": "button", "text": label("Go"), "confirm": confirm}]})
    assert '<template class="confirmation">' in html
    assert "<b>Really</b>" in html


def test_an_image_from_elsewhere_is_only_named_and_one_of_the_workspace_is_shown() -> None:
    assert [] == attributes(drawn({"type": "image", "alt_text": "A cat", "image_url": "https://a.example/cat"}), "img")
    html = drawn({"type": "image", "alt_text": "A chart", "slack_file": {"id": "F00000001"}})
    assert "files/F00000001/image" == attributes(html, "img")[0]["src"]


def test_a_person_is_chosen_by_name() -> None:
    element = {"type": "users_select", "action_id": "who", "initial_user": "U2"}
    html = drawn({"type": "input", "label": label("Who"), "element": element})
    shown = [(each["value"], "selected" in each) for each in attributes(html, "option")]
    assert [("", False), ("U1", False), ("U2", True)] == shown


def test_a_field_has_its_label_its_name_and_its_error() -> None:
    element = {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 20}
    block = {"type": "input", "block_id": "what", "label": label("What"), "element": element}
    html = drawn(block, errors={"what": "Say more."})
    field, caption = attributes(html, "textarea")[0], attributes(html, "label")[0]
    assert ("what\ntext", "20", caption["for"]) == (field["name"], field["maxlength"], field["id"])
    assert "Say more." in words(html)


def test_what_was_chosen_stays_chosen() -> None:
    option = {"text": label("SEV2"), "value": "sev2"}
    select = {"type": "static_select", "action_id": "severity", "options": [option]}
    block = {"type": "actions", "block_id": "a", "elements": [select]}
    state = {"a": {"severity": {"type": "static_select", "selected_option": option}}}
    html = drawn(*filled([block], state))
    assert "selected" in attributes(html, "option")[1]
    assert "initial_option" not in select


def test_a_data_table_shows_its_first_page_aligns_numbers_and_names_its_rows() -> None:
    head = [{"type": "raw_text", "text": "Service"}, {"type": "raw_text", "text": "Deploys"}]
    rows = [[{"type": "raw_text", "text": f"s{n}"}, {"type": "raw_number", "value": n}] for n in range(4)]
    html = drawn({"type": "data_table", "caption": "By service", "page_size": 3, "rows": [head, *rows]})
    assert [False, False, False, False, True] == ["hidden" in row for row in attributes(html, "tr")]
    assert ["col", "col", "row", "row", "row", "row"] == [cell["scope"] for cell in attributes(html, "th")]
    assert "Show all 4 rows" in words(html)


@pytest.mark.parametrize("kind", ["line", "bar", "area", "pie"])
def test_a_chart_has_a_name_and_the_same_numbers_as_a_table(kind: str) -> None:
    points = [{"label": "Mon", "value": 4}, {"label": "Tue", "value": 1250.5}]
    chart: dict[str, Any] = {"type": kind, "segments": points}
    if kind != "pie":
        chart = {
            "type": kind,
            "series": [{"name": "ok", "data": points}],
            "axis_config": {"categories": ["Mon", "Tue"]},
        }
    html = drawn({"type": "data_visualization", "title": "Deploys", "chart": chart})
    assert "Deploys" in str(attributes(html, "svg")[0]["aria-label"])
    assert "Mon" in words(html)
    assert "1,250.5" in words(html)


def test_a_block_that_is_not_known_says_so() -> None:
    assert "A block of type carousel, which this page does not draw." in words(drawn({"type": "carousel"}))


@given(st.sampled_from(["bullet", "ordered"]), st.integers(-3, 12))
def test_a_rich_text_list_is_a_list(style: str, indent: int) -> None:
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
    block = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": style, "indent": indent, "elements": [item]}],
    }
    assert "one" == words(drawn(block)).strip()
