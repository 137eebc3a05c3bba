"""Windows are local calendar dates turned into instants, whatever the zone does at midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.periods import Length, date_start, following, latest_completed, previous, window, window_at

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Santiago",
    "America/New_York",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Havana",
    "America/St_Johns",
    "Antarctica/Troll",
]
zones = st.sampled_from(ZONES)
lengths: st.SearchStrategy[Length] = st.sampled_from(["day", "week", "month"])
dates = st.dates(date(1990, 1, 1), date(2037, 12, 31))
instants = st.integers(631152000, 2145916799).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(dates, lengths, zones)
def test_windows_follow_each_other_without_gap_or_overlap(day: date, length: Length, zone: str) -> None:
    this = window(day, length, zone)
    assert previous(this).end == this.start
    assert this.end == following(this).start
    assert this == following(previous(this))
    assert this.first <= day <= this.last
    assert this.start <= this.end


@given(instants, lengths, zones)
def test_every_instant_lies_in_its_window(at: datetime, length: Length, zone: str) -> None:
    this = window_at(at, length, zone)
    assert this.start <= at < this.end
    assert latest_completed(at, length, zone).end == this.start


@given(dates, zones)
def test_a_date_starts_at_its_first_instant(day: date, zone: str) -> None:
    start = date_start(day, zone).astimezone(ZoneInfo(zone))
    before = (date_start(day, zone) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert start.date() >= day
    assert before.date() < day


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "length", "zone", "start", "end"),
    [
        (date(2026, 3, 29), "day", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),
        (date(2026, 3, 9), "week", "Europe/Berlin", "2026-03-08T23:00", "2026-03-15T23:00"),
        (date(2026, 9, 6), "day", "America/Santiago", "2026-09-06T04:00", "2026-09-07T03:00"),
        (date(2026, 4, 4), "day", "America/Santiago", "2026-04-04T03:00", "2026-04-05T04:00"),
        (date(2026, 11, 1), "day", "America/Havana", "2026-11-01T04:00", "2026-11-02T05:00"),
        (date(2026, 3, 4), "week", "UTC", "2026-03-02T00:00", "2026-03-09T00:00"),
        (date(2026, 2, 14), "month", "UTC", "2026-02-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_known_windows(day: date, length: Length, zone: str, start: str, end: str) -> None:
    this = window(day, length, zone)
    assert (utc(start), utc(end)) == (this.start, this.end)


def test_the_week_of_the_change_to_summer_time_has_167_hours() -> None:
    this = window(date(2026, 4, 1), "week", "Europe/Berlin")
    assert (167, 168) == (previous(this).hours, this.hours)


def test_a_day_that_a_zone_skipped_is_empty() -> None:
    skipped = window(date(2011, 12, 30), "day", "Pacific/Apia")
    assert skipped.start == skipped.end


@given(dates, lengths, zones)
def test_a_window_has_its_own_dates_and_no_others(day: date, length: Length, zone: str) -> None:
    this = window(day, length, zone)
    assert len(this.dates()) in {"day": [1], "week": [7], "month": [28, 29, 30, 31]}[length]
    assert (this.first, this.last) == (this.dates()[0], this.dates()[-1])
    assert 0 == this.first.weekday() or length != "week"


def test_where_clocks_go_back_across_midnight_an_instant_lies_in_the_new_date() -> None:
    # In St. John's clocks went back from 00:01 on 7 November 2010 to 23:01 on the sixth.
    again_the_sixth = datetime(2010, 11, 7, 2, 45, tzinfo=UTC)
    assert "2010-11-06 23:15" == f"{again_the_sixth.astimezone(ZoneInfo('America/St_Johns')):%Y-%m-%d %H:%M}"
    assert date(2010, 11, 7) == window_at(again_the_sixth, "day", "America/St_Johns").first
