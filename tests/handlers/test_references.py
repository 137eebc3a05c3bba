"""How people name things: numbers, lengths of time, nearly right words."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers.references import is_link, number_in
from handlers.since import parse_since
from handlers.suggest import did_you_mean, nearest

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "word"),
    [(12, "INC-12"), (12, "inc12"), (12, "#12"), (12, "12"), (None, "twelve"), (None, ""), (None, "1" * 12)],
)
def test_a_number_is_typed_in_several_ways(number: int | None, word: str) -> None:
    assert number == number_in(word)


@pytest.mark.parametrize(
    ("is_one", "word"),
    [
        (True, "https://acme.slack.com/archives/C2/p1772442000000100"),
        (True, "<https://acme.slack.com/archives/C2/p1772442000000100?thread_ts=1772442000.000100&cid=C2>"),
        (False, "https://acme.slack.com/archives/C2"),
        (False, "https://example.com/"),
    ],
)
def test_a_link_to_a_message_is_recognised(is_one: bool, word: str) -> None:
    assert is_one == is_link(word)


@pytest.mark.parametrize(
    ("instant", "word"),
    [
        (AT - timedelta(minutes=45), "45m"),
        (AT - timedelta(hours=2), "2H"),
        (AT - timedelta(days=3), "3 d"),
        (AT - timedelta(weeks=1), "1w"),
        (datetime(2026, 3, 2, tzinfo=UTC), "today"),
        (datetime(2026, 3, 1, tzinfo=UTC), "Yesterday"),
        (datetime(2026, 2, 20, tzinfo=UTC), "2026-02-20"),
        (None, "soon"),
        (None, "2026-02-30"),
        (None, "2"),
    ],
)
def test_how_far_back_is_understood(instant: datetime | None, word: str) -> None:
    assert instant == parse_since(word, AT)


def test_the_nearest_word_is_offered_in_its_own_spelling() -> None:
    assert "Payments" == nearest("paymnets", ["Checkout", "Payments"])
    assert nearest("zzz", ["Checkout", "Payments"]) is None


def test_where_nothing_is_near_everything_known_is_listed() -> None:
    assert " I know `a`, `b`." == did_you_mean("zzz", ["a", "b"], "`{}`")
    assert "" == did_you_mean("zzz", [])
