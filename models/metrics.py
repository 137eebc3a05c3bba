"""Percentiles, the one way in which they are taken."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share (0–1) of the values lies, between neighbours by linear interpolation."""
    return percentile_of(sorted(values), share)


def percentile_of(ordered: Sequence[float], share: float) -> float | None:
    """Return the same of values that are in order already."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
