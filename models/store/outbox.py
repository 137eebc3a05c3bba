"""What is still to be said: queued, taken, sent, put back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from models.store.base import Noun, table_of
from models.store.channels import Channels, is_free
from models.store.inserts import Upsert
from models.tables import ChannelRow, OutboxRow

_OUTBOX = table_of(OutboxRow)
_CHANNELS = table_of(ChannelRow)
# The very words of the partial index: SQLite uses it only for these (https://www.sqlite.org/partialindex.html).
_UNSENT = text("outbox.state <> 'sent'")

# A literal, not a parameter: partial indexes and prepared statements need the word itself.
_POSTING: ColumnElement[str] = literal_column("'posting'")

UNANSWERED = "unanswered"
# Of the deliveries behind a message the first some dozen are kept.
_LONGEST_TRAIL = 400

_QUEUED = ("key", "subject", "part", "side", "channel", "params", "trail", "priority", "due_at", "created_at")


class Notice(Protocol):
    """What is to be said; `handlers.routing.Notice` is one."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def part(self) -> str: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def side(self) -> str: ...  # noqa: D102
    @property
    def priority(self) -> int: ...  # noqa: D102
    @property
    def params(self) -> dict[str, str]: ...  # noqa: D102
    @property
    def trail(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One row of the outbox. `is_doubtful`: it was handed to Slack once and no answer was recorded."""

    id: int
    key: str
    subject: str
    part: str
    side: str
    channel: str
    params: dict[str, str]
    version: int
    attempts: int
    created_at: datetime
    posting_since: datetime | None
    reason: str | None
    is_doubtful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelQueue:
    """The state of one channel: how many messages wait since when, how many failed, what holds it up until when."""

    channel: str
    waiting: int
    oldest_at: datetime | None
    failed: int
    failed_reason: str | None
    last_sent_at: datetime | None
    paused_until: datetime | None
    pause_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a message came to be: how often it was wanted, since when, when it was said, from which deliveries.

    `version` counts every change that wanted it said; several that come at once are one message, or one edit.
    """

    version: int
    created_at: datetime
    sent_at: datetime | None
    state: str
    reason: str | None
    deliveries: tuple[int, ...]


class Outbox(Noun):
    """The outbox."""

    async def notify(self, notices: Iterable[Notice], at: datetime) -> int:
        """Queue what is to be said; what is queued or said already becomes due again. Returns how many rows."""
        latest: dict[str, Notice] = {}
        trails: dict[str, str] = {}
        for notice in notices:
            key = notice.key
            latest[key] = notice
            trails[key] = trails.get(key, "") + notice.trail
        rows = [
            (key, n.subject, n.part, n.side, n.channel, n.params, trails[key][:_LONGEST_TRAIL], n.priority, at, at)
            for key, n in latest.items()
        ]
        if rows:
            await self._insert_rows(_OUTBOX, _QUEUED, rows, _due_again)
            await Channels(self._connection).know({n.channel for n in latest.values()})
        return len(rows)

    async def claimable(self, at: datetime, holder: str) -> list[str]:
        """Return the channels that have something due, are not paused, and have no other voice."""
        is_ready = or_(_CHANNELS.c.next_at.is_(None), _CHANNELS.c.next_at <= at)
        mine = _OUTBOX.c.channel == _CHANNELS.c.name
        has_work = or_(exists().where(mine, _is_due(at)), exists().where(mine, _OUTBOX.c.state == _POSTING))
        query = select(_CHANNELS.c.name).where(is_ready, is_free(at, holder), has_work)
        return list((await self._connection.execute(query)).scalars())

    async def channels_of(self, subject: str, part: str) -> dict[str, str]:
        """Return the channels in which a part of a subject was or will be said, with their sides."""
        query = select(_OUTBOX.c.channel, _OUTBOX.c.side).where(_OUTBOX.c.subject == subject, _OUTBOX.c.part == part)
        return {row.channel: row.side for row in await self._connection.execute(query)}

    async def params_of(self, key: str) -> dict[str, str] | None:
        """Return what is told beside the record under a key; `None` where nothing is, or not any more."""
        found = (await self._connection.execute(select(_OUTBOX.c.params).where(_OUTBOX.c.key == key))).first()
        return dict(found.params) if found else None

    async def take(self, channel: str, at: datetime) -> OutboxItem | None:
        """Take the next thing to say in a channel: what was left in Slack's hands first, then by urgency and age.

        A subject's messages keep their order: none is taken while an earlier one of its subject waits.
        """
        earlier = _OUTBOX.alias("earlier")
        blocked = exists().where(
            earlier.c.channel == _OUTBOX.c.channel,
            earlier.c.subject == _OUTBOX.c.subject,
            earlier.c.state.in_(["waiting", "posting"]),
            earlier.c.id < _OUTBOX.c.id,
        )
        here = select(_OUTBOX).where(_OUTBOX.c.channel == channel)
        left = here.where(_OUTBOX.c.state == _POSTING).limit(1)
        due = here.where(_is_due(at), ~blocked).order_by(_OUTBOX.c.priority, _OUTBOX.c.id).limit(1)
        row = (await self._connection.execute(left)).first() or (await self._connection.execute(due)).first()
        if row is None:
            return None
        item = _item(row)
        since = item.posting_since if item.is_doubtful else at
        statement = update(_OUTBOX).where(_OUTBOX.c.id == row.id)
        await self._connection.execute(
            statement.values(state="posting", posting_since=since, attempts=_OUTBOX.c.attempts + 1)
        )
        return item

    async def lock(self, subject: str) -> None:
        """Let no one else record a message of this subject until the transaction ends (SQLite: one writer anyway)."""
        rows = select(_OUTBOX.c.id).where(_OUTBOX.c.subject == subject).order_by(_OUTBOX.c.id)
        await self._connection.execute(rows.with_for_update())

    async def sent(self, item: OutboxItem, at: datetime) -> None:
        """Record that a version was said; a version that came meanwhile stays due."""
        is_newest = _OUTBOX.c.version == item.version
        await self._connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id == item.id)
            .values(
                state=case((is_newest, "sent"), else_="waiting"),
                posted_version=item.version,
                sent_at=at,
                posting_since=None,
                attempts=0,
                reason=None,
            )
        )

    async def put_back(self, item: OutboxItem, *, due_at: datetime, reason: str) -> None:
        """Let a message wait for its next try. The reason `unanswered` keeps in mind that it may have arrived."""
        values: dict[str, Any] = {"state": "waiting", "due_at": due_at, "reason": reason}
        if reason != UNANSWERED:
            values["posting_since"] = None
        await self._connection.execute(update(_OUTBOX).where(_OUTBOX.c.id == item.id).values(values))

    async def fail(self, item: OutboxItem, reason: str) -> None:
        """Keep a message that Slack will not take until a person acts; it stays visible and can be retried."""
        statement = update(_OUTBOX).where(_OUTBOX.c.id == item.id)
        await self._connection.execute(statement.values(state="failed", reason=reason, posting_since=None))

    async def retry(self, channel: str | None, at: datetime) -> int:
        """Let failed messages be tried again, of one channel or of all; return how many."""
        statement = update(_OUTBOX).where(_OUTBOX.c.state == "failed")
        if channel is not None:
            statement = statement.where(_OUTBOX.c.channel == channel)
        result = await self._connection.execute(statement.values(state="waiting", due_at=at, attempts=0, reason=None))
        return result.rowcount

    async def failures(self, limit: int = 20, channel: str | None = None) -> list[OutboxItem]:
        """Return the newest messages that Slack refused for good."""
        query = select(_OUTBOX).where(_OUTBOX.c.state == "failed")
        if channel is not None:
            query = query.where(_OUTBOX.c.channel == channel)
        rows = await self._connection.execute(query.order_by(_OUTBOX.c.id.desc()).limit(limit))
        return [_item(row) for row in rows]

    async def waiting(self, limit: int = 20, channel: str | None = None) -> list[OutboxItem]:
        """Return the messages that wait, the oldest first."""
        query = select(_OUTBOX).where(_UNSENT, _OUTBOX.c.state.in_(["waiting", "posting"]))
        if channel is not None:
            query = query.where(_OUTBOX.c.channel == channel)
        rows = await self._connection.execute(query.order_by(_OUTBOX.c.created_at, _OUTBOX.c.id).limit(limit))
        return [_item(row) for row in rows]

    async def told(self, key: str) -> Told | None:
        """Return what is known of how a message came to be; `None` once it is forgotten."""
        row = (await self._connection.execute(select(_OUTBOX).where(_OUTBOX.c.key == key))).first()
        if row is None:
            return None
        return Told(
            version=row.version,
            created_at=row.created_at,
            sent_at=row.sent_at,
            state=row.state,
            reason=row.reason,
            deliveries=tuple(dict.fromkeys(map(int, row.trail.split()))),
        )

    async def queues(self) -> list[ChannelQueue]:
        """Return the state of every channel that was ever posted to or has something waiting, by name."""
        waits = _OUTBOX.c.state.in_(["waiting", "posting"])
        query: Select[Any] = (
            select(
                _OUTBOX.c.channel,
                func.count(case((waits, 1))).label("waiting"),
                func.min(case((waits, _OUTBOX.c.created_at)), type_=_OUTBOX.c.created_at.type).label("oldest_at"),
                func.count(case((_OUTBOX.c.state == "failed", 1))).label("failed"),
                func.max(case((_OUTBOX.c.state == "failed", _OUTBOX.c.reason))).label("failed_reason"),
                func.max(_OUTBOX.c.sent_at, type_=_OUTBOX.c.sent_at.type).label("last_sent_at"),
                func.max(_CHANNELS.c.next_at, type_=_CHANNELS.c.next_at.type).label("paused_until"),
                func.max(_CHANNELS.c.pause_reason).label("pause_reason"),
            )
            .select_from(_OUTBOX.outerjoin(_CHANNELS, _CHANNELS.c.name == _OUTBOX.c.channel))
            .group_by(_OUTBOX.c.channel)
            .order_by(_OUTBOX.c.channel)
        )
        return [ChannelQueue(**row._mapping) for row in await self._connection.execute(query)]

    async def backlog(self) -> tuple[int, datetime | None]:
        """Return how many messages wait, and since when the oldest does."""
        waits = and_(_UNSENT, _OUTBOX.c.state.in_(["waiting", "posting"]))
        oldest = func.min(_OUTBOX.c.created_at, type_=_OUTBOX.c.created_at.type)
        query = select(func.count().label("n"), oldest.label("oldest")).where(waits)
        row = (await self._connection.execute(query)).one()
        return row.n, row.oldest

    async def prune(self, before: datetime) -> int:
        """Forget replies and cards that were said before an instant; where they are stays known. Returns how many."""
        statement = delete(_OUTBOX).where(_OUTBOX.c.state == "sent", _OUTBOX.c.sent_at < before)
        return (await self._connection.execute(statement)).rowcount


