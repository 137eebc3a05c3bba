"""A number says what it is made of, whether it got better, and why there is none."""

import json
from typing import Any

import pytest

from handlers.views.digests import digest
from models.words import Side
from tests.support.reading import cells, shown
from tests.support.snapshots import (
    Shown,
    busy_week,
    deployed,
    took,
    week,
)

SIDES: tuple[Side, ...] = ("dev", "ops")


@pytest.mark.parametrize(
    ("now", "row", "numbers"),
    [
        ("– nothing deployed", "Change fail rate", week({"changes": 1})),
        ("– no commits told", "Lead time", week(deployed(3))),
        ("– nothing failed", "Recovery time", week(deployed(3))),
        ("– none recovered", "Recovery time", week(deployed(3, 1))),
        ("– none acknowledged", "Time to acknowledge", week({"incidents_started": 1})),
        ("– none resolved", "Time to restore", week({"incidents_open": 1})),
        ("– no incidents", "Time to restore", week(deployed(3))),
        ("1 of 4", "Change fail rate", week(deployed(4, 1))),
        ("3 of 12 (25 %)", "Change fail rate", week(deployed(12, 3))),
        ("1 of 300 (<1 %)", "Change fail rate", week(deployed(300, 1))),
        ("299 of 300 (>99 %)", "Change fail rate", week(deployed(300, 299))),
        ("0 of 300 (0 %)", "Change fail rate", week(deployed(300))),
        ("300 of 300 (100 %)", "Change fail rate", week(deployed(300, 300))),
        ("5m · p90 10m · n 3", "Time to restore", week(took("mttr", 300.0, 600.0, 3))),
    ],
)
def test_a_number_comes_with_what_it_is_made_of_or_with_the_reason_why_there_is_none(
    now: str, row: str, numbers: dict[str, Any]
) -> None:
    assert now == cells(digest(Shown(numbers), "dev"))[row][0]


@pytest.mark.parametrize(
    ("change", "row", "now", "before"),
    [
        ("▲ better, +3", "Deploys", deployed(12), deployed(9)),
        ("▼ worse, −3", "Deploys", deployed(9), deployed(12)),
        ("= same", "Deploys", deployed(9), deployed(9)),
        ("▼ worse, +14 pp", "Change fail rate", deployed(12, 3), deployed(9, 1)),
        ("▲ better, −11 pp", "Change fail rate", deployed(9), deployed(9, 1)),
        ("▼ worse", "Change fail rate", deployed(4, 3), deployed(9, 1)),
        ("= same", "Change fail rate", deployed(300, 30), deployed(301, 30)),
        ("= same", "Lead time", took("lead_time", 7201.0, 1.0, 5), took("lead_time", 7200.0, 1.0, 5)),
        ("= same", "Lead time", took("lead_time", 7200.4, 1.0, 4), took("lead_time", 7200.0, 1.0, 4)),
        ("–", "Change fail rate", deployed(4, 3), {}),
        ("▼ worse, +2", "Incidents", deployed(1, incidents_started=3), deployed(1, incidents_started=1)),
        (
            "▲ better, −50 %",
            "Lead time",
            took("lead_time", 3600.0, 1.0, 5),
            took("lead_time", 7200.0, 1.0, 5),
        ),
        ("▼ worse, +1h", "Time to restore", took("mttr", 7200.0, 1.0, 4), took("mttr", 3600.0, 1.0, 9)),
        ("▼ worse, +1h", "Time to restore", took("mttr", 3600.0, 1.0, 9), took("mttr", 0.0, 1.0, 9)),
    ],
)
def test_arrows_mean_better_or_worse_and_say_so(
    change: str, row: str, now: dict[str, Any], before: dict[str, Any]
) -> None:
    assert change == cells(digest(Shown(week(now, before, corrections=busy_week()["corrections"])), "dev"))[row][2]


def test_what_is_next_to_nothing_is_literal_in_words_too() -> None:
    numbers = week(deployed(300, 299), deployed(300, 1), highlights=[{"kind": "fails_more"}])
    worse = digest(Shown(numbers), "dev")
    plain = str(worse.plain_blocks)
    assert "299 of 300 (&gt;99 %)" in plain
    assert "It was 1 of 300 (&lt;1 %) the week before." in plain
    assert "(<1 %)" not in plain


def test_the_median_of_eight_periods_and_their_trend_leave_out_what_is_unknown() -> None:
    numbers = week(deployed(12), deployed(6))
    for one in numbers["history"][:4]:
        one["deploys"] = None
    assert "3 ····▁▁▅█" == cells(digest(Shown(numbers), "dev"))["Deploys"][3]


def test_targets_are_shown_where_there_are_any_with_whether_they_are_met() -> None:
    assert "Target" not in json.dumps(digest(Shown(week(deployed(3))), "dev").blocks)
    targets = {name: row[-1] for name, row in cells(digest(Shown(busy_week()), "dev")).items()}
    assert "at least 1 a day, met" == targets["Deploys"]
    assert "at most 1d, met" == targets["Lead time"]
    assert "at most 15 %, missed" == targets["Change fail rate"]
    assert "–" == targets["Incidents"]


def test_a_target_is_neither_met_nor_missed_before_the_period_is_over() -> None:
    running = digest(Shown(busy_week() | {"is_running": True}), "dev")
    targets = {name: row[-1] for name, row in cells(running).items()}
    assert "at least 1 a day, 1.71 so far" == targets["Deploys"]
    assert "at most 1d, 5h 12m (n 14) so far" == targets["Lead time"]
    assert "at most 15 %, 3 of 12 so far" == targets["Change fail rate"]
    assert "target at most 15 %, 3 of 12 so far" in str(running.plain_blocks)


def test_a_period_that_still_runs_is_not_called_better_or_worse() -> None:
    numbers = week(deployed(4), deployed(9), is_running=True)
    assert "–" == cells(digest(Shown(numbers), "dev"))["Deploys"][2]
    assert "this period still runs" in shown(digest(Shown(numbers), "dev"))
