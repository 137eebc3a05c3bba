"""A period that still runs is measured by what has passed of it, and one that has not begun is unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.delivery import Facts, Numbers, Rollout, measure
from models.periods import Length, Window, window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = window(MONDAY.date(), "week", "UTC")
DAY = timedelta(days=1)


def facts(*finishes: datetime) -> Facts:
    rollouts = [Rollout(service="shop", name=f"d{n}", finished_at=at) for n, at in enumerate(finishes)]
    early = MONDAY - 90 * DAY
    return Facts(rollouts=rollouts, alive_from={"shop": early}, watched_from=early)


def measured(asked: Window, as_of: datetime, *finishes: datetime) -> Numbers:
    (numbers,) = measure([asked], facts(*finishes), as_of)
    return numbers


@pytest.mark.parametrize("is_cut", [True, False])
@pytest.mark.parametrize(
    ("per_day", "passed"),
    [
        (3.0, timedelta(minutes=90)),  # an hour is not taken for a day's rate
        (3.0, DAY / 2),
        (3.0, DAY),
        (2.0, 1.5 * DAY),
        (0.5, 6 * DAY),
        (0.428571, 7 * DAY),
    ],
)
def test_the_rate_of_a_period_that_still_runs_is_over_what_has_passed_of_it(
    per_day: float, passed: timedelta, is_cut: bool
) -> None:
    at = MONDAY + passed
    asked = replace(WEEK, end=min(at, WEEK.end)) if is_cut else WEEK
    assert per_day == measured(asked, at, *[MONDAY + timedelta(hours=1)] * 3).deploys_per_day


@pytest.mark.parametrize(
    ("days", "length", "first", "zone"),
    [
        (7, "week", date(2026, 3, 23), "Europe/Berlin"),  # it lost an hour on its last day
        (30, "month", date(2026, 11, 1), "America/New_York"),
        (1, "day", date(2026, 3, 29), "Europe/Berlin"),
    ],
)
def test_a_period_that_is_over_is_divided_by_its_dates(days: int, length: Length, first: date, zone: str) -> None:
    asked = window(first, length, zone)
    for at in (asked.end, asked.end + DAY):
        numbers = measured(asked, at, *[asked.start] * days)
        assert (1.0, days) == (numbers.deploys_per_day, len(numbers.deploys_by_day or ()))


def test_a_period_that_has_not_begun_is_unknown() -> None:
    numbers = measured(WEEK, MONDAY - DAY, MONDAY - 2 * DAY)
    assert {None} == {numbers.deploys, numbers.deploys_by_day, numbers.incidents_started, numbers.incidents_open}
    assert numbers.no_data


def test_what_is_known_only_later_does_not_make_a_zero_of_what_was_known_before() -> None:
    later = replace(facts(), alive_from={"shop": MONDAY + 3 * DAY}, watched_from=MONDAY + 3 * DAY)
    then, now = (measure([WEEK], later, MONDAY + days * DAY)[0] for days in (2, 4))
    assert ((None, None), (0, 0)) == tuple((n.deploys, n.incidents_started) for n in (then, now))


def test_a_day_to_come_is_no_day_without_deploys() -> None:
    at = MONDAY + 1.5 * DAY
    assert (1, 0) == measured(WEEK, at, MONDAY).deploys_by_day
    assert (1, 0) == measured(replace(WEEK, end=at), at, MONDAY).deploys_by_day
