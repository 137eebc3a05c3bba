"""Reads a message as Slack tells it, in an event or in a thread's history: somebody's own words, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

# https://docs.slack.dev/reference/events/message#subtypes : those in which a person says something.
_SPOKEN: Final = (None, "file_share", "thread_broadcast", "me_message", "bot_message")
_MOST: Final = 11_000
_CUT: Final = " … _(the rest is in the original)_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Another bot that says something, as the message tells: its id, its name, its picture."""

    id: str
    name: str
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture in a message, as Slack tells of it; `url` needs the bot's token, `size` is in bytes."""

    file_id: str
    name: str
    mimetype: str
    size: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a person, or of a `bot`. `channel` is Slack's id, `files` pairs of name and address.

    `reactions` are the ids of who reacted, by emoji, the bot left out; `None` where the message does not tell.
    `reflected` are the emoji that the bot itself put on it. `is_private`: whether the
    channel was private then, `None` where that is not told.
    """

    channel: str
    ts: str
    thread_ts: str | None
    user_id: str
    text: str
    files: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Shown, ...] = ()
    edited_at: datetime | None = None
    permalink: str | None = None
    bot: Bot | None = None
    reactions: Mapping[str, tuple[str, ...]] | None = None
    reflected: tuple[str, ...] = ()
    is_private: bool | None = None

    @property
    def as_of(self) -> datetime:
        """When it came to read as it does."""
        return self.edited_at or self.at

    @property
    def where(self) -> str:
        """Its place in Slack, as timelines keep it."""
        return place(self.channel, self.ts)

    @property
    def at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(float(self.ts), UTC)


def place(channel: str, ts: str) -> str:
    """Return where a message is, as one word."""
    return f"{channel}:{ts}"


def said_in(message: Mapping[str, Any], channel: str) -> Said | None:
    """Return what somebody said; `None` for what Slack itself says."""
    if message.get("subtype") not in _SPOKEN or not (message.get("user") or message.get("bot_id")):
        return None
    return quoted(message, channel)


def quoted(message: Mapping[str, Any], channel: str) -> Said:
    """Return what a message says, whoever said it; `user_id` is empty where Slack names nobody."""
    thread_ts = message.get("thread_ts")
    edited = (message.get("edited") or {}).get("ts")
    kind = message.get("channel_type")
    return Said(
        channel=channel,
        ts=str(message["ts"]),
        thread_ts=str(thread_ts) if thread_ts and thread_ts != message["ts"] else None,
        user_id=str(message.get("user") or ""),
        text=_whole(str(message.get("text") or "")),
        files=tuple(_file(one) for one in message.get("files") or () if _is_there(one)),
        pictures=tuple(_picture(one) for one in message.get("files") or () if _is_picture(one)),
        edited_at=datetime.fromtimestamp(float(edited), UTC) if edited else None,
        bot=_bot(message),
        reactions=_reactions(message),
        is_private=kind == "group" if kind else None,
    )


def _whole(text: str) -> str:
    """Return a text as far as one message of the other side can hold it."""
    return text if len(text) <= _MOST else text[: text.rfind(" ", _MOST // 2, _MOST)] + _CUT


def _bot(message: Mapping[str, Any]) -> Bot | None:
    if not message.get("bot_id"):
        return None
    profile = message.get("bot_profile") or {}
    icons = {**(profile.get("icons") or {}), **(message.get("icons") or {})}
    pictures = (icons.get(name) for name in ("image_72", "image_48", "image_36"))
    name = str(message.get("username") or profile.get("name") or message["bot_id"])
    return Bot(id=str(message["bot_id"]), name=name, picture=next((str(one) for one in pictures if one), None))


def _reactions(message: Mapping[str, Any]) -> dict[str, tuple[str, ...]] | None:
    told = message.get("reactions")
    if told is None:
        return None
    return {str(one["name"]): tuple(map(str, one.get("users") or ())) for one in told}


def _is_there(one: Any) -> bool:
    # https://docs.slack.dev/reference/objects/file-object : of a deleted file a tombstone stays in the message.
    return isinstance(one, Mapping) and one.get("mode") not in ("tombstone", "hidden_by_limit")


def _file(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("title") or one.get("name") or "file"), str(one.get("permalink") or "")


def _is_picture(one: Any) -> bool:
    # What lies elsewhere (`external`) is not Slack's to give.
    is_ours = _is_there(one) and not one.get("is_external") and one.get("url_private")
    return bool(is_ours and str(one.get("mimetype") or "").startswith("image/"))


def _picture(one: Mapping[str, Any]) -> Shown:
    return Shown(
        file_id=str(one["id"]),
        name=str(one.get("name") or one.get("title") or "picture"),
        mimetype=str(one["mimetype"]),
        size=int(one.get("size") or 0),
        url=str(one["url_private"]),
    )
