"""Incidents and their timelines."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Row, Select, bindparam, delete, exists, func, or_, select, union, update

from models.records import Incident, TimelineEntry
from models.store.base import Noun, in_slices, record_fields, row_of, table_of, to_record, to_values
from models.store.inserts import Upsert, unless_there
from models.store.prepared import Prepared
from models.store.sides import subject_of
from models.tables import BlameRow, IncidentAliasRow, IncidentRow, IncidentServiceRow, MessageRow, TimelineRow
from models.words import BlameReason, Cause, IncidentStatus, Severity

_INCIDENTS = table_of(IncidentRow)
_SERVICES = table_of(IncidentServiceRow)
_TIMELINE = table_of(TimelineRow)
_ALIASES = table_of(IncidentAliasRow)
_BLAMES = table_of(BlameRow)
_CARDS = table_of(MessageRow)
_COLUMNS = record_fields(Incident, renamed={})
_OF_RECORD, _RECORD = row_of(_COLUMNS)
# What is looked through afterwards; what hardly anybody noticed is not.
_REVIEWED = (Severity.SEV1, Severity.SEV2, Severity.SEV3)
_ENTRY_COLUMNS = record_fields(TimelineEntry, renamed={})
_OF_ENTRY, _ENTRY = row_of(_ENTRY_COLUMNS)

_TOUCHES: Final = ("incident_id", "service", "started_at", "acknowledged_at", "resolved_at")
_RESOLVED: Final = IncidentStatus.RESOLVED

# Made once: making a statement takes longer than running it.
_BY_SENDERS_IDS = Prepared(
    select(_INCIDENTS).where(_INCIDENTS.c.incident_id.in_(bindparam("ids", expanding=True))).with_for_update()
)
_FORGET_SERVICES = Prepared(delete(_SERVICES).where(_SERVICES.c.incident_id.in_(bindparam("ids", expanding=True))))

IncidentKey: TypeAlias = tuple[str, str]


class Incidents(Noun):
    """Incidents, with the signals that opened none."""

    async def get(self, incident_id: int, *, lock: bool = False) -> Incident | None:
        """Return the incident with this number; `lock` keeps others from changing it until the transaction ends."""
        query = select(_INCIDENTS).where(_INCIDENTS.c.id == incident_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _incident(row) if row else None

    async def by_numbers(self, ids: Collection[int]) -> dict[int, Incident]:
        """Return incidents by their numbers."""
        found: dict[int, Incident] = {}
        for part in in_slices(ids):
            rows = await self._connection.execute(select(_INCIDENTS).where(_INCIDENTS.c.id.in_(part)))
            found.update((i.id, i) for i in map(_incident, rows))
        return found

    async def by_keys(self, keys: Collection[IncidentKey]) -> dict[IncidentKey, Incident]:
        """Return the stored ones of these (source, sender's incident id) pairs, locked."""
        found: dict[IncidentKey, Incident] = {}
        for part in in_slices({incident_id for _, incident_id in keys}):
            rows = await self._ask(_BY_SENDERS_IDS, ids=list(part))
            found.update(((i.source, i.incident_id), i) for i in map(_incident, rows))
        return {key: incident for key, incident in found.items() if key in keys}

    async def members(self, leader_id: int) -> list[Incident]:
        """Return the incidents shown in one message, the leader first, then by number."""
        query = select(_INCIDENTS).where(_INCIDENTS.c.leader_id == leader_id).order_by(_INCIDENTS.c.id)
        return [_incident(row) for row in await self._connection.execute(query)]

    async def open_leader(self, source: str, group_key: str) -> int | None:
        """Return the incident that leads a monitor's group as long as any of the group is open."""
        query = (
            select(_INCIDENTS.c.leader_id)
            .where(
                _INCIDENTS.c.source == source,
                _INCIDENTS.c.group_key == group_key,
                _INCIDENTS.c.status != IncidentStatus.RESOLVED,
                _INCIDENTS.c.is_signal.is_(False),
            )
            .order_by(_INCIDENTS.c.id)
            .limit(1)
        )
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def list_open(self, services: Collection[str] | None = None) -> list[Incident]:
        """Return what is open, worst severity first, then oldest; no signals, no tests."""
        query = _real().where(_INCIDENTS.c.status != IncidentStatus.RESOLVED)
        rows = await self._connection.execute(_of_services(query, services))
        return sorted(map(_incident, rows), key=lambda i: (i.severity or "sev9", i.started_at or i.received_at, i.id))

    async def ruled(self, limit: int) -> list[Incident]:
        """Return the newest incidents of which a person named a deploy or change as the cause."""
        query = _real().where(_INCIDENTS.c.ruled_causes != "[]").order_by(_INCIDENTS.c.id.desc()).limit(limit)
        return [_incident(row) for row in await self._connection.execute(query)]

    async def tests(self, limit: int) -> list[Incident]:
        """Return the newest test incidents."""
        query = select(_INCIDENTS).where(_INCIDENTS.c.is_test.is_(True), _INCIDENTS.c.is_signal.is_(False))
        rows = await self._connection.execute(query.order_by(_INCIDENTS.c.id.desc()).limit(limit))
        return [_incident(row) for row in rows]

    async def signals(self, services: Collection[str] | None, limit: int) -> list[Incident]:
        """Return the newest alerts that opened no incident and are not over."""
        over, signal = _INCIDENTS.c.status == IncidentStatus.RESOLVED, _INCIDENTS.c.is_signal.is_(True)
        query = _of_services(select(_INCIDENTS).where(signal, ~over), services)
        rows = await self._connection.execute(query.order_by(_INCIDENTS.c.id.desc()).limit(limit))
        return [_incident(row) for row in rows]

    async def recent(
        self,
        *,
        since: datetime,
        until: datetime | None = None,
        services: Collection[str] | None = None,
        limit: int = 50,
    ) -> list[Incident]:
        """Return incidents that started or were resolved in `[since, until)`, newest first."""
        started, resolved = _INCIDENTS.c.started_at >= since, _INCIDENTS.c.resolved_at >= since
        if until is not None:
            started, resolved = (
                started & (_INCIDENTS.c.started_at < until),
                resolved & (_INCIDENTS.c.resolved_at < until),
            )
        query = _of_services(_real().where(or_(started, resolved)), services)
        rows = await self._connection.execute(query.order_by(_INCIDENTS.c.id.desc()).limit(limit))
        return [_incident(row) for row in rows]

    async def recent_numbers(self, services: Collection[str], since: datetime) -> list[int]:
        """Return the numbers of these services' incidents that started or were resolved from an instant on."""
        c = _SERVICES.c
        mine = select(c.incident_id).where(c.service.in_(list(services)))
        query = union(mine.where(c.started_at >= since), mine.where(c.resolved_at >= since))
        return list((await self._connection.execute(query)).scalars())

    async def unreviewed(self, services: Collection[str], since: datetime, until: datetime) -> list[Incident]:
        """Return the leaders resolved in `[since, until)`, of the three worst severities, that nobody has closed since.

        The worst come first, then the oldest. What was never said in a channel (an imported history, say) is nobody's.
        """
        c = _INCIDENTS.c
        over = (
            (c.status == IncidentStatus.RESOLVED) & c.closed_at.is_(None) & (c.id == func.coalesce(c.leader_id, c.id))
        )
        was_said = exists().where(_CARDS.c.subject == subject_of(c.id), _CARDS.c.part == "card")
        query = _real().where(over, c.resolved_at >= since, c.resolved_at < until, c.severity.in_(_REVIEWED), was_said)
        rows = await self._connection.execute(_of_services(query, services).order_by(c.severity, c.id))
        return [_incident(row) for row in rows]

    async def remember_alias(self, source: str, alias: str, number: int) -> None:
        """Remember under which id a service knows an incident of ours."""
        statement = self._upsert(_ALIASES).values(source=source, alias=alias, incident_id=number)
        await self._connection.execute(statement.on_conflict_do_nothing())

    async def called(self, source: str, alias: str) -> Incident | None:
        """Return the incident of ours that a service knows under this id."""
        query = select(_ALIASES.c.incident_id).where(_ALIASES.c.source == source, _ALIASES.c.alias == alias)
        number = (await self._connection.execute(query)).scalar_one_or_none()
        return await self.get(number) if number else None

    async def nearest(self, number: int) -> int | None:
        """Return the incident whose number is nearest to one; `None` where there is none at all."""
        near = func.abs(_INCIDENTS.c.id - number)
        query = (
            select(_INCIDENTS.c.id).where(_INCIDENTS.c.is_signal.is_(False)).order_by(near, _INCIDENTS.c.id).limit(1)
        )
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def is_known(self, *, services: Collection[str] | None = None, environment: str | None = None) -> bool:
        """Say whether any incident names these services, or this environment."""
        query = _of_services(_real(), services)
        if environment is not None:
            query = query.where(_INCIDENTS.c.environment == environment)
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def page(
        self,
        *,
        services: Collection[str] | None,
        environment: str | None,
        status: str | None,
        since: datetime | None,
        until: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[Incident]:
        """Return the newest that started in `[since, until)`, by number below `before`; no signals, no tests."""
        query = _of_services(_real(), services)
        if environment is not None:
            query = query.where(_INCIDENTS.c.environment == environment)
        if status is not None:
            query = query.where(_INCIDENTS.c.status == status)
        if since is not None:
            query = query.where(_INCIDENTS.c.started_at >= since)
        if until is not None:
            query = query.where(_INCIDENTS.c.started_at < until)
        if before is not None:
            query = query.where(_INCIDENTS.c.id < before)
        rows = await self._connection.execute(query.order_by(_INCIDENTS.c.id.desc()).limit(limit))
        return [_incident(row) for row in rows]

    async def add(self, incident: Incident) -> Incident:
        """Store a new incident and return it with its number; without a leader it leads itself."""
        stored = replace(incident)
        await self.add_many([stored])
        return stored

    async def add_many(self, incidents: Sequence[Incident]) -> None:
        """Store new incidents and give them their numbers; who has no leader leads itself."""
        if not incidents:
            return
        numbers = await self._next_numbers(_INCIDENTS, len(incidents))
        for number, incident in zip(numbers, incidents, strict=True):
            incident.id, incident.leader_id = number, incident.leader_id or number
        await self._insert_new(_INCIDENTS, ("id", *_OF_RECORD), [(i.id, *_RECORD(i)) for i in incidents])
        await self._insert_new(_SERVICES, _TOUCHES, _touches(incidents))

    async def save(self, incident: Incident) -> None:
        """Write a changed incident back."""
        await self.save_many([incident])

    async def save_many(self, incidents: Sequence[Incident]) -> None:
        """Write changed incidents back."""
        await self._insert_rows(_INCIDENTS, ("id", *_OF_RECORD), [(i.id, *_RECORD(i)) for i in incidents], _saving)
        for part in in_slices(i.id for i in incidents):
            await self._do(_FORGET_SERVICES, ids=list(part))
        await self._insert_rows(_SERVICES, _TOUCHES, _touches(incidents), unless_there)

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """Return an incident's history, oldest first."""
        query = select(_TIMELINE).where(_TIMELINE.c.incident_id == incident_id).order_by(_TIMELINE.c.at, _TIMELINE.c.id)
        return [to_record(TimelineEntry, row, _ENTRY_COLUMNS) for row in await self._connection.execute(query)]

    async def without_cause(self, ids: Collection[int]) -> set[int]:
        """Return those of these incidents whose cause nobody recorded: neither a word for it nor a deployment.

        What is held against a deployment by inference alone is not recorded.
        """
        found: set[int] = set()
        for part in in_slices(ids):
            linked = exists().where(
                _BLAMES.c.blamer == "incident",
                _BLAMES.c.blamer_id == _INCIDENTS.c.id,
                _BLAMES.c.reason == BlameReason.EXPLICIT,
            )
            cause = func.coalesce(_INCIDENTS.c.ruled_cause, _INCIDENTS.c.cause)
            unknown = or_(cause.is_(None), cause == Cause.UNKNOWN)
            query = select(_INCIDENTS.c.id).where(_INCIDENTS.c.id.in_(part), unknown, ~linked)
            found.update((await self._connection.execute(query)).scalars())
        return found

    async def entry(self, number: int) -> TimelineEntry | None:
        """Return a line of a history by its number."""
        row = (await self._connection.execute(select(_TIMELINE).where(_TIMELINE.c.id == number))).first()
        return to_record(TimelineEntry, row, _ENTRY_COLUMNS) if row else None

    async def add_entry(self, entry: TimelineEntry, key: str) -> int | None:
        """Add a line to a history; return its number, `None` when the same key was there before."""
        statement = self._upsert(_TIMELINE).on_conflict_do_nothing(index_elements=["incident_id", "key"])
        row = to_values(entry, _ENTRY_COLUMNS)
        result = await self._connection.execute(statement.values(key=key, **row).returning(_TIMELINE.c.id))
        return result.scalar_one_or_none()

    async def add_entries(self, entries: Sequence[tuple[TimelineEntry, str]]) -> None:
        """Add lines to histories, each with its key; what is there stays as it is."""
        rows = [(key, *_ENTRY(entry)) for entry, key in entries]
        await self._insert_rows(_TIMELINE, ("key", *_OF_ENTRY), rows, unless_there)

    async def reword_marked(self, where: str, text: str) -> None:
        """Let the entries that were taken from a message read as it does now."""
        mine = _TIMELINE.c.message == where
        await self._connection.execute(update(_TIMELINE).where(mine).values(text=text or None))

    async def remove_marked(self, where: str, at: datetime) -> None:
        """Note that the message an entry was taken from is gone, or not marked any more."""
        mine = (_TIMELINE.c.message == where) & _TIMELINE.c.removed_at.is_(None)
        await self._connection.execute(update(_TIMELINE).where(mine).values(removed_at=at))

    async def restore_marked(self, where: str) -> None:
        """Note that the message is marked again."""
        await self._connection.execute(update(_TIMELINE).where(_TIMELINE.c.message == where).values(removed_at=None))


def _real() -> Select[Any]:
    return select(_INCIDENTS).where(_INCIDENTS.c.is_signal.is_(False), _INCIDENTS.c.is_test.is_(False))


def _of_services(query: Select[Any], services: Collection[str] | None) -> Select[Any]:
    if services is None:
        return query
    # Correlated, so that it looks at the services of the incidents in question, not at all a service ever had.
    touching = exists().where(_SERVICES.c.incident_id == _INCIDENTS.c.id, _SERVICES.c.service.in_(list(services)))
    return query.where(touching)


def _touches(incidents: Collection[Incident]) -> list[tuple[Any, ...]]:
    """Return the values of `_TOUCHES`: an incident with each of its services."""
    return [
        (i.id, service, i.started_at, i.acknowledged_at, i.resolved_at if i.status is _RESOLVED else None)
        for i in incidents
        for service in dict.fromkeys(i.services)
    ]


def _saving(statement: Upsert) -> Any:
    """Update rows that are there: Core's own way to update many takes longer than the database."""
    given = {name: statement.excluded[name] for name in _OF_RECORD if name not in ("source", "incident_id")}
    return statement.on_conflict_do_update(index_elements=["id"], set_=given)


def _incident(row: Row[Any]) -> Incident:
    return to_record(Incident, row, _COLUMNS)
