"""What of the troubles ahead is new, and what is over, as the hours pass."""

from datetime import UTC, datetime, timedelta

from models.troubles import Trouble, compared, told

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def gap(start: float, end: float | None) -> Trouble:
    return Trouble(key="gap", words="", start=AT + start * HOUR, end=AT + end * HOUR if end is not None else None)


def test_a_gap_that_has_begun_or_is_only_partly_filled_is_no_news() -> None:
    assert ([], []) == compared([gap(1, 5)], [gap(1, 5)], AT)
    assert ([], []) == compared([gap(1, 5)], [gap(3, 5)], AT + 3 * HOUR)
    assert ([], []) == compared([gap(1, 5)], [gap(2, 3)], AT)


def test_another_gap_and_a_longer_one_are_news() -> None:
    assert ([gap(8, 9)], []) == compared([gap(1, 5)], [gap(1, 5), gap(8, 9)], AT)
    assert ([gap(1, 6)], []) == compared([gap(1, 5)], [gap(1, 6)], AT)
    assert ([gap(0, 5)], []) == compared([gap(1, 5)], [gap(0, 5)], AT)


def test_a_gap_is_filled_or_its_time_has_passed() -> None:
    assert ([], [gap(1, 5)]) == compared([gap(1, 5)], [], AT)
    assert ([], []) == compared([gap(1, 5)], [], AT + 5 * HOUR)
    assert ([gap(8, 9)], [gap(1, 5)]) == compared([gap(1, 5)], [gap(8, 9)], AT)


def test_what_goes_on_beyond_what_was_looked_at_is_known_to_go_on() -> None:
    known = told([gap(300, None)], [gap(300, 340)])
    assert [gap(300, None)] == known
    assert ([], []) == compared(known, [gap(300, 341)], AT + 5 * HOUR)


def test_what_has_no_time_is_the_same_as_long_as_it_is_called_so() -> None:
    broken = Trouble(key="calendar", words="answers 500")
    assert ([], []) == compared([broken], [Trouble(key="calendar", words="answers 502")], AT)
    assert ([broken], []) == compared([gap(1, 5)], [broken, gap(1, 5)], AT)
    assert ([], [broken]) == compared([broken], [], AT)
