"""What moved since it was told: the numbers of past periods as the last digest had them, beside what they are now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# What each number shown in a digest is made of; its key is the name under which its rows are asked for.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "deploys": ("deploys",),
    "lead_time_median_s": ("lead_time_median_s", "lead_time_p90_s", "lead_time_n"),
    "cfr": ("cfr_failed", "cfr_denominator"),
    "rework_rate": ("rework_deploys", "deploys"),
    "fdrt_median_s": ("fdrt_median_s", "fdrt_p90_s", "fdrt_n"),
    "incidents_started": ("incidents_started",),
    "mtta_median_s": ("mtta_median_s", "mtta_p90_s", "mtta_n"),
    "mttr_median_s": ("mttr_median_s", "mttr_p90_s", "mttr_n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One number of the period that began on `first`, with the parts it is made of, as told and as it is now."""

    first: str
    number: str
    was: dict[str, Any]
    now: dict[str, Any]


def corrections(told: Iterable[Mapping[str, Any]], known: Iterable[Mapping[str, Any]]) -> list[Correction]:
    """Return what moved in the periods that both histories hold, the latest period first."""
    before = {period["first"]: period for period in told}
    pairs = [(before[period["first"]], period) for period in known if period["first"] in before]
    return [moved for was, now in reversed(pairs) for moved in _moved(was, now)]


def _moved(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Correction]:
    pairs = {number: (_parts(was, parts), _parts(now, parts)) for number, parts in PARTS.items()}
    if pairs["deploys"][0] != pairs["deploys"][1] and was.get("rework_deploys") == now.get("rework_deploys"):
        del pairs["rework_rate"]  # only its denominator moved, which the deployments say already
    return [
        Correction(first=now["first"], number=number, was=old, now=new)
        for number, (old, new) in pairs.items()
        if old != new
    ]


def _parts(period: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: period.get(name) for name in names}
