"""Who is on call when: rotations on the clock on the wall, layers, restrictions, overrides. Pure arithmetic.

A turn begins when the clock on the wall shows its handoff time, so that nothing moves by an hour when clocks do. A
handoff time that clocks skip comes as much later as they jump; one that they show twice is the first. Turns of hours
are true hours. Later layers stand before earlier ones, overrides before layers, the latest override before the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

Unit: TypeAlias = Literal["hour", "day", "week"]

HORIZON: Final = timedelta(days=35)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Hours of some weekdays (0 is Monday) on the clock on the wall; `to` at or before `begins` is the next day's."""

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A rotation: its members take turns of `every` units from the first handoff on or after `starts`.

    `weekday` (0 is Monday) is when turns of weeks change, `handoff` the time on the clock on the wall. Without
    `restrictions` a layer is always on.
    """

    name: str
    members: tuple[str, ...]
    unit: Unit = "week"
    every: int = 1
    handoff: time = time(9)
    weekday: int = 0
    starts: date
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OnCallSchedule:
    """One schedule, in one zone: layers of our own, or a calendar or PagerDuty schedule that is copied.

    `backup` and `lead` are asked when nobody accepts a handoff. `usergroup` is kept equal to who is on call. With a
    `bridge`, shifts are handed over in its ops channel.
    """

    name: str
    timezone: str = "UTC"
    layers: tuple[Layer, ...] = ()
    ical: str | None = None
    pagerduty: str | None = None
    usergroup: str | None = None
    bridge: str | None = None
    backup: str | None = None
    lead: str | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone its clock on the wall is in."""
        return ZoneInfo(self.timezone)

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody who takes turns, each once."""
        return tuple(dict.fromkeys(member for layer in self.layers for member in layer.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody is on call instead, in `[start, end)`. `id` is 0 before it is stored."""

    id: int = 0
    schedule: str
    person: str
    start: datetime
    end: datetime
    by: str
    made_at: datetime
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person is on call in `[start, end)`; `why` is the layer, `override`, `calendar` or `pagerduty`."""

    person: str
    start: datetime
    end: datetime
    why: str


def shifts(
    schedule: OnCallSchedule,
    start: datetime,
    end: datetime,
    *,
    overrides: Iterable[Override] = (),
    copied: Iterable[Shift] = (),
) -> list[Shift]:
    """Return who is on call in `[start, end)`, in order, disjoint; neighbours of one person are one shift.

    `copied` are the shifts of its calendar or of PagerDuty.
    """
    spans: list[Shift] = []
    for shift in copied:
        spans = _laid_over(spans, shift)
    for layer in schedule.layers:
        for shift in _of_layer(layer, schedule.zone, start, end):
            spans = _laid_over(spans, shift)
    standing = [o for o in overrides if o.cancelled_at is None and o.start < end and o.end > start]
    for o in sorted(standing, key=lambda o: (o.made_at, o.id)):
        spans = _laid_over(spans, Shift(person=o.person, start=o.start, end=o.end, why="override"))
    return _merged(_clipped(spans, start, end))


def shift_at(shifts: Iterable[Shift], at: datetime) -> Shift | None:
    """Return the one of these shifts that runs at an instant."""
    return next((shift for shift in shifts if shift.start <= at < shift.end), None)


def gaps(found: Sequence[Shift], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return when in `[start, end)` nobody is on call; `found` are the shifts of that time, in order."""
    edges = [start, *(edge for shift in found for edge in (shift.start, shift.end)), end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def meant_to_be_covered(schedule: OnCallSchedule) -> bool:
    """Say whether somebody is on call at all times by the schedule's own words: one of its layers is always on."""
    return any(not layer.restrictions for layer in schedule.layers)


def double_bookings(by_schedule: Mapping[str, Sequence[Shift]]) -> list[tuple[str, str, str, datetime, datetime]]:
    """Return (person, one schedule, another, from, until) wherever one person is on call in two at once."""
    names = sorted(by_schedule)
    return [
        (a.person, one, other, max(a.start, b.start), min(a.end, b.end))
        for n, one in enumerate(names)
        for other in names[n + 1 :]
        for a in by_schedule[one]
        for b in by_schedule[other]
        if a.person == b.person and a.start < b.end and b.start < a.end
    ]


def _of_layer(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Shift]:
    if not layer.members:
        return
    turn = max(_turn_at(layer, zone, start), 0)
    while (begins := _turn_start(layer, zone, turn)) < end:
        shift = Shift(
            person=layer.members[turn % len(layer.members)],
            start=begins,
            end=_turn_start(layer, zone, turn + 1),
            why=layer.name,
        )
        yield from _restricted(shift, layer.restrictions, zone) if layer.restrictions else [shift]
        turn += 1


def _first_day(layer: Layer) -> date:
    """Return the local day of the first handoff."""
    if layer.unit != "week":
        return layer.starts
    return layer.starts + timedelta(days=(layer.weekday - layer.starts.weekday()) % 7)


def _turn_start(layer: Layer, zone: ZoneInfo, turn: int) -> datetime:
    first = _first_day(layer)
    if layer.unit == "hour":
        return on_the_wall(first, layer.handoff, zone) + timedelta(hours=turn * layer.every)
    days = layer.every * (7 if layer.unit == "week" else 1)
    return on_the_wall(first + timedelta(days=turn * days), layer.handoff, zone)


def _turn_at(layer: Layer, zone: ZoneInfo, at: datetime) -> int:
    """Return the number of the turn that runs at an instant; negative before the first."""
    first = _turn_start(layer, zone, 0)
    length = _turn_start(layer, zone, 1) - first
    turn = (at - first) // length
    # Turns of days are longer or shorter by an hour when clocks change.
    while _turn_start(layer, zone, turn) > at:
        turn -= 1
    while _turn_start(layer, zone, turn + 1) <= at:
        turn += 1
    return turn


def on_the_wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks in a zone show a time (see the module for skipped and doubled ones)."""
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def _restricted(shift: Shift, restrictions: Sequence[Restriction], zone: ZoneInfo) -> Iterator[Shift]:
    """Return the parts of a shift that lie within the hours of its layer."""
    day = shift.start.astimezone(zone).date() - _DAY
    last = shift.end.astimezone(zone).date()
    while day <= last:
        for r in restrictions:
            if day.weekday() in r.days:
                ends_on = day if r.ends > r.begins else day + _DAY
                begins = max(on_the_wall(day, r.begins, zone), shift.start)
                ends = min(on_the_wall(ends_on, r.ends, zone), shift.end)
                if begins < ends:
                    yield replace(shift, start=begins, end=ends)
        day += _DAY


def _laid_over(spans: list[Shift], top: Shift) -> list[Shift]:
    """Return spans with one more on top: what it covers of the others is cut away."""
    if top.start >= top.end:
        return spans
    kept: list[Shift] = []
    for span in spans:
        if span.end <= top.start or span.start >= top.end:
            kept.append(span)
            continue
        if span.start < top.start:
            kept.append(replace(span, end=top.start))
        if span.end > top.end:
            kept.append(replace(span, start=top.end))
    return [*kept, top]


def _clipped(spans: Iterable[Shift], start: datetime, end: datetime) -> list[Shift]:
    inside = (replace(s, start=max(s.start, start), end=min(s.end, end)) for s in spans)
    return sorted((s for s in inside if s.start < s.end), key=lambda s: s.start)


def _merged(spans: Iterable[Shift]) -> list[Shift]:
    merged: list[Shift] = []
    for span in spans:
        if merged and merged[-1].person == span.person and merged[-1].end == span.start:
            merged[-1] = replace(merged[-1], end=span.end)
        else:
            merged.append(span)
    return merged
