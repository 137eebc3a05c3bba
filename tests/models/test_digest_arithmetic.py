"""What moved since it was told, which side took part, and where on a line of readings a deployment landed."""

from datetime import UTC, date, datetime, timedelta

from models.corrections import corrections
from models.marks import marked
from models.sides import together
from tests.support.snapshots import deployed, period, took

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
EARLIER, LATER = date(2026, 2, 16), date(2026, 2, 23)


def test_what_did_not_move_is_not_corrected() -> None:
    told = [period(EARLIER, **deployed(9)), period(LATER, **deployed(12, 1))]
    assert [] == corrections(told, told)
    assert [] == corrections(told[:1], told[1:])


def test_the_latest_period_is_corrected_first_with_what_it_was_told_as() -> None:
    told = [period(EARLIER, **deployed(9)), period(LATER, **deployed(12, 1))]
    known = [period(EARLIER, **took("mttr", 60.0, 60.0, 1), **deployed(9)), period(LATER, **deployed(12, 2))]
    first, second = corrections(told, known)
    assert ("2026-02-23", "cfr") == (first.first, first.number)
    assert ({"cfr_failed": 1, "cfr_denominator": 12}, {"cfr_failed": 2, "cfr_denominator": 12}) == (
        first.was,
        first.now,
    )
    assert ("2026-02-16", "mttr_median_s", 1) == (second.first, second.number, second.now["mttr_n"])


def test_one_more_deploy_is_said_once_and_not_again_as_the_rework_rates_denominator() -> None:
    moved = corrections([period(LATER, **deployed(9, 1))], [period(LATER, **deployed(10, 1))])
    assert ["deploys", "cfr"] == [one.number for one in moved]


def test_both_sides_took_part_where_each_acted_and_the_second_answered_the_first() -> None:
    shared = {"ops": MONDAY, "dev": MONDAY + HOUR}
    quicker = {"dev": MONDAY, "ops": MONDAY + HOUR / 2}
    found = together([shared, quicker, {"ops": MONDAY}, {}, {"unknown": MONDAY, "dev": MONDAY}])
    assert (2, 4, 2, 2700.0) == (found.both, found.of, found.answers, found.answer_median_s)


def test_an_unknown_place_leaves_open_who_answered_first_and_not_that_both_took_part() -> None:
    shared = {"ops": MONDAY, "dev": MONDAY + HOUR}
    found = together([{"unknown": MONDAY + HOUR, **shared}, {"unknown": MONDAY + HOUR / 2, **shared}])
    assert (2, 2, 1, 3600.0) == (found.both, found.of, found.answers, found.answer_median_s)


def test_of_incidents_whose_places_are_unknown_nothing_is_said() -> None:
    assert (None, 0, None) == (
        (found := together([{"unknown": MONDAY}])).both,
        found.of,
        found.answer_median_s,
    )


def test_points_become_few_equal_steps_each_with_its_worst_and_its_deployments() -> None:
    points = tuple((MONDAY + n * HOUR, None if n in (3, 4) else n / 10) for n in range(1, 6))
    steps = marked(points, MONDAY, [MONDAY, MONDAY + HOUR, MONDAY + 2.5 * HOUR, MONDAY + 9 * HOUR], 3)
    assert [(2, 0.2, 1), (4, None, 1), (5, 0.5, 0)] == [((s.end - MONDAY) / HOUR, s.value, s.deploys) for s in steps]
    assert [] == marked((), MONDAY, [MONDAY], 3)
