"""The `on_call` of `twinspan.yaml`: schedules, and how shifts are handed over."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from bot.settings_entry import Entry, Words
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean
from models.handoffs import HandoffPlan
from models.oncall import Layer, OnCallSchedule, Restriction, Unit

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LENGTH: Final = re.compile(r"(\d{1,3})\s*(h|d|w)")
_UNITS: Final[dict[str, Unit]] = {"h": "hour", "d": "day", "w": "week"}
_HANDOFF: Final = re.compile(r"(?:(?P<day>[a-z]{3})[a-z]*\s+)?(?P<clock>\d{1,2}:\d{2})", re.IGNORECASE)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def _as_written(value: object) -> object:
    """Read `09:00`, which YAML 1.1 takes for minutes of a day, as it was written."""
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) and not isinstance(value, bool) else value


Clock = Annotated[str, BeforeValidator(_as_written, json_schema_input_type=str)]


class HoursEntry(Entry):
    """Hours of some weekdays."""

    days: Words = Field(default=("mon-sun",), description="Weekdays: mon, or mon-fri.")
    begins: Clock = Field(default="00:00", alias="from", description="HH:MM on the clock on the wall.")
    ends: Clock = Field(default="00:00", alias="to", description="HH:MM; at or before `from`: on the next day.")


class LayerEntry(Entry):
    """A rotation; later layers stand before earlier ones."""

    name: str | None = Field(default=None, description="What it is called.")
    members: Words = Field(default=(), description="Who takes turns: @handle, name, or id.")
    length: str = Field(default="1w", description="How long a turn is: 12h, 1d, 2w.")
    handoff: Clock = Field(default="mon 09:00", description="When turns change: `mon 09:00`, or `09:00`.")
    starts: date = Field(default=date(2024, 1, 1), description="The first turn begins on this day or after.")
    hours: tuple[HoursEntry, ...] = Field(default=(), description="Only in these hours. Left out: always.")


class ScheduleEntry(Entry):
    """Who is on call when: layers, an iCal address, or a PagerDuty schedule."""

    timezone: str = Field(default="UTC", description="IANA zone of its clock on the wall.")
    layers: tuple[LayerEntry, ...] = Field(default=(), description="Rotations, the later before the earlier.")
    ical: str | None = Field(default=None, description="Address of a calendar whose events are shifts.")
    pagerduty: str | None = Field(default=None, description="Id of a PagerDuty schedule (needs PAGERDUTY_TOKEN).")
    usergroup: str | None = Field(
        default=None, description="Slack user group kept equal to who is on call; in another workspace, NAME/@group."
    )
    bridge: str | None = Field(default=None, description="Shifts are handed over in its ops channel.")
    backup: str | None = Field(default=None, description="Who is asked when nobody accepts a handoff.")
    lead: str | None = Field(default=None, description="Who is asked last, with the whole channel.")


class HandoffEntry(Entry):
    """When who is asked about a shift's handoff."""

    draft_minutes: float = Field(default=60, ge=1, description="How long before the shift's end it is drafted.")
    again_minutes: float = Field(default=10, gt=0, description="Unaccepted for so long: asked again.")
    backup_minutes: float = Field(default=20, gt=0, description="… the backup is asked.")
    lead_minutes: float = Field(default=30, gt=0, description="… the lead and the channel are asked.")


class OnCallEntry(Entry):
    """Who is on call, and how shifts are handed over."""

    schedules: dict[str, ScheduleEntry] = Field(default={}, description="Name -> who is on call when.")
    handoff: HandoffEntry = HandoffEntry()


def check_on_call(
    entry: OnCallEntry, bridges: Iterable[str], wanted: Iterable[tuple[str, str]], document: Document
) -> None:
    """Add what is wrong with the section; `wanted` are (service, schedule) as services name theirs."""
    known = list(bridges)
    for name, schedule in entry.schedules.items():
        _check_schedule(("on_call", "schedules", name), schedule, known, document)
    for service, name in wanted:
        if name not in entry.schedules:
            fix = did_you_mean(name, entry.schedules).strip() or "Add it under on_call: schedules."
            document.complain(("services", service, "on_call"), f"no schedule is called {name}", fix)
    h = entry.handoff
    if not h.again_minutes < h.backup_minutes < h.lead_minutes:
        fix = "Let again_minutes be less than backup_minutes, and that less than lead_minutes."
        document.complain(("on_call", "handoff"), "who is asked is out of order", fix)


