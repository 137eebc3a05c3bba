"""Copies on-call calendars kept elsewhere: iCal addresses and PagerDuty schedules. The last good copy is kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import httpx
import structlog

from bot.pagerduty_schedules import PagerDutySchedules, Unreadable
from bot.trust import trusted
from handlers.context import Context
from models.oncall import HORIZON, OnCallSchedule, Shift
from models.store.oncall import Copy

_log = structlog.get_logger(__name__)

MOST_BYTES: Final = 5 * 1024 * 1024
_SECONDS: Final = 20.0
_BACK: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Calendars:
    """Fetches what schedules point to."""

    ctx: Context
    now: Callable[[], datetime]
    pagerduty: PagerDutySchedules

    async def copy(self) -> None:
        """Copy every calendar; what cannot be read keeps its last good copy, with what was wrong."""
        wanted = [s for s in self.ctx.topology.schedules if s.ical or s.pagerduty]
        if not wanted:
            return
        async with httpx.AsyncClient(verify=trusted(), timeout=_SECONDS, follow_redirects=True) as client:
            for schedule in wanted:
                await self._copy(client, schedule)

    async def _copy(self, client: httpx.AsyncClient, schedule: OnCallSchedule) -> None:
        at = self.now()
        async with self.ctx.reading() as store:
            before = await store.oncall.copy(schedule.name) or Copy(schedule=schedule.name, tried_at=at)
        try:
            copy = await (
                self._ical(client, schedule, before, at) if schedule.ical else self._pagerduty(client, schedule, at)
            )
        except (Unreadable, httpx.HTTPError) as error:
            words = str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}"
            _log.warning("calendar_unreadable", schedule=schedule.name, error=words)
            copy = replace(before, tried_at=at, error=words[:300])
        async with self.ctx.transaction() as store:
            await store.oncall.save_copy(copy)

    async def _ical(self, client: httpx.AsyncClient, schedule: OnCallSchedule, before: Copy, at: datetime) -> Copy:
        # Repeating events are laid out anew as time goes on: once a day an unchanged calendar is read again.
        is_fresh = before.good_at is not None and at - before.good_at < timedelta(days=1)
        headers = {"If-None-Match": before.etag} if before.etag and is_fresh else {}
        async with client.stream("GET", schedule.ical or "", headers=headers) as answer:
            if answer.status_code == 304:
                return replace(before, tried_at=at, error=None)
            if answer.status_code != 200:
                raise Unreadable(f"the calendar answers {answer.status_code}")
            content = await _bounded(answer)
            etag = answer.headers.get("etag")
        found = read_calendar(content, schedule, at - _BACK, at + 2 * HORIZON)
        return Copy(schedule=schedule.name, shifts=tuple(found), etag=etag, good_at=at, tried_at=at)

    async def _pagerduty(self, client: httpx.AsyncClient, schedule: OnCallSchedule, at: datetime) -> Copy:
        found = await self.pagerduty.shifts(client, schedule.pagerduty or "", at - _BACK, at + 2 * HORIZON)
        return Copy(schedule=schedule.name, shifts=found, good_at=at, tried_at=at)


async def _bounded(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            raise Unreadable(f"the calendar is larger than {MOST_BYTES // 1024 // 1024} MB")
    return bytes(content)


def read_calendar(content: bytes, schedule: OnCallSchedule, start: datetime, end: datetime) -> list[Shift]:
    """Return the events of an iCalendar file that touch `[start, end)` as shifts; repeats, exceptions and moves heeded.

    Floating times, and whole days, are read in the schedule's zone. Who is on call is the attendee, else the title.

    Raises:
        Unreadable: it is no calendar.
    """
    import icalendar  # read where there is a calendar to read: 5 MB of a process that runs for months
    import recurring_ical_events  # type: ignore[import-untyped]  # has no types

    if not content.lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR"):
        what = "a web page" if b"<html" in content[:2000].lower() else "no calendar"
        raise Unreadable(f"the address gives {what}, not an .ics file")
    try:
        parsed = icalendar.Calendar.from_ical(content)
        events = recurring_ical_events.of(parsed).between(
            start.astimezone(schedule.zone), end.astimezone(schedule.zone)
        )
        shifts = [_shift(event, schedule) for event in events if event.get("STATUS") != "CANCELLED"]
    except Exception as error:  # two libraries, and whatever stands in the file
        raise Unreadable(f"the calendar cannot be read: {type(error).__name__}: {error}") from error
    # What comes later in a copy stands before what comes earlier: a shorter event is the exception to a longer one.
    return sorted((s for s in shifts if s.start < s.end), key=lambda s: (s.start - s.end, s.start, s.person))


def _shift(event: Any, schedule: OnCallSchedule) -> Shift:
    start = _instant(event["DTSTART"].dt, schedule)
    end = _instant(event["DTEND"].dt, schedule) if "DTEND" in event else start + timedelta(days=1)
    return Shift(person=_person(event), start=start, end=end, why="calendar")


def _instant(value: date | datetime, schedule: OnCallSchedule) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=schedule.zone)).astimezone(UTC)


def _person(event: Any) -> str:
    attendees = event.get("ATTENDEE")
    first = attendees[0] if isinstance(attendees, list) and attendees else attendees
    if first:
        address = str(first)
        return address[7:] if address.casefold().startswith("mailto:") else address
    title = str(event.get("SUMMARY") or "somebody").strip()
    return title.removeprefix("On call:").removeprefix("On-call:").strip() or "somebody"
