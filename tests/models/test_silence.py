"""A sender is missed after four of its usual gaps, and never within a day; all are silent when each one is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from models.silence import Silence, silence_at, silent_sources

AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Sender:
    last_received_at: datetime
    usual_gap_s: float | None
    name: str = "ci"


@pytest.mark.parametrize(
    ("quiet_hours", "gap_hours", "is_silent"),
    [(23, 1, False), (25, 1, True), (25, 12, False), (49, 12, True), (100, None, False), (169, None, True)],
)
def test_who_is_silent(quiet_hours: int, gap_hours: int | None, is_silent: bool) -> None:
    gap = None if gap_hours is None else gap_hours * 3600.0
    sender = Sender(AT - timedelta(hours=quiet_hours), gap)
    assert ([sender] if is_silent else []) == silent_sources([sender], AT)


def test_everybody_is_silent_only_when_each_one_is_since_the_last_was_heard() -> None:
    early, late, fresh = (
        Sender(AT - timedelta(hours=hours), 3600.0, name) for hours, name in ((72, "early"), (48, "late"), (1, "fresh"))
    )
    assert Silence(since=late.last_received_at, senders=("early", "late")) == silence_at([early, late], AT)
    assert silence_at([early, late, fresh], AT) is None
    assert silence_at([], AT) is None


def test_a_silence_covers_what_began_in_it() -> None:
    silence = Silence(since=AT, senders=("ci",))
    assert [False, True, True] == [silence.covers(AT + timedelta(hours=hours)) for hours in (-1, 0, 1)]
