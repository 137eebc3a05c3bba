"""Explains a number with its own values: what it means, what is divided by what, of which window, what is left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from handlers.views import Modal
from handlers.views.asked import ROWS as OPEN_ROWS
from handlers.views.asked import Asked
from handlers.views.layout import actions, button, context, joined, paragraphs, plain_text
from handlers.views.metric_rows import NAMES, left_out_words
from handlers.views.numbers import percent
from handlers.views.silence import in_words as silence_in_words
from handlers.views.silence import is_silenced
from handlers.views.text import escape, plural
from handlers.views.times import duration, in_utc, moment
from models.evidence import Item
from models.periods import Window

Numbers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a digest said of a number, in the snapshot of which number, as of when; its period may have run on since."""

    shown: str
    snapshot: int
    at: datetime
    still_ran: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A number to be explained: `shown` is its value, `now` all numbers of its period, `items` the rows behind it.

    `told` is what a digest said of it, where somebody asks about a digest; `silence` that of all senders, if they are.
    """

    asked: Asked
    shown: str
    now: Numbers
    items: Sequence[Item]
    window: Window
    at: datetime
    told: Told | None = None
    silence: Mapping[str, Any] | None = None


_Formula: TypeAlias = Callable[[Explained], str]


def modal(told: Explained) -> Modal:
    """Return the form that explains a number."""
    number = told.asked.number
    definition, formula = _HOW[number]
    left_out = "; ".join(filter(None, (left_out_words(told.items), _ALWAYS.get(number))))
    parts = [
        f"*{escape(NAMES[number])}*  {escape(told.shown)}",
        *_moved(told),
        definition,
        f"*Here*  {formula(told)}",
        f"*Window*  {_window(told.window)}",
        f"*Left out*  {left_out or 'nothing'}",
    ]
    foot = context(joined([escape(told.asked.scope), f"as of {moment(told.at)}", "every definition: docs/metrics.md"]))
    blocks = [*(block for part in parts for block in paragraphs([part])), foot]
    return Modal(
        view={
            "type": "modal",
            "title": plain_text(NAMES[number], 24),
            "close": plain_text("Close", 24),
            "blocks": [*blocks, actions(button("Open the rows", OPEN_ROWS, told.asked.value()))],
        }
    )


def _moved(explained: Explained) -> list[str]:
    """Return what the digest said, where what was learnt since has moved it: it stands there as it was told."""
    told = explained.told
    if told is None or told.shown == explained.shown:
        return []
    said = f"{escape(told.shown)} (snapshot {told.snapshot}, as of {moment(told.at)})"
    why = "what was learnt or corrected since moved it. The next one of its kind says so."
    if told.still_ran:
        why = f"the {explained.asked.length} still ran then, and went on since."
    return [f"✏️ *The digest said*  {said}; {why}"]


def _window(window: Window) -> str:
    zone = ZoneInfo(window.timezone)
    local = [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (window.start, window.end)]
    return (
        f"{local[0]} up to, not including, {local[1]} in {escape(window.timezone)}, which is {in_utc(window.start)} "
        f"to {in_utc(window.end)} ({round(window.hours, 1):g} h)"
    )


def _deploys(told: Explained) -> str:
    now, so_far = told.now, " so far" if told.window.is_running else ""
    if now["deploys"] is None:
        return _unknown(told, "deploys")
    return (
        f"{plural(now['deploys'], 'deploy')} on {plural(now['deploy_days'], 'day')}, "
        f"{now['deploys_per_day']:.2f} per day{so_far}; {now['rollbacks']} of them rollbacks; "
        f"{plural(now['deploy_attempts_failed'], 'attempt')} failed before production changed and stay apart"
    )


def _unknown(told: Explained, count: str) -> str:
    """Say why a count is not known: never heard of, or every sender silent, which are two things."""
    if told.silence and is_silenced(told.now, count):
        return f"{silence_in_words(told.silence)}; that nothing was told is no count"
    heard = "no sender had been heard" if count.startswith("incidents") else "no deploy had been heard of"
    return f"{heard} before the window ended, so that none is no count"


def _median(name: str, n: str, p90: str, of: str) -> _Formula:
    of_all = "incidents_started" if of.endswith("incidents") else "deploys"

    def formula(told: Explained) -> str:
        now = told.now
        if now[name] is None:
            if now[of_all] is None:
                return _unknown(told, of_all)
            return f"no {of} in the window, so that there is no median"
        return (
            f"the median of {now[n]:,} {of}: half took at most *{duration(now[name])}*, nine of ten at most "
            f"{duration(now[p90])} (linear interpolation)"
        )

    return formula


def _share(k: str, n: str, of: str) -> _Formula:
    def formula(told: Explained) -> str:
        now = told.now
        if now[n] is None:
            return _unknown(told, n)
        if not now[n]:
            return f"0 {of}: nothing to divide by, so that there is no rate"
        return f"{now[k]} ÷ {now[n]} {of} = *{escape(percent(now[k] / now[n]))}*"

    return formula


def _rate(told: Explained) -> str:
    now, base = told.now, _share("cfr_failed", "cfr_denominator", "deploys that were no rollbacks")(told)
    spared = now["rollbacks"] or 0
    return base + (f" ({now['deploys']} deploys − {plural(spared, 'rollback')})" if spared else "")


def _recovery(told: Explained) -> str:
    now, base = told.now, _median("fdrt_median_s", "fdrt_n", "fdrt_p90_s", "failed deploys that recovered")(told)
    return base + (f"; {plural(now['fdrt_open'], 'failed deploy')} not recovered yet" if now["fdrt_open"] else "")


def _counted(name: str, what: str) -> _Formula:
    def formula(told: Explained) -> str:
        count = told.now[name]
        return _unknown(told, name) if count is None else f"{count:,} {what}"

    return formula


_NO_TESTS: Final = "test incidents and signals that opened none never count"
_ALWAYS: Final = {
    "deploys": "environments that are not of the tier production",
    "lead_time_median_s": "merge commits, and commits that an earlier deploy of the service had brought",
    "incidents_started": _NO_TESTS,
    "mtta_median_s": _NO_TESTS,
    "mttr_median_s": _NO_TESTS,
}
_HOW: Final[dict[str, tuple[str, _Formula]]] = {
    "deploys": (
        "Successful deployments to production that finished in the window. Members that share a rollout are one, "
        "finished with the last of them; hotfixes and rollbacks count.",
        _deploys,
    ),
    "lead_time_median_s": (
        "Per commit: from when it was written to the finish of the first deployment of its service that brought it. "
        "The median is over all commits of the window, never of medians.",
        _median("lead_time_median_s", "lead_time_n", "lead_time_p90_s", "commits"),
    ),
    "cfr": (
        "Distinct deployments that failed, of all successful ones but rollbacks, both finished in the window. One "
        "fails by the first rule that matches: explicit, rollback, remediation, inferred (the latest deployment in "
        "the hours before an incident).",
        _rate,
    ),
    "rework_rate": (
        "Hotfixes, rollbacks (declared, or found by a version that came back) and deployments that name what they "
        "fix. Divided by all successful deployments of the window.",
        _share("rework_deploys", "deploys", "deploys"),
    ),
    "fdrt_median_s": (
        "From the finish of a failed deployment to the last resolution of its incidents, once all are resolved; "
        "without incident, to the finish of what fixed it. It belongs to the window in which it recovered.",
        _recovery,
    ),
    "incidents_started": (
        "Incidents that started in the window, with or without a deployment behind them. An incident that touches "
        "several services counts once.",
        _counted("incidents_started", "incidents"),
    ),
    "mtta_median_s": (
        "From the start of an incident to its first acknowledgement. It belongs to the window of the acknowledgement.",
        _median("mtta_median_s", "mtta_n", "mtta_p90_s", "acknowledged incidents"),
    ),
    "mttr_median_s": (
        "From the start of an incident to its last resolution; reopening moves it. It belongs to the window of the "
        "resolution.",
        _median("mttr_median_s", "mttr_n", "mttr_p90_s", "resolved incidents"),
    ),
    "incidents_open": (
        "Incidents that are not resolved now, whenever they started. A reopened one is open.",
        _counted("incidents_open", "open incidents"),
    ),
    "incidents_unattributed": (
        "Incidents that started in the window and are held against no deployment. They are in the incident numbers "
        "and touch no change metric.",
        _counted("incidents_unattributed", "incidents"),
    ),
    "deploy_attempts_failed": (
        "Deployments to production that failed before they changed anything there. They are no change failures.",
        _counted("deploy_attempts_failed", "attempts"),
    ),
    "services": ("What each service did in the window. The sums are those of all.", lambda _: "one row each"),
}
