"""reactions.* and pins.add."""

import re

from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import message_json
from bot.sandbox.state import Json, Message

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def _target(request: Request) -> Message:
    return request.message(request.channel(member=True), "timestamp")


def _name(request: Request) -> str:
    name = request.arguments.required("name").strip(":")
    if not _NAME.fullmatch(name):
        raise ApiError("invalid_name")
    return name


def _add(request: Request) -> Json:
    if not request.feed.react(_target(request), request.workspace.bot_user, _name(request)):
        raise ApiError("already_reacted")
    return {}


def _remove(request: Request) -> Json:
    if not request.feed.unreact(_target(request), request.workspace.bot_user, _name(request)):
        raise ApiError("no_reaction")
    return {}


def _get(request: Request) -> Json:
    message = _target(request)
    return {"type": "message", "channel": message.channel, "message": message_json(request.workspace, message)}


def _pin(request: Request) -> Json:
    message = _target(request)
    if message.pinned:
        raise ApiError("already_pinned")
    message.pinned = True
    request.workspace.put_message(message)
    return {}


METHODS = {
    "reactions.add": Method(_add, "tier 3", ("reactions:write",)),
    "reactions.remove": Method(_remove, "tier 2", ("reactions:write",)),
    "reactions.get": Method(_get, "tier 3", ("reactions:read",)),
    "pins.add": Method(_pin, "tier 2", ("pins:write",)),
}
