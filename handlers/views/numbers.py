"""The five delivery metrics and the incident numbers in words: a count as `k of n`, a change as better or worse.

What is read are the numbers of a period as plain JSON (`handlers.reports.as_json`). Unknown is "–" with its reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Literal, TypeAlias

from handlers.views.layout import NOTHING, joined
from handlers.views.silence import EVERY_SENDER_SILENT, is_silenced
from handlers.views.times import duration

Numbers: TypeAlias = Mapping[str, Any]
Kind: TypeAlias = Literal["count", "rate", "duration"]

# Below this many of anything, a percentage says more than is known.
ENOUGH: Final = 5
BETTER: Final = "▲ better"
WORSE: Final = "▼ worse"
SAME: Final = "= same"
_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number that is shown. `key` names it in a period's numbers and asks for its rows.

    `parts` are the keys of a rate's k and n, or of a duration's 90th percentile and n. `why_not` says why there is no
    value.
    """

    key: str
    name: str
    kind: Kind
    more_is_better: bool = False
    parts: tuple[str, str] = ("", "")
    why_not: Callable[[Numbers], str]

    def value(self, numbers: Numbers) -> float | None:
        """Return the bare value."""
        value: float | None = numbers[self.key]
        return value

    def basis(self, numbers: Numbers) -> int:
        """Return how many things the value was taken over."""
        return int(numbers[self.parts[1] or self.key] or 0)

    def shown(self, numbers: Numbers) -> str:
        """Return a value in full: `12`, `3 of 12 (25 %)`, `5h 12m · p90 2d · n 14`, `– nothing deployed`."""
        value = self.value(numbers)
        if value is None:
            return f"{NOTHING} {self.why_not(numbers)}"
        if self.kind == "count":
            return f"{value:,.0f}"
        if self.kind == "duration":
            return joined([brief(value), f"p90 {brief(numbers[self.parts[0]])}", f"n {self.basis(numbers)}"])
        return k_of_n(numbers[self.parts[0]], numbers[self.parts[1]])

    def shown_before(self, numbers: Numbers) -> str:
        """Return a value to compare with: without its reason where there is none, without the 90th percentile."""
        value = self.value(numbers)
        if value is None:
            return NOTHING
        return joined([brief(value), f"n {self.basis(numbers)}"]) if self.kind == "duration" else self.shown(numbers)

    def short(self, parts: Numbers) -> str:
        """Return a value from its parts alone, without its reason: `3 of 12`, `5 h (n 14)`; a dash for unknown."""
        if self.kind == "rate":
            k, n = (parts[name] for name in self.parts)
            return NOTHING if k is None or n is None else f"{k} of {n}"
        shown = self.bare(parts[self.key])
        return shown if self.kind == "count" or shown == NOTHING else f"{shown} (n {parts[self.parts[1]]})"

    def target(self, numbers: Numbers, targets: Mapping[str, float], *, is_running: bool = False) -> str:
        """Return what is aimed at and whether it is reached: `at most 15 %, missed`; a dash where nothing is.

        A period that still runs has neither met nor missed it: `at most 15 %, 1 of 9 so far`.
        """
        key = "deploys_per_day" if self.key == "deploys" else self.key
        if key not in targets:
            return NOTHING
        aim, value = targets[key], numbers[key]
        most = f"{aim * 100:g} %" if self.kind == "rate" else self.bare(aim)
        name = f"at least {aim:g} a day" if self.more_is_better else f"at most {most}"
        if value is None:
            return name
        if is_running:
            return f"{name}, {f'{value:.3g}' if self.kind == 'count' else self.short(numbers)} so far"
        is_met = value >= aim if self.more_is_better else value <= aim
        return f"{name}, {'met' if is_met else 'missed'}"

    def bare(self, value: float | None) -> str:
        """Return a value that was not counted in one period, such as a median."""
        if value is None:
            return NOTHING
        if self.kind == "duration":
            return brief(value)
        return percent(value) if self.kind == "rate" else f"{value:,.4g}"

    def change(self, now: Numbers, before: Numbers) -> str:
        """Return how the value moved: `▲ better, +3`, `▼ worse, +14 pp`, `= same`; a dash where either is unknown.

        Percentages are left out where they would be of less than five or of nothing. What rounds to nothing is no move.
        """
        value, was = self.value(now), self.value(before)
        if value is None or was is None:
            return NOTHING
        moved, by = self._difference(value, was, min(self.basis(now), self.basis(before)))
        if not moved:
            return SAME
        word = BETTER if (moved > 0) is self.more_is_better else WORSE
        return f"{word}, {by}" if by else word

    def _difference(self, value: float, was: float, n: int) -> tuple[float, str]:
        """Return by how much a value moved, as far as that is shown, and the words."""
        if self.kind == "rate":
            points = round((value - was) * 100)
            return (points, f"{signed(points)} pp") if n >= ENOUGH else (value - was, "")
        if self.kind == "count":
            return round(value - was), signed(round(value - was))
        if n >= ENOUGH and was:
            share = round((value / was - 1) * 100)
            return share, f"{signed(share)} %"
        seconds = round(value - was)
        return seconds, f"{'+' if seconds > 0 else '−'}{brief(abs(seconds))}"


