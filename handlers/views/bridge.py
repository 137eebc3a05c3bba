"""What `/bridge` shows: who is connected, when each sender was last heard, what waits, what is held, what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.views import Block, Message, calls
from handlers.views.failures import UnknownName, reason_words
from handlers.views.layout import context, header, joined, message, paragraphs, said
from handlers.views.text import channel_link, code, line, place_link, plural
from handlers.views.times import ago, duration, moment
from models.calls import CallQueue
from models.topology import Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One sender. `last_at` `None`: never heard. `usual_gap_s` are the seconds usual between two deliveries."""

    name: str
    kind: str
    last_at: datetime | None
    deliveries: int
    usual_gap_s: float | None
    is_silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One channel the bot posts to: what waits, what failed and why, what holds it up."""

    channel: str
    waiting: int
    oldest_at: datetime | None
    failed: int
    failed_reason: str | None
    last_sent_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that `/bridge status` tells. `to_apply`, `failed` count deliveries."""

    bridges: Sequence[Bridge]
    senders: Sequence[Sender]
    outgoing: Sequence[Outgoing]
    names: Sequence[UnknownName]
    to_apply: int
    oldest_to_apply: datetime | None
    failed: int
    elsewhere: Sequence[CallQueue] = ()
    paging: Sequence[str] = ()


def status(told: Status) -> Message:
    """Return the state of everything that connects the channels."""
    waiting = sum(channel.waiting for channel in told.outgoing)
    refused = sum(channel.failed for channel in told.outgoing)
    silent = sum(sender.is_silent for sender in told.senders)
    words = [
        plural(len(told.bridges), "bridge"),
        plural(len(told.senders), "sender") + (f", {silent} silent" if silent else ""),
        f"{plural(waiting, 'message')} waiting" if waiting else "nothing waiting",
        f"{refused} refused" if refused else None,
    ]
    blocks = [
        header("Bridges"),
        *paragraphs([_bridge(bridge) for bridge in told.bridges] or ["none is configured"]),
        header("Senders"),
        *paragraphs([_sender(sender) for sender in told.senders] or ["none is configured"]),
        header("Channels"),
        *paragraphs([_outgoing(channel) for channel in told.outgoing] or ["nothing was posted yet"]),
        *([header("Elsewhere"), *paragraphs([calls.queue(one) for one in told.elsewhere])] if told.elsewhere else []),
        *([header("Paging"), *paragraphs(told.paging)] if told.paging else []),
        *_held(told),
        context(_deliveries(told)),
    ]
    return message(joined(words), blocks)


def mapped(kind: str, name: str, target: str, released: int) -> Message:
    """Return what the person who mapped a name is shown."""
    applied = f" {plural(released, 'held delivery', 'held deliveries')} will be applied now." if released else ""
    return said(f"🏷️ The {kind} {code(name)} is {line(target, 80)} from now on.{applied}")


def retried(channel: str | None, count: int) -> Message:
    """Return what the person who asked for another try is shown."""
    where = channel_link(channel) if channel else "any channel"
    if not count:
        return said(f"Nothing was refused in {where}.")
    return said(
        f"🔁 {plural(count, 'message')} to {channel_link(channel) if channel else 'all channels'} will be tried again."
    )


def called_again(name: str | None, count: int) -> Message:
    """Return what the person who asked for another try of what is told elsewhere is shown."""
    where = line(name, 80) if name else "anybody elsewhere"
    if not count:
        return said(f"Nothing that {where} was to be told has failed.")
    return said(f"🔁 {plural(count, 'call')} to {where} will be made again.")


def _bridge(bridge: Bridge) -> str:
    linked = f"linked by {line(bridge.link.linked_by, 60)} {ago(bridge.link.linked_at)}" if bridge.link else None
    sides = f"*{line(bridge.name)}*: {channel_link(bridge.dev)} ↔ {channel_link(bridge.ops)}"
    return joined([sides, line(", ".join(bridge.services), 300), linked])


def _sender(sender: Sender) -> str:
    name = f"*{line(sender.name, 80)}* ({line(sender.kind, 40)})"
    if sender.last_at is None:
        return f"⚪ {name} was never heard"
    usual = f"usually every {duration(sender.usual_gap_s)}" if sender.usual_gap_s else None
    mark = "🟠" if sender.is_silent else "🟢"
    last = ("silent, last heard " if sender.is_silent else "last heard ") + ago(sender.last_at)
    return joined([f"{mark} {name} {last}", plural(sender.deliveries, "delivery", "deliveries"), usual])


def _outgoing(channel: Outgoing) -> str:
    name = f"*{place_link(channel.channel)}*"
    mark = "🔴" if channel.failed else "🟠" if channel.waiting else "🟢"
    refused = (
        f"{channel.failed} refused: {reason_words(channel.failed_reason or 'unknown')}" if channel.failed else None
    )
    oldest = f", the oldest came {ago(channel.oldest_at)}" if channel.oldest_at else ""
    waiting = f"{plural(channel.waiting, 'message waits', 'messages wait')}{oldest}" if channel.waiting else None
    last = f"last posted {ago(channel.last_sent_at)}" if channel.last_sent_at else "nothing posted yet"
    retry = code(f"/bridge retry {channel.channel}") if channel.failed else None
    return joined([f"{mark} {name} {last}", waiting, _paused(channel), refused, retry])


def _paused(channel: Outgoing) -> str | None:
    if channel.paused_until is None or not channel.pause_reason:
        return None
    return f"held up until {moment(channel.paused_until)}: {line(channel.pause_reason)}"


def _held(told: Status) -> list[Block]:
    if not told.names:
        return []
    lines = [
        f"• {name.kind} {code(name.name)}: {plural(name.deliveries, 'delivery', 'deliveries')}"
        for name in told.names[:20]
    ]
    return [header("Unknown names"), *paragraphs([*lines, "Map one: `/bridge map NAME as SERVICE`"])]


def _deliveries(told: Status) -> str:
    oldest = f", the oldest came {ago(told.oldest_to_apply)}" if told.oldest_to_apply else ""
    waiting = f"{plural(told.to_apply, 'delivery', 'deliveries')} to apply{oldest}"
    return joined([waiting, f"{told.failed} could not be applied (`twinspan replay`)" if told.failed else None])
