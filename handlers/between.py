"""Reads the numbers between the two sides: of every period of a report at once, so that no query is asked twice."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.reports import Report, and_before
from models.delivery import Facts, Numbers
from models.handoffs import Handoff
from models.periods import Window
from models.sides import Between, Remembered, between
from models.store import Store
from models.topology import Topology


async def with_both_sides(store: Store, topology: Topology, report: Report) -> Report:
    """Return a report with the numbers between the two sides.

    A change and a handoff are of a service, whichever environment the report is narrowed to.
    """
    windows, services = and_before(report.window), report.scope.services
    told = await read_between(store, topology, services, windows, report.facts, report.history, report.as_of)
    return replace(report, between=told)


async def read_between(
    store: Store,
    topology: Topology,
    services: Collection[str] | None,
    windows: Sequence[Window],
    facts: Facts,
    numbers: Sequence[Numbers],
    as_of: datetime,
) -> tuple[Between, ...]:
    """Return the numbers between the two sides of each of some adjacent windows, as they stand at `as_of`."""
    start, end = windows[0].start, windows[-1].end
    began = ((i.id, i.started_at) for i in facts.incidents if i.started_at and i.started_at <= as_of)
    started = [(number, at) for number, at in began if start <= at < end]
    ids = [number for number, _ in started]
    has_changes = any(n.changes for n in numbers)
    unowned = await store.changes.without_owner(services, start, end, facts.received_by) if has_changes else []
    schedules = topology.schedules if services is None else topology.schedules_for(services)
    handoffs = await store.oncall.handoffs_between([s.name for s in schedules], start, end) if schedules else []
    patience = topology.handoffs.again_after
    known = Remembered(
        started=started,
        signs=await store.sides.first_signs(ids, as_of),
        causeless=await store.incidents.without_cause(ids),
        unowned=[at for at in unowned if at <= as_of],
        handoffs=[(h.boundary, _is_on_time(h, patience, as_of)) for h in handoffs if h.boundary <= as_of],
    )
    return tuple(between(window, known, n) for window, n in zip(windows, numbers, strict=True))


def _is_on_time(handoff: Handoff, patience: timedelta, as_of: datetime) -> bool:
    is_known = handoff.accepted_at is not None and handoff.accepted_at <= as_of
    return is_known and handoff.is_accepted_within(patience)