def _due_again(statement: Upsert) -> Any:
    """Make a row that is there already due again, with a higher version. Only literals: the statement is kept."""
    new = statement.excluded
    was_sent = _OUTBOX.c.state == literal_column("'sent'")
    is_in_hand = _OUTBOX.c.state == literal_column("'posting'")
    again = {
        "version": _OUTBOX.c.version + literal_column("1"),
        "state": case((is_in_hand, literal_column("'posting'")), else_=literal_column("'waiting'")),
        "params": new.params,
        "trail": case(
            (func.length(_OUTBOX.c.trail) < literal_column("400"), _OUTBOX.c.trail.concat(new.trail)),
            else_=_OUTBOX.c.trail,
        ),
        "priority": case((_OUTBOX.c.priority < new.priority, _OUTBOX.c.priority), else_=new.priority),
        "due_at": case((was_sent, new.due_at), else_=_OUTBOX.c.due_at),
        "created_at": case((was_sent, new.created_at), else_=_OUTBOX.c.created_at),
    }
    return statement.on_conflict_do_update(index_elements=["key"], set_=again)


def _is_due(at: datetime) -> ColumnElement[bool]:
    return and_(_UNSENT, _OUTBOX.c.state == "waiting", _OUTBOX.c.due_at <= at)


def _item(row: Row[Any]) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        key=row.key,
        subject=row.subject,
        part=row.part,
        side=row.side,
        channel=row.channel,
        params=row.params,
        version=row.version,
        attempts=row.attempts,
        created_at=row.created_at,
        posting_since=row.posting_since,
        reason=row.reason,
        is_doubtful=row.state == "posting" or row.reason == UNANSWERED,
    )
