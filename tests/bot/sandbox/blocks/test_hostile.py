"""Whatever is sent as blocks or as a view: it is refused or accepted, never an exception."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.blocks import problems, size, view_problems, with_ids

_TYPES = [
    "section", "header", "divider", "context", "actions", "image", "input", "rich_text", "table", "data_table",
    "data_visualization", "markdown", "modal", "home", "plain_text", "mrkdwn", "button", "static_select",
    "overflow", "checkboxes", "datepicker", "plain_text_input", "rich_text_section", "text", "raw_text",
    "raw_number", "pie", "bar",
]  # fmt: skip
_KEYS = [
    "type", "text", "fields", "elements", "element", "accessory", "label", "options", "option_groups",
    "initial_option", "value", "action_id", "block_id", "rows", "caption", "title", "chart", "segments", "series",
    "data", "axis_config", "categories", "name", "column_settings", "blocks", "submit", "alt_text", "image_url",
    "slack_file", "id",
]  # fmt: skip

_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(_TYPES)
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
        | st.builds(lambda kind, rest: {**rest, "type": kind}, st.sampled_from(_TYPES), st.dictionaries(
            st.sampled_from(_KEYS), inner, max_size=4
        ))
    ),
    max_leaves=20,
)  # fmt: skip


@given(_json)
def test_any_json_as_a_view_is_judged(value: Any) -> None:
    assert isinstance(view_problems(value), list)


@given(st.lists(_json, max_size=4))
def test_any_list_as_blocks_is_judged_and_what_passes_can_be_shown(blocks: list[Any]) -> None:
    found = problems(blocks)
    if not found:
        shown = with_ids(blocks, lambda prefix: prefix)
        assert all("block_id" in block for block in shown)
        assert 0 <= size(blocks)
