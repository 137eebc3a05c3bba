"""The headline of a digest says what changed, and a period has the name people use."""

from typing import Any

import pytest

from handlers.views.digest_words import headline
from handlers.views.digests import digest
from models.words import Side
from tests.support.snapshots import (
    UNKNOWN,
    Shown,
    busy_week,
    deployed,
    quiet_week,
    week,
)

SIDES: tuple[Side, ...] = ("dev", "ops")


@pytest.mark.parametrize(
    ("sentence", "side"),
    [
        (
            "*12 deploys*, 3 more than the week before (1 attempt failed before production), 4 small changes; "
            "change fail rate up from 1 of 9 to 3 of 12; lead time down from 8 h to 5 h 12 min; "
            "*2 incidents*, 1 fewer, 1 open now.",
            "dev",
        ),
        (
            "*2 incidents*, 1 fewer than the week before, 1 open now; "
            "*12 deploys*, 3 more (1 attempt failed before production), 4 small changes; "
            "3 of 12 failed, up from 1 of 9.",
            "ops",
        ),
    ],
)
def test_the_headline_says_what_changed_and_answers_each_sides_own_question_first(sentence: str, side: Side) -> None:
    said = digest(Shown(busy_week()), side)
    assert f"Week 9, 23 Feb – 1 Mar 2026 · payments: {sentence}" == said.text
    assert sentence == said.blocks[1]["text"]["text"]


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("*12 deploys*, as many as the week before; no new incidents.", week(deployed(12), deployed(12))),
        (
            "No deploys, 12 fewer than the week before, 1 small change; no new incidents.",
            week({"changes": 1}, deployed(12)),
        ),
        (
            "A quiet week: no deploys to production (12 the week before), no small changes, no incidents.",
            week({}, deployed(12)),
        ),
        ("*1 deploy*, 1 more than the week before; *1 incident*, 1 more.", week(deployed(1, incidents_started=1))),
        ("*2 deploys*; 1 of 2 failed; no new incidents.", week(deployed(2, 1), UNKNOWN | {"incidents_started": 0})),
        (
            "*4 deploys* so far (9 in all of the week before); 1 of 4 failed; no new incidents.",
            week(deployed(4, 1), deployed(9), is_running=True),
        ),
        (
            "*3 deploys* so far (0 in all of the week before), 1 attempt failed before production, 2 small changes; "
            "no new incidents.",
            week(deployed(3, deploy_attempts_failed=1, changes=2), is_running=True),
        ),
        (
            "*9 deploys*, as many as the week before; change fail rate down from 2 of 9 to 0 of 9; no new incidents.",
            week(deployed(9), deployed(9, 2)),
        ),
        (
            "*9 deploys*, as many as the week before; 1 of 9 failed; no new incidents.",
            week(deployed(9, 1), deployed(9, 1)),
        ),
    ],
)
def test_a_headline_compares_only_what_can_be_compared(sentence: str, numbers: dict[str, Any]) -> None:
    assert sentence == headline(numbers, "dev")


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("Sunday 1 March 2026 so far", {"length": "day", "first": "2026-03-01", "is_running": True}),
        ("March 2026", {"length": "month", "first": "2026-03-01", "last": "2026-03-31"}),
        ("Week 53, 28 Dec – 3 Jan 2027", {"first": "2026-12-28", "last": "2027-01-03"}),
    ],
)
def test_periods_have_the_names_people_use(name: str, changed: dict[str, Any]) -> None:
    assert digest(Shown(quiet_week(**changed)), "dev").text.startswith(f"{name} · payments: A quiet")
