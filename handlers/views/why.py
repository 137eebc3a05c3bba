"""What is said of why a message was posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views import Message
from handlers.views.layout import joined, message, paragraphs
from handlers.views.subjects import subject_words
from handlers.views.text import code, line, listed, plural
from handlers.views.times import duration, moment

WHY: Final = "why"
_MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One delivery behind a message."""

    number: int
    source: str
    event: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a message was posted: `rule` is the named reason of routing. `None` where it is forgotten by now.

    `version` counts the changes that wanted it said, `forgotten` the deliveries that are not kept any more.
    """

    subject: str
    part: str
    side: str
    rule: str
    bridge: str | None
    services: Sequence[str]
    version: int | None
    wanted_at: datetime | None
    said_at: datetime | None
    throttled_until: datetime | None
    throttled_by: str | None
    deliveries: Sequence[Delivered]
    forgotten: int


def explained(told: Why) -> Message:
    """Return why a message was posted, as whoever asked is shown."""
    title = f"*Why?* This is {subject_words(told.subject, told.part)}"
    lines = [
        title,
        f"*Rule* {code(told.rule)}: {rule_words(told.rule, told.bridge, told.side, told.services)}",
        *_history(told),
    ]
    lines += [_delivery(one) for one in told.deliveries[-_MOST:]]
    if told.forgotten:
        lines.append(f"… and {plural(told.forgotten, 'delivery', 'deliveries')} not kept any more")
    if told.throttled_until:
        why = code(told.throttled_by or "rate limit")
        lines.append(f"*Throttle* the channel is held up until {moment(told.throttled_until)}: {why}")
    else:
        lines.append("*Throttle* none: about one message a second goes to a channel, several changes are one edit")
    return message(title, paragraphs(lines))


def rule_words(rule: str, bridge: str | None, side: str, services: Sequence[str]) -> str:
    """Return what a named rule of routing means for a channel."""
    side = "dev" if side == "dev" else "ops"
    about = f" of {line(listed(list(services)), 200)}" if services else ""
    match rule:
        case "bridge":
            return f"this is the {side} channel of the bridge *{line(bridge or '', 60)}*, which hears{about}"
        case "home":
            return f"this is the {side} channel of the bridge *{line(bridge or '', 60)}*"
        case "admin":
            return "this is the admin channel: it hears what the bot could not do, and what belongs to no bridge"
        case _:
            return "it is for you, and not for a channel"


def _history(told: Why) -> list[str]:
    if told.version is None or told.wanted_at is None:
        return ["*History* forgotten by now: `retention.outbox_days` says how long it is kept"]
    changes = plural(told.version, "change")
    took = (told.said_at - told.wanted_at).total_seconds() if told.said_at else None
    said = f"last said {moment(told.said_at)}" if told.said_at else "not said yet"
    late = f"{duration(took)} after it was wanted" if took is not None and took >= 0 else None
    history = [f"*History* {joined([f'{changes} so far wanted it said', said, late])}"]
    if not told.deliveries and not told.forgotten:
        history.append("*From* no sender: a person, or the clock")
    return history


def _delivery(one: Delivered) -> str:
    words = f"*From* {line(one.source, 60)} {code(one.event)}, delivery {one.number}"
    return joined([words, f"received {moment(one.received_at)}"])
