"""Messages stay within Slack's limits, instants and durations read well."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.blocks import problems, size
from handlers.views import layout, times

AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


@given(st.lists(st.integers(0, 6000), max_size=80), st.integers(0, 5))
def test_a_message_is_never_over_the_limits_and_keeps_its_buttons(sizes: list[int], rows: int) -> None:
    pressed = [layout.actions(layout.button("Go", f"go_{n}", "1")) for n in range(rows)]
    built = layout.message("x" * sum(sizes), [*(layout.section("y" * size) for size in sizes), *pressed])

    assert len(built.text) <= layout.MOST_OF_A_TEXT
    assert [] == problems(list(built.blocks))
    assert size(list(built.blocks)) <= layout.MOST_IN_ALL
    assert pressed == [block for block in built.blocks if block["type"] == "actions"]


def test_lines_are_gathered_into_few_sections() -> None:
    blocks = layout.paragraphs(["z" * 1000] * 5)

    assert [2001, 2001, 1000] == [len(block["text"]["text"]) for block in blocks]


def test_instants_are_shown_in_the_readers_zone_with_utc_beside() -> None:
    assert "<!date^1772442300^{date_short_pretty} at {time}|2026-03-02 09:05 UTC>" == times.moment(AT)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("0 s", 0),
        ("0 s", -5),
        ("45 s", 45.4),
        ("3 min 20 s", 200),
        ("2 h", 7200),
        ("2 h 5 min", 7530),
        ("2 d 4 h", 187_200),
    ],
)
def test_durations_are_said_in_their_two_largest_units(words: str, seconds: float) -> None:
    assert words == times.duration(timedelta(seconds=seconds))
