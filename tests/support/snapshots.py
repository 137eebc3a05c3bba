"""Snapshots of digests for tests of what is said: a quiet week, a busy one, and parts to change."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.handlers.views.samples import AT

WEEK = date(2026, 2, 23)
SETTLED = {"settles_at": None, "inferred": 0}
UNKNOWN: dict[str, Any] = dict.fromkeys(
    (
        "deploys",
        "deploys_per_day",
        "deploy_days",
        "deploy_attempts_failed",
        "rollbacks",
        "failed_deploys",
        "cfr",
        "cfr_failed",
        "cfr_denominator",
        "rework_deploys",
        "rework_rate",
        "incidents_started",
        "incidents_open",
        "incidents_unattributed",
    )
) | {"no_data": True}


@dataclass(frozen=True)
class Shown:
    """A snapshot that was not stored."""

    numbers: dict[str, Any]
    id: int = 17
    bridge: str = "payments"
    timezone: str = "Europe/Berlin"
    computed_at: datetime = field(default=AT)


def period(first: date = WEEK, **changed: Any) -> dict[str, Any]:
    """Return the numbers of a week in which nothing happened and everybody was heard."""
    medians = {
        f"{name}_{part}": None for name in ("lead_time", "fdrt", "mttr", "mtta") for part in ("median_s", "p90_s")
    }
    return {
        "first": first.isoformat(),
        "last": (first + timedelta(days=6)).isoformat(),
        "deploys": 0,
        "deploys_per_day": 0.0,
        "deploy_days": 0,
        "deploy_attempts_failed": 0,
        "rollbacks": 0,
        **medians,
        **{f"{name}_n": 0 for name in ("lead_time", "fdrt", "mttr", "mtta")},
        "lead_time_dropped_negative": 0,
        "failed_deploys": 0,
        "cfr": None,
        "cfr_failed": 0,
        "cfr_denominator": 0,
        "rework_deploys": 0,
        "rework_rate": None,
        "fdrt_open": 0,
        "incidents_started": 0,
        "incidents_open": 0,
        "incidents_unattributed": 0,
        "changes": 0,
        "duplicates_ignored": 0,
        "no_data": False,
        "window_hours": 168,
        "silenced": [],
    } | changed


def deployed(n: int, failed: int = 0, rework: int = 0, **changed: Any) -> dict[str, Any]:
    """Return what so many deployments, of which some failed, make of a period's numbers."""
    return {
        "deploys": n,
        "deploys_per_day": n / 7,
        "deploy_days": min(n, 7),
        "failed_deploys": failed,
        "cfr": failed / n,
        "cfr_failed": failed,
        "cfr_denominator": n,
        "rework_deploys": rework,
        "rework_rate": rework / n,
    } | changed


def took(name: str, median_s: float, p90_s: float, n: int) -> dict[str, Any]:
    """Return what a duration is made of."""
    return {f"{name}_median_s": median_s, f"{name}_p90_s": p90_s, f"{name}_n": n}


def service(name: str, deploys: int | None = 0, **counts: int | None) -> dict[str, Any]:
    """Return a service's line."""
    rest = None if deploys is None else 0
    return {
        "name": name,
        "deploys": deploys,
        "previous_deploys": deploys,
        "failed": rest,
        "attempts_failed": rest,
        "incidents": 0,
        "changes": 0,
    } | counts


