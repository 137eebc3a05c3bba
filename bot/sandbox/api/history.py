"""conversations.history and conversations.replies: reading messages back."""

from bot.sandbox.api.paging import page
from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import message_json
from bot.sandbox.state import Json, Message

_SCOPES = ("channels:history", "groups:history", "im:history")


def _window(request: Request, messages: list[Message]) -> list[Message]:
    """Those between `oldest` and `latest`; both ends only with `inclusive`."""
    arguments = request.arguments
    try:
        oldest = float(arguments.text("oldest", "0"))
        latest = float(arguments.text("latest") or "inf")
    except ValueError:
        raise ApiError("invalid_ts_latest") from None
    if arguments.flag("inclusive"):
        return [m for m in messages if oldest <= float(m.ts) <= latest]
    return [m for m in messages if oldest < float(m.ts) < latest]


def _answer(request: Request, messages: list[Message]) -> Json:
    # "limit: default 100, maximum 999"
    shown, more = page(request.arguments, messages, 100, 999)
    metadata = request.arguments.flag("include_all_metadata")
    return {
        "messages": [message_json(request.workspace, message, metadata=metadata) for message in shown],
        "has_more": bool(more["response_metadata"]["next_cursor"]),
        **more,
    }


def _history(request: Request) -> Json:
    channel = request.channel("history", member=True)
    return _answer(request, _window(request, request.workspace.timeline(channel.id))[::-1])


def _replies(request: Request) -> Json:
    channel = request.channel("history", member=True)
    ts = request.arguments.required("ts")
    parent = channel.messages.get(ts)
    if parent is None or parent.ephemeral_to is not None:
        raise ApiError("thread_not_found")
    parent_ts = parent.thread_ts or parent.ts
    replies = [m for m in request.workspace.thread(channel.id, parent_ts) if m.ts != parent_ts]
    head = [] if parent.deleted else [channel.messages[parent_ts]]
    return _answer(request, head + _window(request, replies))


METHODS = {
    "conversations.history": Method(_history, "tier 3", _SCOPES),
    "conversations.replies": Method(_replies, "tier 3", _SCOPES),
}
