"""What the numbers of a digest may lack, and what moved in those that were told before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from handlers.views import Block
from handlers.views.digest_words import label
from handlers.views.layout import context, joined
from handlers.views.numbers import row_of
from handlers.views.silence import in_words as silence_in_words
from handlers.views.text import line, plural
from handlers.views.times import moment

_MOST_NAMES: Final = 8
_MOST_MOVES: Final = 4
_MOST_OF_A_NAME: Final = 40


def honesty(numbers: Mapping[str, Any]) -> list[Block]:
    """Return the lines that say what these numbers may lack, and what moved in those that were told before."""
    # What only silence hides was known in the period before.
    unknown = [s["name"] for s in numbers["services"] if s["deploys"] is None and s["previous_deploys"] is None]
    silence = numbers.get("silence")
    lacking = [
        "this period still runs" if numbers["is_running"] else _provisional(numbers),
        _inferred(numbers),
        _named("no deploy was ever told of", unknown),
        silence_in_words(silence) if silence else _named("silent", [s["name"] for s in numbers["silent"]]),
        _named("never heard", numbers["never_heard"]),
        _named("unmapped, not counted (`/bridge map`)", [n["name"] for n in numbers["unmapped"]]),
    ]
    moved = _corrected(numbers)
    return [
        *([context(f"⚠️ {joined(lacking)}")] if any(lacking) else []),
        *([context(f"✏️ {moved}")] if moved else []),
    ]


def _provisional(numbers: Mapping[str, Any]) -> str | None:
    settles = numbers["settles_at"]
    if settles is None:
        return None
    return f"provisional: these numbers settle {moment(datetime.fromisoformat(settles).astimezone(UTC))}"


def _inferred(numbers: Mapping[str, Any]) -> str | None:
    count = numbers["inferred"]
    of = plural(numbers["now"]["incidents_started"] or count, "incident")
    return f"{count} of {of} held against a deploy only because it came shortly before" if count else None


def _corrected(numbers: Mapping[str, Any]) -> str | None:
    """Return what moved in periods that an earlier digest told of."""
    moves = numbers["corrections"]
    if not moves:
        return None
    told = [_move(one, numbers["length"]) for one in moves[:_MOST_MOVES]]
    left = len(moves) - len(told)
    more = [f"and {plural(left, 'more number')}"] if left else []
    return f"Corrected since snapshot {moves[0]['told_in']}: {joined([*told, *more])}"


def _move(one: Mapping[str, Any], length: str) -> str:
    row = row_of(one["number"])
    return f"{label(one['first'], length)} {row.name.lower()} {row.short(one['was'])} → {row.short(one['now'])}"


def _named(what: str, names: Sequence[str]) -> str | None:
    left = len(names) - _MOST_NAMES
    more = f" and {left} more" if left > 0 else ""
    listed = ", ".join(line(name, _MOST_OF_A_NAME) for name in names[:_MOST_NAMES])
    return f"{what}: {listed}{more}" if names else None
