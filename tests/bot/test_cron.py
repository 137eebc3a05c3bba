"""Cron lines are read on the clock on the wall, whatever the zone does to it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cron import trigger, with_named_days

ZONES = ["Europe/Berlin", "America/Santiago", "America/Havana", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]


def fires(cron: str, zone: str, at: str, times: int) -> list[str]:
    when, after, found = trigger(cron, zone), datetime.fromisoformat(at).replace(tzinfo=UTC), []
    previous = None
    for _ in range(times):
        previous = when.get_next_fire_time(previous, after)
        assert previous is not None
        found.append(f"{previous.astimezone(UTC):%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("instants", "cron", "zone", "at"),
    [
        (["03-28T08:00", "03-29T07:00", "03-30T07:00"], "0 9 * * *", "Europe/Berlin", "2026-03-28T00:00"),
        (["10-24T07:00", "10-25T08:00", "10-26T08:00"], "0 9 * * *", "Europe/Berlin", "2026-10-24T00:00"),
        # 02:30 is skipped on 29 March, and comes twice on 25 October.
        (["03-28T01:30", "03-29T01:30", "03-30T00:30"], "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00"),
        (["10-24T00:30", "10-25T00:30", "10-26T01:30"], "30 2 * * *", "Europe/Berlin", "2026-10-24T00:00"),
        # There is no midnight on 6 September.
        (["09-05T04:00", "09-06T04:00", "09-07T03:00"], "0 0 * * *", "America/Santiago", "2026-09-05T00:00"),
        (["03-02T09:00", "03-09T09:00"], "0 9 * * 1", "UTC", "2026-03-02T09:00"),
    ],
)
def test_a_time_of_day_comes_once_a_day(instants: list[str], cron: str, zone: str, at: str) -> None:
    assert instants == fires(cron, zone, at, len(instants))


@settings(max_examples=60)
@given(st.dates(date(2015, 1, 1), date(2030, 12, 31)), st.integers(0, 23), st.integers(0, 59), st.sampled_from(ZONES))
def test_no_date_is_left_out_and_none_comes_twice(day: date, hour: int, minute: int, zone: str) -> None:
    when = trigger(f"{minute} {hour} * * *", zone)
    slot = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) - timedelta(hours=4)
    dates = []
    for _ in range(4):
        found = when.get_next_fire_time(slot, slot)
        assert found is not None
        assert found > slot
        slot = found
        dates.append(found.date())
    assert [dates[0] + timedelta(days=n) for n in range(4)] == dates


@settings(max_examples=25)
@given(
    st.integers(1420070400, 1924905600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["* * * * *", "0 9 * * *", "30 2 * * mon-fri", "0 0 1 * *", "0 0 * * 0", "15 6 1 1 *"]),
    st.sampled_from(ZONES),
)
def test_the_latest_time_is_the_one_that_nothing_follows_until_now(at: datetime, cron: str, zone: str) -> None:
    when = trigger(cron, zone)
    latest = when.latest_fire_time(at)
    assert latest is not None
    assert latest <= at
    following = when.get_next_fire_time(latest, latest)
    assert following is not None
    assert following > at


def test_a_day_that_never_comes_has_no_latest_time() -> None:
    assert trigger("0 0 31 2 *", "UTC").latest_fire_time(datetime(2026, 3, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("named", "cron"),
    [
        ("0 9 * * mon,tue,wed,thu,fri", "0 9 * * 1-5"),
        ("0 9 * * sun", "0 9 * * 7"),
        ("0 9 * * mon-fri", "0 9 * * MON-FRI"),
        ("0 9 * * sun,wed,sat", "0 9 * * */3"),
    ],
)
def test_weekdays_are_counted_from_sunday(named: str, cron: str) -> None:
    assert named == with_named_days(cron)


@pytest.mark.parametrize("cron", ["0 9 * *", "0 9 * * 8", "0 9 * * 5-1", "61 9 * * *", "0 9 * * someday"])
def test_a_line_that_is_none_is_refused(cron: str) -> None:
    with pytest.raises(ValueError):
        trigger(cron, "UTC")


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="Mars/Olympus"):
        trigger("0 9 * * *", "Mars/Olympus")
