"""What a digest points at: what, why it matters, what to do next, and where."""

from collections.abc import Mapping
from typing import Any, Final

from handlers.views import Block
from handlers.views.digest_parts import MOST_OF_A_NAME, Shown, rows_button, since
from handlers.views.digest_words import before
from handlers.views.layout import section
from handlers.views.numbers import k_of_n, row_of
from handlers.views.text import escape, line, link, plural
from handlers.views.times import duration


def highlighted(snapshot: Shown, side: str, links: Mapping[str, str]) -> list[Block]:
    """Return what to look at: what, why it matters, what to do next, and where."""
    numbers = snapshot.numbers
    return [_highlight(snapshot, one, side, links) for one in numbers["highlights"]]


def _highlight(snapshot: Shown, one: Mapping[str, Any], side: str, links: Mapping[str, str]) -> Block:
    what, why, following, number = _TELLING[one["kind"]](snapshot.numbers, one, side, links)
    scope = f"service:{one['service']}" if one["kind"] == "fails_most" else ""
    return section(f"👉 *{what}*\n{why} _Next:_ {following}", rows_button(snapshot, "Rows", number, scope))


def _tell_open(
    _numbers: Mapping[str, Any], one: Mapping[str, Any], side: str, links: Mapping[str, str]
) -> tuple[str, str, str, str]:
    incident = one["incident"]
    name = link(
        links.get(f"incident:{incident['leader']}") or incident["url"],
        f"INC-{incident['id']} {line(incident['title'], 80)}",
    )
    is_taken = incident["status"] == "acknowledged"
    why = f"{since(incident).capitalize()}, {'acknowledged' if is_taken else 'not acknowledged'}."
    if side == "ops":
        following = (
            "say in its thread what is being done" if is_taken else "acknowledge it, or resolve it if it is over"
        )
    else:
        following = "look whether a change of yours came shortly before it"
    return f"{name} is still open", why, f"{following}.", "incidents_open"


def _tell_broken(
    _numbers: Mapping[str, Any], one: Mapping[str, Any], side: str, _links: Mapping[str, str]
) -> tuple[str, str, str, str]:
    count = one["count"]
    what = f"{plural(count, 'failed deploy')} not recovered yet"
    why = "No open incident stands for it." if count == 1 else "No open incident stands for them."
    following = "open an incident" if side == "ops" else "roll back, or deploy the fix with `fixes`"
    return what, why, f"{following}.", "fdrt_median_s"


def _tell_fails_more(
    numbers: Mapping[str, Any], _one: Mapping[str, Any], side: str, _links: Mapping[str, str]
) -> tuple[str, str, str, str]:
    row = row_of("cfr")
    what = f"More deploys fail: {escape(row.shown(numbers['now']))}"
    why = f"It was {escape(row.shown(numbers['previous']))} {before(numbers)}."
    following = "tell dev what they have in common" if side == "ops" else "look at what the failed ones have in common"
    return what, why, f"{following}.", "cfr"


def _tell_fails_most(
    _numbers: Mapping[str, Any], one: Mapping[str, Any], side: str, _links: Mapping[str, str]
) -> tuple[str, str, str, str]:
    what = f"{line(one['service'], MOST_OF_A_NAME)}: {k_of_n(one['failed'], one['deploys'])} deploys failed"
    following = "watch its next deploy closely" if side == "ops" else "deploy it in smaller steps until they hold"
    return what, "No other service fails as much.", f"{following}.", "cfr"


def _tell_takes_longer(
    numbers: Mapping[str, Any], one: Mapping[str, Any], _side: str, _links: Mapping[str, str]
) -> tuple[str, str, str, str]:
    row = row_of(one["number"])
    what = f"{row.name} is up: {duration(numbers['now'][row.key])}"
    why = f"It was {duration(numbers['previous'][row.key])} {before(numbers)}."
    return what, why, "look at the longest ones.", row.key


_TELLING: Final = {
    "open": _tell_open,
    "broken": _tell_broken,
    "fails_more": _tell_fails_more,
    "fails_most": _tell_fails_most,
    "takes_longer": _tell_takes_longer,
}
