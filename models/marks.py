"""Puts deployments on a line of readings: equal steps, few enough for a chart, each with what landed in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.operations import Points


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a line: its end, the worst reading within it (`None`: none was made), how many deployments ended."""

    end: datetime
    value: float | None
    deploys: int


def marked(points: Points, start: datetime, deployed: Sequence[datetime], most: int) -> list[Step]:
    """Return at most so many steps from `start` on; the worst value of a step is its highest.

    A point lies at the end of the time it was read of.
    """
    if not points:
        return []
    size = -(-len(points) // most)
    groups = [points[n : n + size] for n in range(0, len(points), size)]
    steps: list[Step] = []
    for group in groups:
        end = group[-1][0]
        known = [value for _, value in group if value is not None]
        landed = sum(1 for at in deployed if start < at <= end)
        steps.append(Step(end, max(known) if known else None, landed))
        start = end
    return steps
