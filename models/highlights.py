"""What a digest points at: at most three things of a period that somebody should look at, the most urgent first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MOST: Final = 3
# Below five of anything a share says nothing; then only more than half counts as a sign.
_ENOUGH: Final = 5
_WORSE_BY: Final = 0.10
_LONGER_BY: Final = 1.5
_SLOWER: Final = ("lead_time_median_s", "mttr_median_s", "mtta_median_s")


def highlights(
    now: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
    services: Sequence[Mapping[str, Any]],
    still_open: Sequence[Mapping[str, Any]],
    forgotten: int = 0,
) -> list[dict[str, Any]]:
    """Return what to look at, as plain JSON: each has a `kind`, and what its words need.

    Without a `previous` (the period still runs) nothing is called worse. `forgotten` counts the failed deployments that
    have not recovered and that no open incident stands for.
    """
    found = [
        *_open_incident(still_open),
        *([{"kind": "broken", "count": forgotten}] if forgotten else []),
        *(_fails_more(now, previous) if previous else ()),
        *_fails_most(services),
        *(_takes_longer(now, previous) if previous else ()),
    ]
    return found[:MOST]


def _open_incident(still_open: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Point at the worst one; incidents come worst first."""
    if still_open:
        yield {"kind": "open", "incident": dict(still_open[0])}


def _fails_more(now: Mapping[str, Any], previous: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    counts = now["cfr_denominator"] or 0, previous["cfr_denominator"] or 0
    if min(counts) >= _ENOUGH and now["cfr"] - previous["cfr"] >= _WORSE_BY:
        yield {"kind": "fails_more"}


def _fails_most(services: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Point at the service most of whose deployments failed, where one stands out."""
    failing = [s for s in services if (s["failed"] or 0) >= 2 and s["failed"] * 2 >= s["deploys"]]
    if failing and len(services) > 1:
        worst = max(failing, key=lambda s: (s["failed"], s["name"]))
        yield {"kind": "fails_most", "service": worst["name"], "failed": worst["failed"], "deploys": worst["deploys"]}


def _takes_longer(now: Mapping[str, Any], previous: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number in _SLOWER:
        count = number.replace("median_s", "n")
        enough = min(now[count], previous[count]) >= _ENOUGH
        if enough and now[number] >= _LONGER_BY * previous[number] > 0:
            yield {"kind": "takes_longer", "number": number}
