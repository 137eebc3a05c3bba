"""conversations.*, except reading messages: listing, joining, creating, inviting, direct messages."""

import re

from bot.sandbox.api.paging import page
from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import channel_json
from bot.sandbox.state import Channel, Json
from bot.sandbox.workspace import Workspace

_READ = ("channels:read", "groups:read", "im:read")
# https://docs.slack.dev/reference/methods/conversations.create#naming
_NAME = re.compile(r"[a-z0-9_-]{1,80}")
# https://docs.slack.dev/reference/methods/conversations.setTopic
_MOST_TOPIC = 250


def open_direct(workspace: Workspace, user: str) -> Channel:
    """The direct conversation between the bot and this user, made where there is none."""
    pair = {user, workspace.bot_user}
    for channel in workspace.channels.values():
        if channel.is_im and set(channel.members) == pair:
            return channel
    id = workspace.new_id("D")
    channel = Channel(id=id, name=id, is_im=True, members=[user, workspace.bot_user])
    workspace.channels[id] = channel
    workspace.notify("channel", channel=id)
    return channel


def _listed(request: Request, *, mine: bool) -> list[Channel]:
    kinds = set(request.arguments.text("types", "public_channel").replace(" ", "").split(","))
    if kinds - {"public_channel", "private_channel", "im", "mpim"}:
        raise ApiError("invalid_types")
    for kind, scope in (("public_channel", "channels"), ("private_channel", "groups"), ("im", "im")):
        if kind in kinds:
            request.need(f"{scope}:read")
    found = []
    for channel in request.workspace.channels.values():
        kind = "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"
        inside = request.workspace.bot_user in channel.members
        hidden = not inside and (mine or kind != "public_channel")
        if kind in kinds and not hidden and not (channel.is_archived and request.arguments.flag("exclude_archived")):
            found.append(channel)
    return found


def _list(request: Request, *, mine: bool = False) -> Json:
    # "limit: default 100, maximum 999 (1,000 in effect)"
    channels, more = page(request.arguments, _listed(request, mine=mine), 100)
    return {"channels": [channel_json(request.workspace, channel) for channel in channels], **more}


def _mine(request: Request) -> Json:
    return _list(request, mine=True)


def _info(request: Request) -> Json:
    return {"channel": channel_json(request.workspace, request.channel("read"))}


def _members(request: Request) -> Json:
    members, more = page(request.arguments, request.channel("read").members, 100)
    return {"members": members, **more}


def _join(request: Request) -> Json:
    channel = request.channel()
    if channel.is_private or channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    if request.workspace.bot_user not in channel.members:
        _enter(request, channel, request.workspace.bot_user)
    return {"channel": channel_json(request.workspace, channel)}


def _enter(request: Request, channel: Channel, user: str) -> None:
    channel.members.append(user)
    request.workspace.notify("channel", channel=channel.id)
    request.feed.emit(channel, {"type": "member_joined_channel", "user": user, "channel": channel.id})


def _create(request: Request) -> Json:
    workspace, name = request.workspace, request.arguments.text("name")
    if not name:
        raise ApiError("invalid_name_required")
    if not _NAME.fullmatch(name):
        raise ApiError("invalid_name_specials")
    if any(channel.name == name for channel in workspace.channels.values()):
        raise ApiError("name_taken")
    private = request.arguments.flag("is_private")
    request.need("groups:write" if private else "channels:manage")
    bot = workspace.bot_user
    channel = Channel(id=workspace.new_id("C"), name=name, is_private=private, creator=bot, members=[bot])
    workspace.channels[channel.id] = channel
    workspace.notify("channel", channel=channel.id)
    return {"channel": channel_json(workspace, channel)}


def _manage(request: Request) -> Channel:
    channel = request.channel(member=True)
    request.need("groups:write" if channel.is_private else "channels:manage")
    return channel


def _archive(request: Request) -> Json:
    channel = _manage(request)
    if channel.is_archived:
        raise ApiError("already_archived")
    channel.is_archived = True
    request.workspace.notify("channel", channel=channel.id)
    request.feed.emit(channel, {"type": "channel_archive", "channel": channel.id, "user": request.workspace.bot_user})
    return {}


def _invite(request: Request) -> Json:
    channel = _manage(request)
    for user in request.arguments.required("users").split(","):
        if user not in request.workspace.users:
            raise ApiError("user_not_found")
        if user in channel.members:
            raise ApiError("already_in_channel")
        _enter(request, channel, user)
    return {"channel": channel_json(request.workspace, channel)}


def _set_topic(request: Request) -> Json:
    channel = _manage(request)
    topic = request.arguments.text("topic")
    if len(topic) > _MOST_TOPIC:
        raise ApiError("too_long")
    channel.topic = topic
    request.workspace.notify("channel", channel=channel.id)
    return {"channel": channel_json(request.workspace, channel)}


def _open(request: Request) -> Json:
    users = request.arguments.required("users").split(",")
    if len(users) != 1:
        raise ApiError("method_not_supported_for_channel_type")
    if users[0] not in request.workspace.users:
        raise ApiError("user_not_found")
    return {"channel": {"id": open_direct(request.workspace, users[0]).id}}


METHODS = {
    "conversations.list": Method(_list, "tier 2", _READ),
    "users.conversations": Method(_mine, "tier 3", _READ),
    "conversations.info": Method(_info, "tier 3", _READ),
    "conversations.members": Method(_members, "tier 4", _READ),
    "conversations.join": Method(_join, "tier 3", ("channels:join",)),
    "conversations.create": Method(_create, "tier 2", ("channels:manage", "groups:write")),
    "conversations.archive": Method(_archive, "tier 2", ("channels:manage", "groups:write")),
    "conversations.invite": Method(_invite, "tier 3", ("channels:manage", "groups:write")),
    "conversations.setTopic": Method(_set_topic, "tier 2", ("channels:manage", "groups:write")),
    "conversations.open": Method(_open, "tier 3", ("im:write",)),
}
