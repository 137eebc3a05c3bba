"""How well a service runs: its objective, what was read of it, and the arithmetic of its error budget.

The terms are those of the SRE workbook: https://sre.google/workbook/implementing-slos/ (error budget, four-week
rolling window) and https://sre.google/workbook/alerting-on-slos/ (burn rate). Unknown is `None`, never 0.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

PLACEHOLDERS: Final = ("service", "window")
# Adding up floats may end a hair above all.
_HAIR: Final = 1e-6
_PLACEHOLDER: Final = re.compile(r"\$([A-Za-z_]\w*)")

Points: TypeAlias = tuple[tuple[datetime, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a service promises and how it is measured. Queries are PromQL with `$service` and `$window`.

    `target` is the promised availability, between 0 and 1 (both excluded); `latency_target_s` seconds. The error
    budget is that of the `budget` before the end of a report.
    """

    target: float | None = None
    latency_target_s: float | None = None
    availability_query: str | None = None
    latency_query: str | None = None
    budget: timedelta = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query gave: a number, or in plain words why there is none."""

    value: float | None = None
    reason: str | None = None


NOT_ASKED: Final = Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsReading:
    """What was read of a service for one period.

    `availability` is 0–1, `latency_s` seconds. `error_budget_left` is 1 when untouched, 0 when used up, negative when
    overdrawn. A `burn_rate` of 1 over the whole budget window uses the budget up exactly. `points` are the
    availability (of a service without such a query, the latency) of equal steps of the period, each at the end of
    its step. `reason` says in plain words why something asked for is `None`.
    """

    service: str
    availability: float | None = None
    latency_s: float | None = None
    error_budget_left: float | None = None
    burn_rate: float | None = None
    reason: str | None = None
    points: Points = ()


def burn_rate(availability: float | None, target: float | None) -> float | None:
    """Return how many times faster than allowed errors happened: the share of errors over the allowed share."""
    if availability is None or target is None or target >= 1:
        return None
    return (1 - availability) / (1 - target)


def error_budget_left(availability: float | None, target: float | None) -> float | None:
    """Return what is left of the errors that the target allows in the window in which availability was measured."""
    burnt = burn_rate(availability, target)
    return None if burnt is None else 1 - burnt


def share(value: float | None) -> float | None:
    """Return a value as an availability; `None` for one outside 0–1, and for NaN."""
    if value is None or not -_HAIR <= value <= 1 + _HAIR:
        return None
    return min(max(value, 0.0), 1.0)


def seconds(value: float | None) -> float | None:
    """Return a value as a latency; `None` for a negative one, NaN and infinity."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def reading(
    service: str,
    objective: Objective,
    *,
    availability: Found,
    of_budget: Found,
    latency: Found,
    chart: Found,
    points: Points,
) -> OperationsReading:
    """Judge what the queries gave: the availability of the period and of the budget's window, the latency.

    `NOT_ASKED` stands for a query that there is not; of `chart` only the reason counts.
    """
    whole, budgeted, slow = _share(availability), _share(of_budget), _seconds(latency)
    asked = {"availability": whole, "error budget": budgeted, "latency": slow, "chart": chart}
    convert = share if objective.availability_query else seconds
    return OperationsReading(
        service=service,
        availability=whole.value,
        latency_s=slow.value,
        error_budget_left=error_budget_left(budgeted.value, objective.target),
        burn_rate=burn_rate(whole.value, objective.target),
        reason=_reason((name, found) for name, found in asked.items() if found != NOT_ASKED),
        points=tuple((at, convert(value)) for at, value in points),
    )


def _share(found: Found) -> Found:
    if found.value is None or share(found.value) is not None:
        return Found(value=share(found.value), reason=found.reason)
    return Found(reason=f"gives {found.value:.6g}, which is not between 0 and 1")


def _seconds(found: Found) -> Found:
    if found.value is None or seconds(found.value) is not None:
        return found
    return Found(reason=f"gives {found.value:.6g} seconds")


def _reason(asked: Iterable[tuple[str, Found]]) -> str | None:
    """Say each reason once: alone where it holds for everything, else behind what it holds for."""
    names: dict[str, list[str]] = {}
    knows_something = False
    for name, found in asked:
        if found.reason is not None:
            names.setdefault(found.reason, []).append(name)
        knows_something = knows_something or found.value is not None
    if not knows_something and len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{', '.join(who)}: {reason}" for reason, who in names.items()) or None


def expression(query: str, service: str, window: timedelta) -> str:
    """Return a query with its placeholders replaced; the window is a duration as PromQL writes it, in seconds.

    https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
    """
    said = {"service": service, "window": f"{max(1, round(window.total_seconds()))}s"}
    return _PLACEHOLDER.sub(lambda match: said.get(match[1], match[0]), query)


def placeholders(query: str) -> list[str]:
    """Return the names behind a `$`, known or not, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(query)))
