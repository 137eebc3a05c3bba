"""What is said of delivery: by channel what was last delivered, what waits and since when, what was refused and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from handlers.views import Block, Message
from handlers.views.failures import reason_words
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, section
from handlers.views.subjects import subject_words
from handlers.views.text import line, place_link, plural
from handlers.views.times import ago, moment

OPEN_WAITING: Final = "delivery_waiting"
OPEN_FAILED: Final = "delivery_failed"
RETRY: Final = "delivery_retry"
WAITING: Final = "waiting"
FAILED: Final = "failed"
_MOST: Final = 15


class Lane(Protocol):
    """The state of one channel; `models.store.outbox.ChannelQueue` is one."""

    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def waiting(self) -> int: ...  # noqa: D102
    @property
    def oldest_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def failed(self) -> int: ...  # noqa: D102
    @property
    def failed_reason(self) -> str | None: ...  # noqa: D102
    @property
    def last_sent_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def paused_until(self) -> datetime | None: ...  # noqa: D102
    @property
    def pause_reason(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message that waits, or that was refused."""

    subject: str
    part: str
    since: datetime
    attempts: int
    reason: str | None


def ledger(lanes: Sequence[Lane], at: datetime) -> Message:
    """Return what became of what was to be said, channel by channel."""
    if not lanes:
        return message("Delivery: no channel yet", paragraphs(["📭 No channel is configured, and nothing was posted."]))
    waiting, failed = sum(lane.waiting for lane in lanes), sum(lane.failed for lane in lanes)
    text = joined(
        [
            f"Delivery: {plural(len(lanes), 'channel')}",
            f"{waiting} waiting" if waiting else "nothing waits",
            f"{failed} refused" if failed else None,
        ]
    )
    blocks: list[Block] = [header("Delivery")]
    for lane in lanes[:_MOST]:
        blocks += _lane(lane, at)
    if len(lanes) > _MOST:
        blocks.append(context(f"… and {len(lanes) - _MOST} more: `/bridge delivery #channel` shows one."))
    return message(text, blocks)


def _lane(lane: Lane, at: datetime) -> list[Block]:
    last = f"last delivered {ago(lane.last_sent_at)}" if lane.last_sent_at else "nothing delivered yet"
    oldest = f"the oldest waits since {moment(lane.oldest_at)}" if lane.waiting and lane.oldest_at else None
    mark = "🔴" if lane.failed else "🟠" if lane.waiting else "🟢" if lane.last_sent_at else "⚪"
    held = None
    if lane.paused_until and lane.pause_reason and lane.paused_until > at:
        held = f"held up until {moment(lane.paused_until)}: {reason_words(lane.pause_reason)}"
    why = f"refused: {reason_words(lane.failed_reason or 'unknown')}" if lane.failed else None
    blocks = [section(joined([f"{mark} *{place_link(lane.channel)}* {last}", oldest, held, why]))]
    row = []
    if lane.waiting:
        row.append(button(f"{lane.waiting} waiting", OPEN_WAITING, lane.channel))
    if lane.failed:
        row += [
            button(f"{lane.failed} failed", OPEN_FAILED, lane.channel),
            button("Retry", RETRY, lane.channel, style="primary"),
        ]
    return [*blocks, actions(*row)] if row else blocks


def opened(kind: str, channel: str, items: Sequence[Item]) -> Message:
    """Return what waits in a channel, or what it refused, one line for each message."""
    name = place_link(channel)
    if not items:
        words = f"📭 Nothing {'was refused' if kind == FAILED else 'waits'} in {name} any more."
        return message(words, paragraphs([words]))
    title = f"*{'Refused by' if kind == FAILED else 'Waiting for'} {name}*"
    lines = [title, *(_item(item) for item in items)]
    row = [actions(button("Retry", RETRY, channel, style="primary"))] if kind == FAILED else []
    return message(f"{title}: {len(items)}", [*paragraphs(lines), *row])


def _item(item: Item) -> str:
    tries = f"tried {plural(item.attempts, 'time')}" if item.attempts else "not tried yet"
    reason = reason_words(line(item.reason, 80)) if item.reason else None
    return "• " + joined([subject_words(item.subject, item.part), f"since {moment(item.since)}", tries, reason])
