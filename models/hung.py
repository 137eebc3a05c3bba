"""Which deployments hang: the one rule for how long one may take before it is unknown what became of it."""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Final

from models.records import Deploy
from models.words import DeployStatus

USUAL_TIMES: Final = 3
# Where deployments take seconds, a slow runner is no reason to alarm anybody.
AT_LEAST: Final = timedelta(minutes=5)
# So many of the latest successes make a habit.
LATEST: Final = 20
_ENOUGH: Final = 3


def usual_duration(latest: Sequence[Deploy], default: timedelta) -> timedelta:
    """Return how long a deployment takes: the median of the latest successes, `default` with fewer than three."""
    lengths = [
        (d.finished_at - d.started_at).total_seconds()
        for d in latest
        if d.status is DeployStatus.SUCCEEDED and d.started_at and d.finished_at and d.finished_at >= d.started_at
    ][:LATEST]
    return timedelta(seconds=median(lengths)) if len(lengths) >= _ENOUGH else default


def patience(usual: timedelta) -> timedelta:
    """Return how long after its start the end of a deployment is waited for."""
    return max(USUAL_TIMES * usual, AT_LEAST)
