"""Reads a message as Slack tells it, in an event or in a thread's history: a person's own words, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

# https://docs.slack.dev/reference/events/message#subtypes : those in which a person says something.
_SPOKEN: Final = (None, "file_share", "thread_broadcast", "me_message")
_MOST: Final = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a person. `channel` is Slack's id, `files` pairs of name and address."""

    channel: str
    ts: str
    thread_ts: str | None
    user_id: str
    text: str
    files: tuple[tuple[str, str], ...] = ()
    edited_at: datetime | None = None
    permalink: str | None = None

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
    """Return what a person said; `None` for what bots and Slack itself say, so that nothing is ever carried twice."""
    if message.get("bot_id") or message.get("subtype") not in _SPOKEN or not message.get("user"):
        return None
    return quoted(message, channel)


def quoted(message: Mapping[str, Any], channel: str) -> Said:
    """Return what a message says, whoever said it; `user_id` is empty where Slack names nobody."""
    thread_ts = message.get("thread_ts")
    edited = (message.get("edited") or {}).get("ts")
    return Said(
        channel=channel,
        ts=str(message["ts"]),
        thread_ts=str(thread_ts) if thread_ts and thread_ts != message["ts"] else None,
        user_id=str(message.get("user") or ""),
        text=str(message.get("text") or "")[:_MOST],
        files=tuple(_file(one) for one in message.get("files") or () if isinstance(one, Mapping)),
        edited_at=datetime.fromtimestamp(float(edited), UTC) if edited else None,
    )


def _file(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("title") or one.get("name") or "file"), str(one.get("permalink") or "")