def _check_schedule(path: Place, schedule: ScheduleEntry, bridges: list[str], document: Document) -> None:
    if schedule.timezone not in available_timezones():
        fix = (
            did_you_mean(schedule.timezone, sorted(available_timezones())).strip() or "Write one such as Europe/Berlin."
        )
        document.complain((*path, "timezone"), f"no zone is called {schedule.timezone}", fix)
    if sum(map(bool, (schedule.layers, schedule.ical, schedule.pagerduty))) != 1:
        fix = "Give it exactly one of `layers`, `ical` and `pagerduty`."
        document.complain(path, "says nowhere, or in several places, who is on call", fix)
    if schedule.bridge is not None and schedule.bridge not in bridges:
        fix = did_you_mean(schedule.bridge, bridges).strip() or "Add it under bridges."
        document.complain((*path, "bridge"), f"no bridge is called {schedule.bridge}", fix)
    for number, layer in enumerate(schedule.layers):
        _check_layer((*path, "layers", number), layer, document)


def _check_layer(path: Place, layer: LayerEntry, document: Document) -> None:
    if not layer.members:
        document.complain((*path, "members"), "a rotation without members", "Name who takes turns.")
    if not _LENGTH.fullmatch(layer.length.casefold()) or layer.length.startswith("0"):
        document.complain((*path, "length"), f"no turn is {layer.length} long", "Write 12h, 1d or 2w.")
    if _handoff(layer.handoff) is None:
        document.complain(
            (*path, "handoff"), f"“{layer.handoff}” is no time of a week", "Write `mon 09:00` or `09:00`."
        )
    for number, hours in enumerate(layer.hours):
        check_hours((*path, "hours", number), hours, document)


def check_hours(place: Place, hours: HoursEntry, document: Document) -> None:
    """Add what is wrong with hours of some weekdays."""
    if _weekdays(hours.days) is None:
        document.complain((*place, "days"), "no such weekdays", "Write mon, or mon-fri, or a list.")
    for key, clock in (("from", hours.begins), ("to", hours.ends)):
        if not _CLOCK.fullmatch(clock):
            document.complain((*place, key), f"“{clock}” is no time of a day", "Write HH:MM.")


def schedules(entry: OnCallEntry) -> tuple[OnCallSchedule, ...]:
    """Return the schedules; the section must have passed every check."""
    return tuple(
        OnCallSchedule(
            name=name,
            timezone=s.timezone,
            layers=tuple(_layer(number, layer) for number, layer in enumerate(s.layers, 1)),
            ical=s.ical,
            pagerduty=s.pagerduty,
            usergroup=s.usergroup,
            bridge=s.bridge,
            backup=s.backup,
            lead=s.lead,
        )
        for name, s in entry.schedules.items()
    )


def handoff_plan(entry: HandoffEntry) -> HandoffPlan:
    """Return when who is asked about a handoff."""
    return HandoffPlan(
        draft_before=timedelta(minutes=entry.draft_minutes),
        again_after=timedelta(minutes=entry.again_minutes),
        backup_after=timedelta(minutes=entry.backup_minutes),
        lead_after=timedelta(minutes=entry.lead_minutes),
    )


def _layer(number: int, entry: LayerEntry) -> Layer:
    found = _LENGTH.fullmatch(entry.length.casefold())
    handoff = _handoff(entry.handoff)
    assert found is not None and handoff is not None  # noqa: PT018  # checked before
    weekday, clock = handoff
    return Layer(
        name=entry.name or f"layer {number}",
        members=entry.members,
        unit=_UNITS[found[2]],
        every=int(found[1]),
        handoff=clock,
        weekday=weekday or 0,
        starts=entry.starts,
        restrictions=restrictions(entry.hours),
    )


def restrictions(hours: Iterable[HoursEntry]) -> tuple[Restriction, ...]:
    """Return hours of some weekdays; they must have passed every check."""
    return tuple(
        Restriction(days=_weekdays(h.days) or frozenset(), begins=_clock(h.begins), ends=_clock(h.ends)) for h in hours
    )


def _handoff(text: str) -> tuple[int | None, time] | None:
    found = _HANDOFF.fullmatch(text.strip())
    if found is None or not _CLOCK.fullmatch(found["clock"]):
        return None
    day = found["day"].casefold() if found["day"] else None
    if day and day not in _DAYS:
        return None
    return (_DAYS.index(day) if day else None), _clock(found["clock"])


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _weekdays(words: Iterable[str]) -> frozenset[int] | None:
    days: set[int] = set()
    for word in words:
        first, _, last = word.casefold().partition("-")
        if first[:3] not in _DAYS or (last and last[:3] not in _DAYS):
            return None
        begin = _DAYS.index(first[:3])
        count = (_DAYS.index(last[:3]) - begin) % 7 if last else 0
        days.update((begin + n) % 7 for n in range(count + 1))
    return frozenset(days)
