"""Who is on call: rotations, copied calendars and overrides together, and who still is because nobody took over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from handlers.errors import PostFailure
from models.handoffs import Handoff, HandoffState
from models.oncall import HORIZON, OnCallSchedule, Shift, shift_at, shifts
from models.people import Person, people_called
from models.store import Store
from models.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who is on call now. `until` is `None` where it does not end in the next weeks, or when somebody takes over.

    `handoff` is the one that is not accepted: until it is, `person` is its outgoing one.
    """

    person: str
    since: datetime
    until: datetime | None
    why: str
    handoff: Handoff | None = None


async def rota(store: Store, schedule: OnCallSchedule, start: datetime, end: datetime) -> list[Shift]:
    """Return who is on call in `[start, end)` by the schedule, in order."""
    copy = await store.oncall.copy(schedule.name) if schedule.ical or schedule.pagerduty else None
    overrides = await store.oncall.overrides(schedule.name, start, end)
    return shifts(schedule, start, end, overrides=overrides, copied=copy.shifts if copy else ())


async def who(store: Store, schedule: OnCallSchedule, at: datetime) -> Duty | None:
    """Return who is on call at an instant, by the schedule and by who accepted; `None`: nobody."""
    waiting = [h for h in await _waiting(store, schedule) if h.boundary <= at]
    if waiting:
        first = waiting[0]
        return Duty(person=first.outgoing, since=first.boundary, until=None, why="not handed over", handoff=first)
    around = await rota(store, schedule, at - HORIZON, at + HORIZON)
    shift = shift_at(around, at)
    if shift is None:
        return None
    until = shift.end if shift.end < at + HORIZON else None
    return Duty(person=shift.person, since=shift.start, until=until, why=shift.why)


async def _waiting(store: Store, schedule: OnCallSchedule) -> list[Handoff]:
    return [h for h in await store.oncall.open_handoffs(schedule.name) if h.state is HandoffState.WAITING]


async def next_shift(store: Store, schedule: OnCallSchedule, at: datetime) -> Shift | None:
    """Return the first shift that begins after an instant."""
    around = await rota(store, schedule, at, at + HORIZON)
    return next((shift for shift in around if shift.start > at), None)


async def on_call_for(store: Store, schedules: Iterable[OnCallSchedule], at: datetime) -> list[Duty]:
    """Return who is on call in some schedules, each person once."""
    found = [duty for schedule in schedules if (duty := await who(store, schedule, at))]
    return list({duty.person: duty for duty in found}.values())


async def around(store: Store, topology: Topology, service: str, at: datetime) -> list[str]:
    """Return who is on call for a service at an instant, by name."""
    return [duty.person for duty in await on_call_for(store, topology.schedules_for([service]), at)]


async def everybody(ctx: Context) -> list[Person]:
    """Return the people of the workspace; nobody where Slack does not tell."""
    try:
        return list(await ctx.directory.people())
    except PostFailure:
        return []


def person_of(member: str, people: Iterable[Person]) -> Person | None:
    """Return the person whom a schedule calls so; `None` where nobody, or more than one, is called so."""
    found = people_called(member, people)
    return found[0] if len(found) == 1 else None


def is_called(person: Person, member: str) -> bool:
    """Say whether a schedule means this person."""
    return bool(people_called(member, [person]))
