"""A sender is missed after four of its usual gaps, and never within a day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from models.silence import silent_sources

AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Sender:
    last_received_at: datetime
    usual_gap_s: float | None


@pytest.mark.parametrize(
    ("quiet_hours", "gap_hours", "is_silent"),
    [(23, 1, False), (25, 1, True), (25, 12, False), (49, 12, True), (100, None, False), (169, None, True)],
)
def test_who_is_silent(quiet_hours: int, gap_hours: int | None, is_silent: bool) -> None:
    gap = None if gap_hours is None else gap_hours * 3600.0
    sender = Sender(AT - timedelta(hours=quiet_hours), gap)
    assert ([sender] if is_silent else []) == silent_sources([sender], AT)
