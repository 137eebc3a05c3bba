"""Slack's JSON for the workspace's records, as the Web API and the payloads to the bot carry it."""

from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.sandbox.state import Channel, File, Json, Message, User, Usergroup, View
from bot.sandbox.workspace import Workspace


def user_json(workspace: Workspace, user: User) -> Json:
    """https://docs.slack.dev/reference/objects/user-object ."""
    offset = workspace.clock().astimezone(ZoneInfo(user.timezone)).utcoffset()
    return {
        "id": user.id,
        "team_id": workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "color": user.color,
        "real_name": user.real_name,
        "tz": user.timezone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.display_name,
            "title": user.title,
            **({"email": user.email} if user.email else {}),
            **({"bot_id": workspace.bot_id, "api_app_id": workspace.app_id} if user.is_bot else {}),
        },
    }


def channel_json(workspace: Workspace, channel: Channel) -> Json:
    """https://docs.slack.dev/reference/objects/conversation-object ."""
    bot_is_in = workspace.bot_user in channel.members
    shape: Json = {
        "id": channel.id,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": channel.is_private or channel.is_im,
        "context_team_id": workspace.team_id,
    }
    if channel.is_im:
        other = next((member for member in channel.members if member != workspace.bot_user), "")
        return {**shape, "user": other, "is_open": True}
    return {
        **shape,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_general": False,
        "creator": channel.creator,
        "is_shared": False,
        "is_member": bot_is_in,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
    }


def message_json(workspace: Workspace, message: Message, *, metadata: bool = False) -> Json:
    """https://docs.slack.dev/reference/events/message ; `metadata`: whether to show the message's metadata."""
    shape: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": workspace.team_id,
        **_bot_fields(workspace, message),
    }
    for name in ("blocks", "attachments", "thread_ts"):
        if value := getattr(message, name):
            shape[name] = value
    if message.subtype:
        shape["subtype"] = message.subtype
    if message.edited:
        shape["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        shape["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()]
    if message.files:
        shape["files"] = [file_json(workspace, workspace.files[id]) for id in message.files]
    if message.pinned:
        shape["pinned_to"] = [message.channel]
    if metadata and message.metadata:
        shape["metadata"] = message.metadata
    return {**shape, **_replies(workspace, message)}


def _bot_fields(workspace: Workspace, message: Message) -> Json:
    if message.bot_id is None:
        return {}
    bot = workspace.users[workspace.bot_user]
    shape: Json = {
        "bot_id": message.bot_id,
        "app_id": workspace.app_id,
        "bot_profile": bot_json(workspace, bot),
    }
    if message.username:
        shape["username"] = message.username
    icons = {"emoji": message.icon_emoji, "image_48": message.icon_url}
    if any(icons.values()):
        shape["icons"] = {name: value for name, value in icons.items() if value}
    return shape


def _replies(workspace: Workspace, message: Message) -> Json:
    if message.thread_ts != message.ts:
        return {}
    replies = [m for m in workspace.thread(message.channel, message.ts) if m.is_reply]
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }


def bot_json(workspace: Workspace, bot: User) -> Json:
    """https://docs.slack.dev/reference/methods/bots.info ."""
    return {
        "id": workspace.bot_id,
        "app_id": workspace.app_id,
        "user_id": bot.id,
        "name": bot.name,
        "deleted": False,
        "icons": {},
        "team_id": workspace.team_id,
    }


def view_json(workspace: Workspace, view: View) -> Json:
    """https://docs.slack.dev/reference/views ."""
    payload = view.payload
    return {
        "id": view.id,
        "team_id": workspace.team_id,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.bot_id,
        "type": view.type,
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "state": {"values": view.state},
        "blocks": payload["blocks"],
        "private_metadata": payload.get("private_metadata", ""),
        "callback_id": payload.get("callback_id", ""),
        "external_id": payload.get("external_id", ""),
        "title": payload.get("title"),
        "submit": payload.get("submit"),
        "close": payload.get("close"),
        "clear_on_close": payload.get("clear_on_close", False),
        "notify_on_close": payload.get("notify_on_close", False),
    }


def permalink(workspace: Workspace, file: File) -> str:
    """The address of a file for people."""
    return f"https://{workspace.domain}.slack.com/files/{file.user}/{file.id}/{quote(file.name)}"


def file_json(workspace: Workspace, file: File) -> Json:
    """https://docs.slack.dev/reference/objects/file-object ."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "size": file.length,
        "user": file.user,
        "channels": file.channels,
        "url_private": f"/files-pri/{file.id}/{quote(file.name)}",
        "permalink": permalink(workspace, file),
        **({"alt_txt": file.alt_text} if file.alt_text else {}),
    }


def usergroup_json(workspace: Workspace, group: Usergroup, *, users: bool) -> Json:
    """https://docs.slack.dev/reference/objects/usergroup-object ."""
    return {
        "id": group.id,
        "team_id": workspace.team_id,
        "is_usergroup": True,
        "handle": group.handle,
        "name": group.name,
        "user_count": len(group.users),
        **({"users": group.users} if users else {}),
    }
