"""Interactive elements, images, and where each may stand.

https://docs.slack.dev/reference/block-kit/block-elements
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.blocks import objects
from bot.sandbox.blocks.checks import Check, at, boolean, by_type, enum, integer, items, shape, string, url

# 255 characters: the page of each element.
_ACTION = {"action_id": string(255)}
_ACTION_CONFIRM = {**_ACTION, "confirm": objects.confirm}
_FOCUS = {"focus_on_load": boolean}
# 150 characters: …/block-elements/select-menu-element
_PLACEHOLDER = {"placeholder": objects.plain(150)}
_MENU = {**_ACTION_CONFIRM, **_FOCUS, **_PLACEHOLDER}


def _pattern(pattern: str, words: str) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield at(pointer, words)

    return check


_DATE = _pattern(r"\d{4}-\d{2}-\d{2}", "must be a valid date")
_TIME = _pattern(r"([01]\d|2[0-3]):[0-5]\d", "must be a valid time")
_NUMBER_TEXT = _pattern(r"-?\d+(\.\d+)?", "must be a valid number")


def _options_or_groups(element: dict[str, Any], pointer: str) -> Iterator[str]:
    if ("options" in element) == ("option_groups" in element):
        yield at(pointer, "must define either `options` or `option_groups`")
        return
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    known = [option for group in groups for option in group["options"]]
    chosen = element.get("initial_options") or ([element["initial_option"]] if "initial_option" in element else [])
    for name in chosen:
        if name not in known:
            yield at(pointer, "initial option must be one of the options")


def _choices(option: Check, most: int, *, many: bool) -> Check:
    initial = {"initial_options": items(option, most)} if many else {"initial_option": option}
    return shape({"options": items(option, most)}, {**_ACTION_CONFIRM, **_FOCUS, **initial}, _options_or_groups)


def _static(*, many: bool) -> Check:
    # …/block-elements/select-menu-element#static_select : 100 options, 100 groups.
    option = objects.plain_option
    initial = {"initial_options": items(option, 100)} if many else {"initial_option": option}
    more = {"options": items(option, 100), "option_groups": items(objects.option_group, 100), **initial, **_MENU}
    return shape({}, {**more, **_many(many)}, _options_or_groups)


def _many(many: bool) -> Mapping[str, Check]:
    return {"max_selected_items": integer(1)} if many else {}


def _picker(noun: str, *, many: bool) -> Check:
    initial = {f"initial_{noun}s": items(string(), 1000)} if many else {f"initial_{noun}": string()}
    extra: dict[str, Check] = {}
    if noun == "conversation":
        extra = {"default_to_current_conversation": boolean, "filter": objects.conversation_filter}
    if noun != "user" and not many:
        extra["response_url_enabled"] = boolean
    return shape({}, {**initial, **extra, **_MENU, **_many(many)})


def _external(*, many: bool) -> Check:
    option = objects.plain_option
    initial = {"initial_options": items(option, 100)} if many else {"initial_option": option}
    return shape({}, {"min_query_length": integer(0), **initial, **_MENU, **_many(many)})


_BUTTON = shape(
    # …/block-elements/button-element : text 75, url 3,000, value 2,000, accessibility_label 75.
    {"text": objects.plain(75)},
    {
        **_ACTION_CONFIRM,
        "url": url(),
        "value": string(2000),
        "style": enum("primary", "danger"),
        "accessibility_label": string(75),
    },
)

_TEXT_INPUT = {**_ACTION, **_FOCUS, **_PLACEHOLDER, "dispatch_action_config": objects.dispatch_action_config}

IMAGE = shape(
    # …/block-elements/image-element : alt_text 2,000 as in the image block.
    {"alt_text": string(2000, least=0)},
    {"image_url": url(), "slack_file": objects.slack_file},
)

_MENUS: dict[str, Check] = {
    "static_select": _static(many=False),
    "multi_static_select": _static(many=True),
    "external_select": _external(many=False),
    "multi_external_select": _external(many=True),
    "users_select": _picker("user", many=False),
    "multi_users_select": _picker("user", many=True),
    "conversations_select": _picker("conversation", many=False),
    "multi_conversations_select": _picker("conversation", many=True),
    "channels_select": _picker("channel", many=False),
    "multi_channels_select": _picker("channel", many=True),
}

_CHOICES: dict[str, Check] = {
    **_MENUS,
    # …/block-elements/checkboxes-element and …/radio-button-group-element : 10 options.
    "checkboxes": _choices(objects.rich_option, 10, many=True),
    "radio_buttons": _choices(objects.rich_option, 10, many=False),
    "datepicker": shape({}, {**_ACTION_CONFIRM, **_FOCUS, **_PLACEHOLDER, "initial_date": _DATE}),
    "timepicker": shape({}, {**_ACTION_CONFIRM, **_FOCUS, **_PLACEHOLDER, "initial_time": _TIME, "timezone": string()}),
    "datetimepicker": shape({}, {**_ACTION_CONFIRM, **_FOCUS, "initial_date_time": integer(10**9, 10**10 - 1)}),
}

# …/block-elements/overflow-menu-element : up to 5 options.
_OVERFLOW = shape({"options": items(objects.overflow_option, 5)}, _ACTION_CONFIRM)

IN_ACTIONS = by_type({**_CHOICES, "button": _BUTTON, "overflow": _OVERFLOW})
IN_SECTION = by_type({**_CHOICES, "button": _BUTTON, "overflow": _OVERFLOW, "image": IMAGE})
IN_INPUT = by_type(
    {
        **_CHOICES,
        "plain_text_input": shape(
            # …/block-elements/plain-text-input-element : min_length 0–3,000, max_length 1–3,000.
            {},
            {
                **_TEXT_INPUT,
                "initial_value": string(3000, least=0),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            },
        ),
        "url_text_input": shape({}, {**_TEXT_INPUT, "initial_value": url()}),
        "email_text_input": shape({}, {**_TEXT_INPUT, "initial_value": string(3000)}),
        "number_input": shape(
            {"is_decimal_allowed": boolean},
            {**_TEXT_INPUT, "initial_value": _NUMBER_TEXT, "min_value": _NUMBER_TEXT, "max_value": _NUMBER_TEXT},
        ),
    }
)
