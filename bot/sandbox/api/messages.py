"""chat.*: posting, changing and deleting messages, permalinks. https://docs.slack.dev/reference/methods ."""

import json
from typing import Any

from bot.sandbox.api.content import MOST_UPDATED, Content, content
from bot.sandbox.api.conversations import open_direct
from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import message_json, permalink
from bot.sandbox.state import Channel, Json, Message

_LOOKS = ("username", "icon_url", "icon_emoji")


def _target(request: Request) -> Channel:
    """The channel to post to: an id, a name with or without the hash, or a user's id for a direct message."""
    workspace = request.workspace
    wanted = request.arguments.text("channel")
    if wanted in workspace.users:
        return open_direct(workspace, wanted)
    try:
        channel = workspace.channel(wanted)
    except KeyError:
        raise ApiError("channel_not_found") from None
    inside = workspace.bot_user in channel.members
    if not inside and (channel.is_private or channel.is_im):
        raise ApiError("channel_not_found")
    if channel.is_archived:
        raise ApiError("is_archived")
    if not inside and "chat:write.public" not in request.scopes:
        raise ApiError("not_in_channel")
    return channel


def _parent(request: Request, channel: Channel) -> str | None:
    thread_ts = request.arguments.text("thread_ts")
    if not thread_ts:
        return None
    parent = channel.messages.get(thread_ts)
    if parent is None or parent.ephemeral_to is not None:
        raise ApiError("thread_not_found")
    # "Avoid using a reply's ts value; use its parent instead": refused here, so that the mistake is seen.
    if parent.is_reply or parent.deleted:
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def _looks(request: Request) -> dict[str, Any]:
    looks = {name: request.arguments.text(name) or None for name in _LOOKS}
    if any(looks.values()):
        request.need("chat:write.customize")
    return looks


def _shown(request: Request, channel: Channel, found: Content) -> list[str]:
    """The files whose addresses stand in a message that unfurls: shared again, where the channel may see them."""
    if not (request.arguments.flag("unfurl_links") or request.arguments.flag("unfurl_media")):
        return []
    workspace, words = request.workspace, f"{found.text} {json.dumps(found.blocks or [])}"
    shown = [f for f in workspace.files.values() if permalink(workspace, f) in words]
    shown = [f for f in shown if any(not workspace.channels[c].is_private for c in f.channels)]
    for file in shown:
        file.channels.append(channel.id)
    return [file.id for file in shown]


def _post(request: Request) -> Json:
    channel, looks = _target(request), _looks(request)
    found = content(request.workspace, request.arguments)
    thread_ts = _parent(request, channel)
    message = Message(
        channel=channel.id,
        ts=request.workspace.new_ts(),
        user=request.workspace.bot_user,
        bot_id=request.workspace.bot_id,
        text=found.text,
        blocks=found.blocks or [],
        attachments=found.attachments or [],
        metadata=found.metadata,
        thread_ts=thread_ts,
        reply_broadcast=bool(thread_ts) and request.arguments.flag("reply_broadcast"),
        subtype="bot_message" if any(looks.values()) else None,
        files=_shown(request, channel, found),
        **looks,
    )
    request.feed.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(request.workspace, message, metadata=True)}


def _own(request: Request, error: str) -> Message:
    channel = request.channel()
    message = request.message(channel)
    if message.user != request.workspace.bot_user:
        raise ApiError(error)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message


def _update(request: Request) -> Json:
    message = _own(request, "cant_update_message")
    found = content(request.workspace, request.arguments, MOST_UPDATED)
    # "If the text argument is provided and blocks are not, the blocks will be removed"; attachments and metadata are
    # kept unless given; a message with blocks is not marked as edited.
    changes: dict[str, Any] = {"text": found.text, "blocks": found.blocks or []}
    for name in ("attachments", "metadata"):
        if (value := getattr(found, name)) is not None:
            changes[name] = value
    if not found.blocks:
        changes["edited"] = request.workspace.new_ts()
    changed = request.feed.edit(message, **changes)
    shape = message_json(request.workspace, changed, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": changed.text, "message": shape}


def _delete(request: Request) -> Json:
    message = _own(request, "cant_delete_message")
    request.feed.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def _ephemeral(request: Request) -> Json:
    workspace, channel = request.workspace, _target(request)
    found = content(workspace, request.arguments)
    user = request.arguments.required("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = Message(
        channel=channel.id,
        ts=workspace.new_ts(),
        user=workspace.bot_user,
        bot_id=workspace.bot_id,
        text=found.text,
        blocks=found.blocks or [],
        attachments=found.attachments or [],
        thread_ts=_parent(request, channel),
        ephemeral_to=user,
        **_looks(request),
    )
    request.feed.post(message)
    return {"message_ts": message.ts}


def _permalink(request: Request) -> Json:
    channel = request.channel()
    message = request.message(channel, "message_ts")
    link = f"{request.base_url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


METHODS = {
    "chat.postMessage": Method(_post, "posting", ("chat:write",)),
    "chat.update": Method(_update, "tier 3", ("chat:write",)),
    "chat.delete": Method(_delete, "tier 3", ("chat:write",)),
    "chat.postEphemeral": Method(_ephemeral, "tier 4", ("chat:write",)),
    "chat.getPermalink": Method(_permalink, "special"),
}
