"""Quiet hours, on the clock on the wall; the steps of a policy."""

from datetime import UTC, datetime, time, timedelta

import pytest

from models.oncall import Restriction
from models.paging import Policy, QuietHours, Step
from models.words import Severity

WEEK = frozenset(range(7))
NIGHTS = Restriction(days=WEEK, begins=time(22), ends=time(7))
WEEKEND = Restriction(days=frozenset({5, 6}), begins=time(0), ends=time(0))
HELD = frozenset({Severity.SEV3, Severity.SEV4, Severity.SEV5})


def quiet(*hours: Restriction, held: frozenset[Severity] = HELD) -> QuietHours:
    return QuietHours(timezone="Europe/Berlin", hours=hours, held=held)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-15T20:59", None),
        ("2026-01-15T21:00", "2026-01-16T06:00"),
        ("2026-01-16T05:59", "2026-01-16T06:00"),
        ("2026-01-16T06:00", None),
        ("2026-03-28T22:00", "2026-03-29T05:00"),  # clocks go forward that night
        ("2026-10-24T21:00", "2026-10-25T06:00"),  # and back
    ],
)
def test_a_night_ends_when_the_clock_on_the_wall_says_so(now: str, until: str | None) -> None:
    assert (at(until) if until else None) == quiet(NIGHTS).until(Severity.SEV3, at(now))


def test_hours_that_follow_each_other_are_one() -> None:
    friday_night = at("2026-01-16T22:00")
    assert at("2026-01-19T06:00") == quiet(NIGHTS, WEEKEND).until(Severity.SEV4, friday_night)


def test_a_plan_that_is_always_quiet_ends_all_the_same() -> None:
    always = Restriction(days=WEEK, begins=time(0), ends=time(0))
    assert quiet(always).until(Severity.SEV3, at("2026-01-16T22:00")) is not None


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV2])
def test_the_worst_are_never_held_back(severity: Severity) -> None:
    assert quiet(NIGHTS, held=frozenset(Severity)).until(severity, at("2026-01-15T23:00")) is None


def test_what_is_not_rated_counts_as_the_third_severity() -> None:
    night = at("2026-01-15T23:00")
    assert quiet(NIGHTS).until(None, night) is not None
    assert quiet(NIGHTS, held=frozenset({Severity.SEV4})).until(None, night) is None
    policy = Policy(name="ops", steps=(), worst_from=Severity.SEV2)
    assert (True, False) == (policy.is_for(Severity.SEV2), policy.is_for(None))


def test_each_step_keeps_its_distance_to_the_one_before() -> None:
    minute = timedelta(minutes=1)
    steps = tuple(Step(after=n * minute, notify=("on_call",)) for n in (2, 5, 15))
    policy = Policy(name="ops", steps=steps, phone_after=4 * minute)
    assert [2 * minute, 3 * minute, 10 * minute, 4 * minute] == [policy.gap(n) for n in range(4)]
