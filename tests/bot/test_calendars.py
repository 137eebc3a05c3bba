"""Calendars kept elsewhere: what .ics files say, what PagerDuty answers, and what is kept when neither can be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.calendars import Calendars, read_calendar
from bot.database import Database
from bot.pagerduty_schedules import PagerDutySchedules, Unreadable
from bot.sandbox.serving import running
from bot.settings_environment import PagerDuty
from models.oncall import OnCallSchedule, Override, shifts
from models.store.oncall import Copy
from models.topology import Topology
from tests.support.world import Clock, context

BERLIN = OnCallSchedule(name="ops", timezone="Europe/Berlin")
START, END = datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)


def ics(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{body}END:VCALENDAR\r\n".encode()


WEEKLY = "UID:1\r\nSUMMARY:mira\r\nDTSTART:20260323T090000\r\nDTEND:20260323T170000\r\nRRULE:FREQ=WEEKLY;COUNT=3"


def read(*events: str) -> list[tuple[str, str, str]]:
    found = read_calendar(ics(*events), BERLIN, START, END)
    return [(s.person, f"{s.start:%m-%d %H:%M}", f"{s.end:%m-%d %H:%M}") for s in found]


def test_floating_times_are_the_schedules_and_stay_so_when_clocks_change() -> None:
    assert [
        ("mira", "03-23 08:00", "03-23 16:00"),
        ("mira", "03-30 07:00", "03-30 15:00"),
        ("mira", "04-06 07:00", "04-06 15:00"),
    ] == read(WEEKLY)


def test_exceptions_are_left_out_and_moved_ones_are_moved() -> None:
    excepted = f"{WEEKLY}\r\nEXDATE:20260330T090000"
    moved = "UID:1\r\nSUMMARY:jun\r\nRECURRENCE-ID:20260406T090000\r\nDTSTART:20260407T100000\r\nDTEND:20260407T180000"
    assert [("mira", "03-23 08:00", "03-23 16:00"), ("jun", "04-07 08:00", "04-07 16:00")] == read(excepted, moved)


def test_whole_days_zones_and_attendees_are_heeded() -> None:
    day = "UID:2\r\nSUMMARY:On call: ada\r\nDTSTART;VALUE=DATE:20260401\r\nDTEND;VALUE=DATE:20260403"
    utc = (
        "UID:3\r\nSUMMARY:shift\r\nATTENDEE;CN=Ben:mailto:ben@example.com\r\n"
        "DTSTART:20260405T100000Z\r\nDTEND:20260405T120000Z"
    )
    assert [
        ("ada", "03-31 22:00", "04-02 22:00"),
        ("ben@example.com", "04-05 10:00", "04-05 12:00"),
    ] == read(day, utc)


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("a web page", b"<!doctype html><html><body>Please sign in</body></html>"),
        ("no calendar", b"{}"),
        ("cannot be read", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
    ],
)
def test_what_is_no_calendar_is_refused_in_words(words: str, content: bytes) -> None:
    with pytest.raises(Unreadable, match=words):
        read_calendar(content, BERLIN, START, END)


class Elsewhere:
    """A server that answers what the test says."""

    def __init__(self) -> None:
        self.answer: Response = Response(ics(WEEKLY), headers={"etag": '"1"'})
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = Starlette(routes=[Route("/{path:path}", self.__call__)])
        async with running(app) as url:
            yield url


def calendars(database: Database, clock: Clock, schedule: OnCallSchedule, url: str) -> Calendars:
    ctx = context(database, topology=Topology(schedules=(schedule,)))
    return Calendars(ctx, clock, PagerDutySchedules(PagerDuty(token="token-1", api=url)))


async def copy_of(database: Database) -> Copy:
    async with database.reading() as store:
        found = await store.oncall.copy("ops")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("answers 500", Response(status_code=500)),
        ("a web page", Response("<html>sign in</html>")),
        ("larger than 5 MB", Response(b"x" * (6 * 1024 * 1024))),
    ],
)
async def test_the_last_good_copy_is_kept_with_what_was_wrong(database: Database, words: str, answer: Response) -> None:
    elsewhere, clock = Elsewhere(), Clock(datetime(2026, 3, 23, tzinfo=UTC))
    async with elsewhere.running() as url:
        schedule = OnCallSchedule(name="ops", timezone="Europe/Berlin", ical=f"{url}/on-call.ics")
        copier = calendars(database, clock, schedule, url)
        await copier.copy()
        good = await copy_of(database)
        elsewhere.answer = answer
        clock.forward(600)
        await copier.copy()
    kept = await copy_of(database)
    assert 3 == len(good.shifts)
    assert (good.shifts, good.good_at) == (kept.shifts, kept.good_at)
    assert words in str(kept.error)


async def test_an_unchanged_calendar_is_not_sent_again(database: Database) -> None:
    elsewhere, clock = Elsewhere(), Clock(datetime(2026, 3, 23, tzinfo=UTC))
    async with elsewhere.running() as url:
        copier = calendars(database, clock, OnCallSchedule(name="ops", ical=f"{url}/x.ics"), url)
        await copier.copy()
        elsewhere.answer = Response(status_code=304)
        clock.forward(300)
        await copier.copy()
    assert '"1"' == elsewhere.asked[1].headers["if-none-match"]
    assert (None, 3) == ((kept := await copy_of(database)).error, len(kept.shifts))


CALENDARS = Path(__file__).parents[1] / "fixtures" / "calendars"


def from_file(name: str, zone: str, start: datetime, days: int, *overrides: Override) -> list[tuple[str, str, str]]:
    """Return who is on call by a hand-written calendar, in the schedule's own zone."""
    schedule, end = OnCallSchedule(name="ops", timezone=zone), start + timedelta(days=days)
    copied = read_calendar((CALENDARS / f"{name}.ics").read_bytes(), schedule, start, end)
    found = shifts(schedule, start, end, copied=copied, overrides=overrides)
    local = schedule.zone
    return [
        (s.person, f"{s.start.astimezone(local):%m-%d %H:%M}", f"{s.end.astimezone(local):%m-%d %H:%M}") for s in found
    ]