def brief(seconds: float) -> str:
    """Return a length in its two largest units, as short as it can be read: `45s`, `1h 42m`, `2d 4h`."""
    return duration(seconds).replace(" min", "m").replace(" d", "d").replace(" h", "h").replace(" s", "s")


def k_of_n(k: int, n: int) -> str:
    """Return `3 of 12 (25 %)`; without the percentage where n is small."""
    return f"{k} of {n}" + (f" ({percent(k / n)})" if n >= ENOUGH else "")


def percent(share: float) -> str:
    """Return a share of 1 as `25 %`; what is next to none or to all is `<1 %` or `>99 %`. Slack wants it escaped."""
    rounded = f"{share * 100:.0f} %"
    if 0 < share < 1:
        return {"0 %": "<1 %", "100 %": ">99 %"}.get(rounded, rounded)
    return rounded


def signed(value: int) -> str:
    """Return a number with its sign: `+3`, `−3`, `±0`."""
    return f"+{value:,}" if value > 0 else f"−{-value:,}" if value < 0 else "±0"


def typical(row: Row, history: Sequence[Numbers]) -> float | None:
    """Return the median of a value over the periods in which it is known; of a rate, where it is of five or more."""
    least = ENOUGH if row.kind == "rate" else 0
    known = [value for one in history if (value := row.value(one)) is not None and row.basis(one) >= least]
    return median(known) if known else None


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values as bars of eight heights from zero up, a dot where one is unknown; nothing where all are."""
    most = max((value for value in values if value is not None), default=None)
    if most is None:
        return ""
    return "".join(_GAP if v is None else _BARS[round(v / most * 7) if most else 0] for v in values)


def row_of(key: str) -> Row:
    """Return the row of a number."""
    return next(row for row in ROWS if row.key == key)


def _no_deploys(numbers: Numbers) -> str:
    if numbers["deploys"] is None:
        return EVERY_SENDER_SILENT if is_silenced(numbers, "deploys") else "no deploy heard of"
    return "nothing deployed"


def _no_leads(numbers: Numbers) -> str:
    return "no commits told" if numbers["deploys"] else _no_deploys(numbers)


def _no_recovery(numbers: Numbers) -> str:
    if numbers["failed_deploys"] is None:
        return _no_deploys(numbers)
    return "none recovered" if numbers["failed_deploys"] or numbers["fdrt_open"] else "nothing failed"


def _not_heard(numbers: Numbers) -> str:
    return EVERY_SENDER_SILENT if is_silenced(numbers, "incidents_started") else "no sender heard"


def _none_was(what: str) -> Callable[[Numbers], str]:
    def why(numbers: Numbers) -> str:
        if numbers["incidents_started"] is None:
            return _not_heard(numbers)
        return f"none {what}" if numbers["incidents_started"] or numbers["incidents_open"] else "no incidents"

    return why


ROWS: Final = (
    Row(key="deploys", name="Deploys", kind="count", more_is_better=True, why_not=_no_deploys),
    Row(
        key="lead_time_median_s",
        name="Lead time",
        kind="duration",
        parts=("lead_time_p90_s", "lead_time_n"),
        why_not=_no_leads,
    ),
    Row(key="cfr", name="Change fail rate", kind="rate", parts=("cfr_failed", "cfr_denominator"), why_not=_no_deploys),
    Row(key="rework_rate", name="Rework rate", kind="rate", parts=("rework_deploys", "deploys"), why_not=_no_deploys),
    Row(
        key="fdrt_median_s",
        name="Recovery time",
        kind="duration",
        parts=("fdrt_p90_s", "fdrt_n"),
        why_not=_no_recovery,
    ),
    Row(key="incidents_started", name="Incidents", kind="count", why_not=_not_heard),
    Row(
        key="mtta_median_s",
        name="Time to acknowledge",
        kind="duration",
        parts=("mtta_p90_s", "mtta_n"),
        why_not=_none_was("acknowledged"),
    ),
    Row(
        key="mttr_median_s",
        name="Time to restore",
        kind="duration",
        parts=("mttr_p90_s", "mttr_n"),
        why_not=_none_was("resolved"),
    ),
)
