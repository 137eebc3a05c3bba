"""Reads how people name a record: `INC-12`, `#12`, `12`, or a link to one of the bot's messages."""

import re
from typing import Final

from models.store import Store

_NUMBER: Final = re.compile(r"(?:INC-?|#)?(\d{1,9})", re.IGNORECASE)
# https://docs.slack.dev/reference/methods/chat.getPermalink : …/archives/C123/p1234567890123456?thread_ts=…
_LINK: Final = re.compile(
    r"<?https://[^\s/]+/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})[^\s>]*>?"
)
_THREAD: Final = re.compile(r"[?&]thread_ts=(\d{10}\.\d{6})")


def number_in(word: str) -> int | None:
    """Return the number that a typed id means."""
    found = _NUMBER.fullmatch(word.strip())
    return int(found[1]) if found else None


def is_link(word: str) -> bool:
    """Say whether a word is a link to a Slack message."""
    return _LINK.fullmatch(word.strip()) is not None


async def number_behind(store: Store, link: str, kind: str) -> int | None:
    """Return the number of the record (`kind` is `incident`, …) whose message or thread a link leads to."""
    found = _LINK.fullmatch(link.strip())
    if found is None:
        return None
    thread = _THREAD.search(link)
    own = f"{found['seconds']}.{found['rest']}"
    for ts in (thread[1], own) if thread else (own,):
        number = await number_at(store, found["channel"], ts, kind)
        if number is not None:
            return number
    return None


async def number_at(store: Store, channel_id: str, ts: str, kind: str) -> int | None:
    """Return the number of the record (`kind` is `incident`, …) that a message is about."""
    subject = await store.messages.subject_at(channel_id, ts)
    found, _, number = (subject or "").partition(":")
    return int(number) if found == kind and number.isdigit() else None
