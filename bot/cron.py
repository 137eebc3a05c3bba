"""Cron lines as people know them: five fields, Sunday is 0 and 7."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SPAN: Final = re.compile(r"(?P<first>[0-7])(?:-(?P<last>[0-7]))?(?:/(?P<step>[1-7]))?|\*/(?P<every>[1-7])")


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


def trigger(cron: str, timezone: str) -> CronTrigger:
    """Return when a cron line fires in a zone.

    Raises:
        ValueError: the line or the zone is not one.
    """
    return CronTrigger.from_crontab(with_named_days(cron), timezone=zone(timezone))


def zone(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError(f"no time zone is called {name}") from error


def fires(when: CronTrigger, at: datetime) -> bool:
    """Return whether a trigger ever fires after `at`; 31 February never comes."""
    return when.get_next_fire_time(None, at) is not None


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