def test_a_rotation_from_outlook_keeps_its_clock_skips_moves_and_leaves_out_what_was_cancelled() -> None:
    assert [
        ("Mira", "03-02 09:00", "03-09 09:00"),
        ("Jun", "03-09 09:00", "03-16 09:00"),
        ("Jun", "03-23 09:00", "03-30 09:00"),
        ("Ada", "03-30 12:00", "04-06 09:00"),
        ("Mira", "04-13 09:00", "04-20 09:00"),
    ] == from_file("outlook_rotation", "Europe/Berlin", datetime(2026, 3, 1, tzinfo=UTC), 55)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_floating_nights_are_at_ten_on_the_schedules_own_clock_whatever_the_clocks_do(zone: str) -> None:
    found = from_file("floating_nights", zone, datetime(2026, 10, 20, tzinfo=UTC), 14)
    assert ["10-23 22:00", "10-25 22:00", "10-26 22:00", "10-30 22:00"] == [start for _, start, _ in found]
    assert {"ben@acme.example"} == {person for person, _, _ in found}


def test_a_shorter_event_stands_before_a_longer_one_and_an_override_before_both() -> None:
    start = datetime(2026, 3, 22, tzinfo=UTC)
    expected = [
        ("Ada", "03-23 00:00", "03-24 00:00"),
        ("Mira", "03-24 00:00", "03-25 12:00"),
        ("Jun", "03-25 12:00", "03-25 16:00"),
        ("Mira", "03-25 16:00", "03-30 00:00"),
    ]
    assert expected == from_file("days_with_a_substitute", "Europe/Berlin", start, 20)
    made = Override(
        schedule="ops", person="@ben", start=datetime(2026, 3, 25, 12, tzinfo=UTC),
        end=datetime(2026, 3, 29, 22, tzinfo=UTC), by="Mira", made_at=start,
    )  # fmt: skip
    overridden = from_file("days_with_a_substitute", "Europe/Berlin", start, 20, made)
    assert [("Jun", "03-25 12:00", "03-25 13:00"), ("@ben", "03-25 13:00", "03-30 00:00")] == overridden[2:]


async def test_of_a_calendar_of_50_mb_no_more_is_read_than_is_needed_to_refuse_it(database: Database) -> None:
    elsewhere, clock, sent = Elsewhere(), Clock(datetime(2026, 3, 23, tzinfo=UTC)), 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"BEGIN:VCALENDAR\r\n"
        while sent < 50:
            sent += 1
            yield b"X-PADDING:" + b"x" * 1024 * 1024 + b"\r\n"
            await asyncio.sleep(0.05)

    elsewhere.answer = StreamingResponse(endless(), media_type="text/calendar")
    async with elsewhere.running() as url:
        await calendars(database, clock, OnCallSchedule(name="ops", ical=f"{url}/x.ics"), url).copy()
    assert "larger than 5 MB" in str((await copy_of(database)).error)
    assert sent < 30
