"""What people type for a span of time, as they mean it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from handlers.instants import read_span

BERLIN = ZoneInfo("Europe/Berlin")
# A Monday, 13:00 on the wall in Berlin.
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def spoken(words: str, at: datetime = MONDAY, *, is_same_day: bool = False) -> str:
    """Return a span as a clock on the wall shows it."""
    span = read_span(words, at, BERLIN, is_same_day=is_same_day)
    return " - ".join(f"{one.astimezone(BERLIN):%a %d %H:%M}" for one in span) if span else "nothing"


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("Mon 02 13:00 - Mon 02 15:00", "for 2h"),
        ("Mon 02 13:00 - Tue 03 01:00", "until 01:00"),
        ("Mon 02 18:00 - Mon 02 20:00", "from 18:00 to 20:00"),
        ("Mon 02 22:00 - Tue 03 06:00", "from 22:00 to 06:00"),
        ("Mon 02 22:00 - Tue 03 06:00", "from 22:00 to tue 06:00"),
        ("Tue 03 18:00 - Tue 03 20:00", "from tomorrow 18:00 to tomorrow 20:00"),
        ("Tue 03 18:00 - Tue 03 20:00", "from tomorrow 18:00 to tue 20:00"),
        ("Fri 06 18:00 - Fri 06 20:00", "from fri 18:00 to fri 20:00"),
        ("Fri 06 18:00 - Mon 09 08:00", "from fri 18:00 to mon 08:00"),
        ("Fri 06 18:00 - Fri 13 08:00", "from fri 18:00 to fri 08:00"),
        ("Mon 02 18:00 - Mon 02 20:00", "from 18:00 for 2h"),
        ("nothing", "from noon to late"),
        ("nothing", "whenever"),
    ],
)
def test_a_span_is_what_a_person_means(expected: str, words: str) -> None:
    assert expected == spoken(words)


def test_where_asked_the_end_stays_on_the_day_of_the_beginning() -> None:
    assert "Mon 02 18:00 - Mon 02 17:00" == spoken("from 18:00 to 17:00", is_same_day=True)
    assert "Fri 06 18:00 - Fri 06 17:00" == spoken("from fri 18:00 to fri 17:00", is_same_day=True)
    assert "Mon 02 13:00 - Tue 03 01:00" == spoken("until 01:00", is_same_day=True)
