"""Cron lines as people know them: five fields, Sunday is 0 and 7, read on the clock on the wall."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SPAN: Final = re.compile(r"(?P<first>[0-7])(?:-(?P<last>[0-7]))?(?:/(?P<step>[1-7]))?|\*/(?P<every>[1-7])")

_LONGEST_JUMP: Final = timedelta(hours=3)
_LOOKED_BACK: Final = (timedelta(hours=1), *(timedelta(days=days) for days in (1, 8, 32, 367, 1462)))


class WallClock(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires when the clock on the wall shows what a cron line says, once for each time it says.

    A time that clocks skip comes as much later as they jump, and one that they show twice comes the first time.
    APScheduler's own trigger skips the day when midnight is missing, and fires twice when an hour comes twice.
    """

    def __init__(self, cron: str, zone: ZoneInfo) -> None:
        self.zone = zone
        self._shown = CronTrigger.from_crontab(cron, timezone=UTC)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the first time after the previous one, else at or after `now`; `None` when it never comes."""
        earliest = previous_fire_time + timedelta(microseconds=1) if previous_fire_time else now
        on_the_wall = earliest.astimezone(self.zone).replace(tzinfo=UTC, fold=0) - _LONGEST_JUMP
        while (shown := self._shown.get_next_fire_time(None, on_the_wall)) is not None:
            instant: datetime = shown.replace(tzinfo=self.zone).astimezone(UTC)
            if instant >= earliest:
                return instant.astimezone(self.zone)
            on_the_wall = shown + timedelta(seconds=1)
        return None

    def latest_fire_time(self, at: datetime) -> datetime | None:
        """Return the last time at or before `at`; `None` when there was none in four years."""
        for span in _LOOKED_BACK:
            latest, slot = None, self.get_next_fire_time(None, at - span)
            while slot is not None and slot <= at:
                latest, slot = slot, self.get_next_fire_time(slot, slot)
            if latest is not None:
                return latest
        return None


def with_named_days(cron: str) -> str:
    """Return the line with weekdays as names, which mean the same to everybody.

    APScheduler counts from Monday = 0 (https://apscheduler.readthedocs.io/en/3.x/modules/triggers/cron.html), cron from
    Sunday = 0 (crontab(5)).

    Raises:
        ValueError: the line has not five fields, or a weekday that is not one.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"has {len(fields)} fields, not 5 (minute hour day month weekday)")
    parts = [_named(part) for part in fields[4].lower().split(",")]
    return " ".join([*fields[:4], ",".join(dict.fromkeys(parts))])


def trigger(cron: str, timezone: str) -> WallClock:
    """Return when a cron line fires in a zone.

    Raises:
        ValueError: the line or the zone is not one.
    """
    return WallClock(with_named_days(cron), zone(timezone))


def zone(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError(f"no time zone is called {name}") from error


def fires(when: WallClock, at: datetime) -> bool:
    """Return whether a trigger ever fires after `at`; 31 February never comes."""
    return when.get_next_fire_time(None, at) is not None


def slots(when: WallClock, at: datetime, most: int) -> list[datetime]:
    """Return the next times a trigger fires after `at`, at most so many."""
    found: list[datetime] = []
    slot = when.get_next_fire_time(None, at)
    while slot is not None and len(found) < most:
        found.append(slot)
        slot = when.get_next_fire_time(slot, slot)
    return found


def _named(part: str) -> str:
    span = _SPAN.fullmatch(part)
    if span is None:
        if re.search(r"\d", part):
            raise ValueError(f"has no weekday {part}")
        return part
    if span["every"]:
        days = range(0, 7, int(span["every"]))
    else:
        first, last = int(span["first"]), int(span["last"] or (6 if span["step"] else span["first"]))
        if last < first:
            raise ValueError(f"has its weekdays backwards: {part}")
        days = range(first, last + 1, int(span["step"] or 1))
    return ",".join(dict.fromkeys(_DAYS[day % 7] for day in days))
