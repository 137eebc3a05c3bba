"""Turns Slack's payloads into what handlers take. https://docs.slack.dev/reference/interaction-payloads"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.actions import Press
from handlers.commands import Invocation
from handlers.views.modals import metadata
from handlers.views.text import readable, unescape
from models.workspaces import split

_VALUES: Final = ("value", "selected_user", "selected_date", "selected_time", "selected_date_time")


def invocation(body: Mapping[str, Any], *, user_name: str, at: datetime) -> Invocation:
    """Return a slash command's use."""
    return Invocation(
        user_id=body["user_id"],
        user_name=user_name,
        channel_id=body["channel_id"],
        text=unescape(body.get("text") or "").strip(),
        trigger_id=body["trigger_id"],
        request_id=body["trigger_id"],
        at=at,
        thread_ts=body.get("thread_ts"),
    )


def button_press(body: Mapping[str, Any], *, user_name: str, at: datetime) -> Press:
    """Return the press of a button, or the choice from a menu, in a message or a view."""
    action = body["actions"][0]
    container, message = body.get("container") or {}, body.get("message") or {}
    channel_id, ts = (body.get("channel") or {}).get("id") or container.get("channel_id"), container.get("message_ts")
    return Press(
        user_id=body["user"]["id"],
        user_name=user_name,
        value=str((action.get("selected_option") or action).get("value") or ""),
        trigger_id=body["trigger_id"],
        request_id=body["trigger_id"],
        at=at,
        channel_id=channel_id,
        message_ts=ts,
        thread_ts=container.get("thread_ts") or message.get("thread_ts"),
        message_text=readable(message.get("text") or ""),
        message_permalink=_address(body, channel_id, ts),
    )


def shortcut_press(body: Mapping[str, Any], *, user_name: str, at: datetime) -> Press:
    """Return the use of a message shortcut; `value` is what the message says, as plain text."""
    message, channel_id = body["message"], body["channel"]["id"]
    text = readable(message.get("text") or "")
    return Press(
        user_id=body["user"]["id"],
        user_name=user_name,
        value=text,
        trigger_id=body["trigger_id"],
        request_id=body["trigger_id"],
        at=at,
        channel_id=channel_id,
        message_ts=message["ts"],
        thread_ts=message.get("thread_ts"),
        message_text=text,
        message_permalink=_address(body, channel_id, message["ts"]),
        message_author=message.get("user"),
    )


def submission(body: Mapping[str, Any], *, user_name: str, at: datetime) -> Press:
    """Return a modal's submit. A view can be accepted once, so its id is the request's."""
    view = body["view"]
    carried = view.get("private_metadata") or ""
    return Press(
        user_id=body["user"]["id"],
        user_name=user_name,
        value=carried,
        trigger_id=body.get("trigger_id") or "",
        request_id=view["id"],
        at=at,
        channel_id=metadata(carried).get("channel") or None,
        fields={block: _plain(state) for block, state in (view.get("state") or {}).get("values", {}).items()},
    )


def first_field(body: Mapping[str, Any]) -> str:
    """Return the block id of a modal's first input: where a complaint about the whole form is shown."""
    blocks = body["view"].get("blocks", [])
    return next((str(block["block_id"]) for block in blocks if block.get("type") == "input"), "")


def _address(body: Mapping[str, Any], channel_id: str | None, ts: str | None) -> str | None:
    """Return the address of a message, as the workspace that it is in has it."""
    domain = (body.get("team") or {}).get("domain")
    if not (domain and channel_id and ts):
        return None
    return f"https://{domain}.slack.com/archives/{split(channel_id)[1]}/p{ts.replace('.', '')}"


def _plain(elements: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the value of the one element of an input block: text, an option's value, or a list of them."""
    element = next(iter(elements.values()), {})
    if "selected_options" in element:
        return [option["value"] for option in element["selected_options"] or []]
    if "selected_option" in element:
        return (element["selected_option"] or {}).get("value")
    return next((element[name] for name in _VALUES if name in element), None)