def week(now: dict[str, Any], before: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Return a week's snapshot: its numbers, those of the week before, and six weeks of none before these."""
    previous = period(WEEK - timedelta(days=7), **(before or {}))
    present = period(**now)
    past = [period(WEEK - timedelta(days=7 * n)) for n in range(7, 1, -1)]
    return {
        "form": "delivery",
        "length": "week",
        "first": "2026-02-23",
        "last": "2026-03-01",
        "is_running": False,
        "compared": {"first": "2026-02-16", "last": "2026-02-22"},
        "now": present,
        "previous": previous,
        "history": [*past, previous, present],
        "services": [service("payments"), service("checkout")],
        "open": [],
        "highlights": [],
        "between": None,
        "corrections": [],
        "silent": [],
        "never_heard": [],
        "silence": None,
        "unmapped": [],
        "targets": {},
        "operations": [],
        "course": None,
        **SETTLED,
    } | changed


def quiet_week(**changed: Any) -> dict[str, Any]:
    """Return a week in which nothing happened."""
    return week({}, **changed)


def silent_week() -> dict[str, Any]:
    """Return a week of which nobody told anything, after weeks of the same."""
    numbers = week(UNKNOWN, UNKNOWN, never_heard=["github", "alerts"])
    for one in numbers["history"]:
        one.update(UNKNOWN)
    return numbers | {"services": [service(name, None, incidents=None) for name in ("payments", "checkout")]}


def open_incident(words: str = "Checkout errors", number: int = 3) -> dict[str, Any]:
    """Return an incident that is open."""
    return {
        "id": number,
        "leader": number,
        "title": words,
        "severity": "sev1",
        "status": "acknowledged",
        "services": [words, "payments"],
        "started_at": "2026-03-01T20:00:00+00:00",
        "url": "https://alerts.example/f00",
    }


def busy_week(words: str = "Checkout errors", services: int = 2, opened: int = 1) -> dict[str, Any]:
    """Return a week with some of everything. `words` stand wherever words come from outside."""
    now = deployed(
        12,
        failed=3,
        rework=2,
        rollbacks=1,
        deploy_attempts_failed=1,
        changes=4,
        incidents_started=2,
        incidents_open=opened,
        **took("lead_time", 18_720.0, 180_000.0, 14),
        **took("fdrt", 2520.0, 2520.0, 1),
        **took("mtta", 180.0, 300.0, 2),
        **took("mttr", 2520.0, 2520.0, 1),
    )
    before = deployed(9, failed=1, rework=1, incidents_started=3, **took("lead_time", 28_800.0, 90_000.0, 9))
    listed = [open_incident(words, 3 + n) for n in range(opened)]
    moved = {"first": "2026-02-16", "number": "cfr", "told_in": 16}
    return week(
        now,
        before,
        services=[
            service(f"{words[:30]} {n}", 11, failed=1, attempts_failed=1, changes=4, incidents=2)
            for n in range(services)
        ],
        open=listed,
        highlights=[
            *({"kind": "open", "incident": one} for one in listed[:1]),
            {"kind": "broken", "count": 2},
            {"kind": "fails_most", "service": words, "failed": 2, "deploys": 3},
        ],
        between={
            "both": 1,
            "of": 2,
            "answers": 1,
            "answer_median_s": 240.0,
            "no_cause": 1,
            "incidents": 2,
            "unowned": 1,
            "changes": 4,
        },
        inferred=1,
        corrections=[
            moved
            | {
                "was": {"cfr_failed": 0, "cfr_denominator": 9},
                "now": {"cfr_failed": 1, "cfr_denominator": 9},
            }
        ],
        silent=[{"name": words, "last_received_at": AT.isoformat()}],
        never_heard=[words],
        unmapped=[{"kind": "service", "name": words, "deliveries": 2}] * 12,
        targets={"cfr": 0.15, "lead_time_median_s": 86_400.0, "deploys_per_day": 1.0},
        operations=[
            {
                "service": words,
                "availability": 0.99951,
                "target": 0.999,
                "error_budget_left": 0.51,
                "burn_rate": 0.49,
                "latency_s": 0.182,
                "latency_target_s": 0.3,
                "reason": None,
            }
        ],
        course={
            "service": words,
            "unit": "burn_rate",
            "steps": [
                {"end": (AT - timedelta(hours=14 * n)).isoformat(), "value": n / 5, "deploys": n % 3}
                for n in range(12, 0, -1)
            ],
        },
    )
