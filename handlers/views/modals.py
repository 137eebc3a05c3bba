"""The form for a small change, and what every form is made of. Each field's block id is its name.

`private_metadata` carries, as JSON, the channel the form was opened from (that is where its answer is shown) and
what else the submit needs.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from handlers.views import Block, Message, Modal
from handlers.views.layout import context, plain_text
from handlers.views.text import clean, link, shorten

CHANGE: Final = "change_form"

# https://docs.slack.dev/reference/block-kit/composition-objects/option-object : 100 options, 75 characters each.
_MOST_OPTIONS: Final = 100
_MOST_OF_AN_OPTION: Final = 75
_NOTHING_TO_CHOOSE: Final = "–"


def change(
    *,
    services: Sequence[str],
    environments: Sequence[str],
    channel_id: str,
    what: str = "",
    url: str | None = None,
) -> Modal:
    """Return the form for a small change, prefilled with `what`; `url` is what it refers to."""
    fields = [
        select("service", "Service", services, chosen=services[0] if len(services) == 1 else None),
        text_input("what", "What changed", what, hint="One sentence, as you would tell the other channel."),
        select("environment", "Environment", environments, optional=True),
        select("risk", "Risk", ["standard", "normal", "emergency"], optional=True),
        text_input("revert", "How to revert it", optional=True),
        text_input("until", "Temporary until", optional=True, hint="2h, 18:00, fri 18:00. Left out: it stays."),
    ]
    refers = [context(f"It will link to {link(url, 'the message')}.")] if url else []
    return form(CHANGE, "Log a change", "Log it", [*fields, *refers], {"channel": channel_id, "url": url or ""})


def notice(message: Message) -> Modal:
    """Return a form that only says something."""
    view = {
        "type": "modal",
        "title": plain_text("Twinspan", 24),
        "close": plain_text("Close", 24),
        "blocks": list(message.blocks),
    }
    return Modal(view=view)


def metadata(value: str) -> dict[str, str]:
    """Return what a form carried; empty where it is not one of ours."""
    try:
        carried = json.loads(value)
    except ValueError:
        return {}
    return {k: v for k, v in carried.items() if isinstance(v, str)} if isinstance(carried, dict) else {}


def form(callback_id: str, title: str, submit: str, blocks: list[Block], carried: Mapping[str, str]) -> Modal:
    """Return a form of fields; `carried` comes back with its submit."""
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "submit": plain_text(submit, 24),
        "close": plain_text("Cancel", 24),
        "private_metadata": json.dumps(carried),
        "blocks": blocks,
    }
    return Modal(view=view)


def text_input(
    name: str,
    label: str,
    value: str = "",
    *,
    hint: str = "",
    optional: bool = False,
    many_lines: bool = False,
    most: int | None = None,
) -> Block:
    """Return a field to write in, prefilled with `value`; `most` is how many characters it takes (Slack: 3,000)."""
    most = most or (2500 if many_lines else 500)
    element: Block = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": many_lines,
        "min_length": 0 if optional else 1,
        "max_length": most,
    }
    if value:
        element["initial_value"] = shorten(" ".join(clean(value).split()), most)
    return _field(name, label, element, optional=optional) | ({"hint": plain_text(hint, 200)} if hint else {})


def select(name: str, label: str, values: Sequence[str], *, chosen: str | None = None, optional: bool = False) -> Block:
    """Return a field to choose one word from."""
    options = [_option(value) for value in list(values)[:_MOST_OPTIONS]] or [_option(_NOTHING_TO_CHOOSE)]
    element: Block = {"type": "static_select", "action_id": name, "options": options}
    if chosen is not None:
        element["initial_option"] = _option(chosen)
    return _field(name, label, element, optional=optional)


def select_named(
    name: str,
    label: str,
    options: Sequence[tuple[str, str]],
    *,
    chosen: str | None = None,
    optional: bool = False,
) -> Block:
    """Return a field to choose one of (label, value) from; `chosen` is a value."""
    shown = [_option(label) | {"value": value[:150]} for label, value in options[:_MOST_OPTIONS]]
    element: Block = {"type": "static_select", "action_id": name, "options": shown}
    initial = next((option for option in shown if option["value"] == chosen), None)
    return _field(name, label, element | ({"initial_option": initial} if initial else {}), optional=optional)


def select_person(name: str, label: str, *, optional: bool = False) -> Block:
    """Return a field to choose a person from; its value is Slack's id of them."""
    return _field(name, label, {"type": "users_select", "action_id": name}, optional=optional)


def select_several(name: str, label: str, options: Sequence[tuple[str, str]]) -> Block:
    """Return a field to choose several of (label, value) from; all of them are chosen at first."""
    shown = [_option(label) | {"value": value[:150]} for label, value in options[:_MOST_OPTIONS]]
    element: Block = {
        "type": "multi_static_select",
        "action_id": name,
        "options": shown,
        "initial_options": shown,
    }
    return _field(name, label, element, optional=True)


def _option(value: str) -> Block:
    return {"text": plain_text(value, _MOST_OF_AN_OPTION), "value": value[:150]}


def _field(name: str, label: str, element: Block, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 200),
        "element": element,
        "optional": optional,
    }
