"""What a person chose or typed, as Slack puts it into payloads. https://docs.slack.dev/reference/views/modal-views ."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blocks import interactive
from bot.sandbox.state import Json

# Where the value of each element type is kept in `state.values` and in actions.
_SINGLE = {
    "plain_text_input": "value",
    "url_text_input": "value",
    "email_text_input": "value",
    "number_input": "value",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_MANY = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
_OPTION = ("static_select", "radio_buttons", "external_select", "overflow")
_OPTIONS = ("multi_static_select", "checkboxes", "multi_external_select")
_INITIAL = {
    "plain_text_input": "initial_value",
    "url_text_input": "initial_value",
    "email_text_input": "initial_value",
    "number_input": "initial_value",
    "datepicker": "initial_date",
    "timepicker": "initial_time",
    "datetimepicker": "initial_date_time",
    "users_select": "initial_user",
    "conversations_select": "initial_conversation",
    "channels_select": "initial_channel",
    "multi_users_select": "initial_users",
    "multi_conversations_select": "initial_conversations",
    "multi_channels_select": "initial_channels",
}


def options(element: Json) -> list[Json]:
    """All options of an element, those in groups too."""
    groups = element.get("option_groups", ())
    return [*element.get("options", ()), *(option for group in groups for option in group["options"])]


def chosen(element: Json, value: Any) -> Json:
    """The fields that say that `value` is chosen in this element. ValueError where it is none of its options."""
    kind = element["type"]
    if kind in _SINGLE:
        return {_SINGLE[kind]: value or None}
    if kind in _MANY:
        return {_MANY[kind]: list(value or ())}
    if kind in _OPTIONS:
        return {"selected_options": [_option(element, one) for one in value or ()]}
    if kind in _OPTION:
        return {"selected_option": _option(element, value) if value else None}
    raise ValueError(f"nothing can be chosen in a {kind}")


def initial(element: Json) -> Json:
    """The fields that this element starts with."""
    kind = element["type"]
    if kind in _OPTION:
        return {"selected_option": element.get("initial_option")}
    if kind in _OPTIONS:
        return {"selected_options": element.get("initial_options", [])}
    return chosen(element, element.get(_INITIAL[kind]))


def _option(element: Json, value: str) -> Json:
    for option in options(element):
        if option["value"] == value:
            return option
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value}, "value": value}
    raise ValueError(f"{value!r} is none of the options of {element['action_id']!r}")


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block."""
    for block in blocks:
        for element, _ in interactive(block):
            yield block, element


def find(blocks: list[Json], action_id: str, block_id: str | None, value: str | None = None) -> tuple[Json, Json]:
    """The first block and element with this action id (and block id, and value). KeyError where nobody sees one."""
    for block, element in elements(blocks):
        same_block, same_value = block_id in (None, block["block_id"]), value in (None, element.get("value"))
        if element["action_id"] == action_id and same_block and same_value:
            return block, element
    raise KeyError(f"nothing with action id {action_id!r} is shown")


def values(blocks: list[Json], state: Json) -> Json:
    """`state.values`: what is chosen and typed in every element that keeps a value, the initial values included."""
    found: Json = {}
    for block, element in elements(blocks):
        if element["type"] in ("button", "overflow"):
            continue
        kept = state.get(block["block_id"], {}).get(element["action_id"])
        if kept is None or kept["type"] != element["type"]:
            kept = {"type": element["type"], **initial(element)}
        found.setdefault(block["block_id"], {})[element["action_id"]] = kept
    return found


def remember(state: Json, block: Json, element: Json, value: Any) -> Json:
    """Keep what was chosen in `state`, and return its fields."""
    fields = chosen(element, value)
    state.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], **fields}
    return fields


def complaints(blocks: list[Json], state: Json) -> dict[str, str]:
    """What the Slack client itself refuses to submit: required inputs that are empty, text too short or too long."""
    found: dict[str, str] = {}
    shown = values(blocks, state)
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        kept = shown[block["block_id"]][element["action_id"]]
        value = next((value for key, value in kept.items() if key != "type"), None)
        if not value and not block.get("optional", False):
            found[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and element["type"] == "plain_text_input":
            found |= _length(block["block_id"], element, value)
    return found


def _length(block_id: str, element: Json, value: str) -> dict[str, str]:
    if len(value) > element.get("max_length", 3000):
        return {block_id: f"Must be at most {element.get('max_length', 3000)} characters."}
    if value and len(value) < element.get("min_length", 0):
        return {block_id: f"Must be at least {element['min_length']} characters."}
    return {}
