"""Who is on call when: turns on the clock on the wall, layers, hours, overrides, over zones and years."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.oncall import (
    Layer,
    OnCallSchedule,
    Override,
    Restriction,
    Shift,
    double_bookings,
    gaps,
    meant_to_be_covered,
    shift_at,
    shifts,
)

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago")
MONDAYS = Layer(name="week", members=("ada", "ben", "mira"), starts=date(2025, 12, 1))
WEEKDAYS = frozenset(range(5))


def schedule(*layers: Layer, zone: str = BERLIN) -> OnCallSchedule:
    return OnCallSchedule(name="ops", timezone=zone, layers=layers)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def who(found: list[Shift]) -> list[str]:
    return [shift.person for shift in found]


def test_turns_change_on_their_weekday_at_their_time_and_go_round() -> None:
    found = shifts(schedule(MONDAYS), utc(2025, 12, 1, 8), utc(2025, 12, 29, 8))
    assert ["ada", "ben", "mira", "ada"] == who(found)
    assert utc(2025, 12, 8, 8) == found[1].start


def test_before_the_first_handoff_nobody_is_on_call() -> None:
    found = shifts(schedule(MONDAYS), utc(2025, 11, 1), utc(2025, 12, 2))
    assert [("ada", utc(2025, 12, 1, 8))] == [(s.person, s.start) for s in found]


def test_a_handoff_stays_at_nine_when_clocks_change() -> None:
    daily = Layer(name="day", members=("ada", "ben"), unit="day", starts=date(2026, 3, 27))
    found = shifts(schedule(daily), utc(2026, 3, 28), utc(2026, 3, 31))
    assert [9] * 3 == [s.start.astimezone(ZoneInfo(BERLIN)).hour for s in found[1:]]
    assert timedelta(hours=23) == found[1].end - found[1].start


def test_turns_of_hours_are_true_hours() -> None:
    watch = Layer(name="watch", members=("ada", "ben"), unit="hour", every=8, handoff=time(0), starts=date(2026, 3, 28))
    found = shifts(schedule(watch), utc(2026, 3, 28, 23), utc(2026, 3, 30, 7))
    assert {timedelta(hours=8)} == {s.end - s.start for s in found[1:-1]}


def test_a_later_layer_stands_before_an_earlier_one_in_its_hours() -> None:
    office = Layer(
        name="office",
        members=("jun",),
        starts=date(2025, 12, 1),
        restrictions=(Restriction(days=WEEKDAYS, begins=time(9), ends=time(17)),),
    )
    found = shifts(schedule(MONDAYS, office), utc(2025, 12, 5, 7), utc(2025, 12, 8, 17))
    assert [
        ("ada", 7, "week"),
        ("jun", 8, "office"),
        ("ada", 16, "week"),
        ("jun", 8, "office"),
        ("ben", 16, "week"),
    ] == [(s.person, s.start.hour, s.why) for s in found]


def test_hours_that_end_before_they_begin_end_on_the_next_day() -> None:
    night = Restriction(days=frozenset({4}), begins=time(22), ends=time(6))
    layer = Layer(name="night", members=("ada",), starts=date(2025, 12, 1), restrictions=(night,))
    found = shifts(schedule(layer), utc(2025, 12, 1), utc(2025, 12, 8))
    assert [(utc(2025, 12, 5, 21), utc(2025, 12, 6, 5))] == [(s.start, s.end) for s in found]


def test_the_latest_override_stands_before_all_and_a_cancelled_one_before_none() -> None:
    def override(number: int, person: str, start: int, end: int, *, cancelled: bool = False) -> Override:
        return Override(
            id=number,
            schedule="ops",
            person=person,
            start=utc(2025, 12, 3, start),
            end=utc(2025, 12, 3, end),
            by="ada",
            made_at=utc(2025, 12, 1, number),
            cancelled_at=utc(2025, 12, 2) if cancelled else None,
        )

    said = [override(1, "ben", 10, 14), override(2, "mira", 12, 16), override(3, "jun", 10, 20, cancelled=True)]
    found = shifts(schedule(MONDAYS), utc(2025, 12, 3), utc(2025, 12, 4), overrides=said)
    assert [("ada", 0), ("ben", 10), ("mira", 12), ("ada", 16)] == [(s.person, s.start.hour) for s in found]


def test_gaps_and_double_bookings_are_found() -> None:
    office = Restriction(days=WEEKDAYS, begins=time(9), ends=time(17))
    layer = Layer(name="office", members=("ada",), starts=date(2025, 12, 1), restrictions=(office,))
    start, end = utc(2025, 12, 2), utc(2025, 12, 3)
    found = shifts(schedule(layer), start, end)
    assert [(start, utc(2025, 12, 2, 8)), (utc(2025, 12, 2, 16), end)] == gaps(found, start, end)
    assert not meant_to_be_covered(schedule(layer))
    other = shifts(schedule(MONDAYS), start, end)
    assert [("ada", "a", "b", utc(2025, 12, 2, 8), utc(2025, 12, 2, 16))] == double_bookings({"b": other, "a": found})


def test_a_schedule_without_members_has_no_shift() -> None:
    assert [] == shifts(
        schedule(Layer(name="x", members=(), starts=date(2025, 1, 1))), utc(2025, 1, 1), utc(2026, 1, 1)
    )


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    return Layer(
        name="turns",
        members=tuple(draw(st.lists(st.sampled_from(["ada", "ben", "mira", "jun"]), min_size=1, max_size=4))),
        unit=draw(st.sampled_from(["day", "week"])),
        every=draw(st.integers(1, 3)),
        handoff=draw(st.times().map(lambda t: t.replace(second=0, microsecond=0))),
        weekday=draw(st.integers(0, 6)),
        starts=date(2025, 1, 1),
    )


@pytest.mark.parametrize("zone", ZONES)
@given(layer=layers(), at=st.integers(0, 1060 * 24 * 60).map(lambda m: utc(2025, 2, 1) + timedelta(minutes=m)))
def test_at_every_instant_of_three_years_exactly_one_person_is_on_call(zone: str, layer: Layer, at: datetime) -> None:
    start, end = at - timedelta(days=10), at + timedelta(days=10)
    found = shifts(schedule(layer, zone=zone), start, end)
    assert [] == gaps(found, start, end)
    assert 1 == sum(shift.start <= at < shift.end for shift in found)
    # Looking from elsewhere shows the same person.
    other = shifts(schedule(layer, zone=zone), at - timedelta(days=90), at + timedelta(hours=1))
    assert shift_at(found, at).person == shift_at(other, at).person  # type: ignore[union-attr]


@pytest.mark.parametrize("zone", ZONES)
@given(layer=layers(), year=st.integers(2025, 2027))
def test_no_handoff_moves_by_an_hour_when_clocks_change(zone: str, layer: Layer, year: int) -> None:
    local = ZoneInfo(zone)
    several = Layer(
        name="turns",
        members=("ada", "ben"),
        unit=layer.unit,
        every=layer.every,
        handoff=layer.handoff,
        weekday=layer.weekday,
        starts=layer.starts,
    )
    found = shifts(schedule(several, zone=zone), datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    for before, shift in pairwise(found):
        assert before.end == shift.start
        shown = shift.start.astimezone(local)
        wanted = datetime.combine(shown.date(), several.handoff)
        if wanted.replace(tzinfo=local).astimezone(UTC).astimezone(local).replace(tzinfo=None) == wanted:
            assert wanted.time() == shown.time()


OFFICE = Restriction(days=WEEKDAYS, begins=time(9), ends=time(17))
NIGHTS = Restriction(days=frozenset({4, 5}), begins=time(22), ends=time(6))


def says_so(zone: str, at: datetime) -> bool:
    """Say by the clock on the wall alone whether the office or the night of Friday or Saturday is on."""
    shown = at.astimezone(ZoneInfo(zone))
    yesterday = (shown - timedelta(days=1)).weekday()
    is_night = (shown.weekday() in (4, 5) and shown.time() >= time(22)) or (
        yesterday in (4, 5) and shown.time() < time(6)
    )
    return (shown.weekday() < 5 and time(9) <= shown.time() < time(17)) or is_night


@pytest.mark.parametrize("zone", ZONES)
@given(
    at=st.integers(0, 1090 * 24 * 60).map(lambda m: utc(2025, 1, 10) + timedelta(minutes=m)),
    covered=st.booleans(),
    override=st.booleans(),
)
def test_with_hours_layers_and_overrides_one_person_is_on_call_just_when_the_schedule_says_so(
    zone: str, at: datetime, covered: bool, override: bool
) -> None:
    office = Layer(name="office", members=("ada", "ben"), unit="day", starts=date(2025, 1, 1), restrictions=(OFFICE,))
    nights = Layer(name="nights", members=("mira",), starts=date(2025, 1, 1), restrictions=(NIGHTS,))
    base = [Layer(name="week", members=("jun", "kim"), starts=date(2025, 1, 1))] if covered else []
    instead = Override(
        schedule="ops", person="bob", start=at - timedelta(minutes=7), end=at + timedelta(hours=3), by="x", made_at=at
    )
    given_ = [instead] if override else []
    start, end = at - timedelta(days=4), at + timedelta(days=4)
    found = shifts(schedule(*base, office, nights, zone=zone), start, end, overrides=given_)
    running = [shift for shift in found if shift.start <= at < shift.end]
    assert (1 if covered or override or says_so(zone, at) else 0) == len(running)
    if override:
        assert "bob" == running[0].person
    elif says_so(zone, at):
        assert running[0].person in ("ada", "ben", "mira")
    assert all(before.end <= after.start for before, after in pairwise(found))
