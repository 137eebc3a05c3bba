"""Says what the two sides had to do with each other, in a digest and in `/metrics`; never about a person."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from handlers.views import Block, questions
from handlers.views.layout import NOTHING, joined, section
from handlers.views.text import listed, plural
from handlers.views.times import duration

_Told: TypeAlias = Mapping[str, Any]


def between(numbers: _Told) -> list[Block]:
    """Return what the sides had to do with each other in a period, beside the one before; nothing where it is empty."""
    told, before = numbers["between"], numbers.get("between_before") or {}
    if not told:
        return []
    parts = [
        *_together(told, before),
        *_part(told, before, "no cause recorded for {}", "no_cause", "incidents", "incident"),
        *_part(told, before, "no owner named for {}", "unowned", "changes", "small change"),
        *_part(told, before, "{} accepted on time", "handoffs_on_time", "handoffs", "handoff", is_always=True),
        *_questions(told),
    ]
    return [section(f"*Dev ↔ ops*  {joined(parts)}")] if parts else []


def _together(told: _Told, before: _Told) -> Iterator[str]:
    if not told["incidents"]:
        return
    if told["both"] is None:
        yield f"{NOTHING} of {plural(told['incidents'], 'incident')} with both sides (where people acted is not known)"
        return
    yield f"both sides took part in {told['both']} of {plural(told['of'], 'incident')}{_was(before, 'both', 'of')}"
    if told["answer_median_s"] is not None:
        # A snapshot of an earlier release knows an answer wherever both took part.
        answers = told.get("answers", told["both"])
        was = before.get("answer_median_s")
        words = f"median of {answers}" if was is None else f"median of {answers}; before: {duration(was)}"
        yield f"the other side answered after {duration(told['answer_median_s'])} ({words})"


def _part(
    told: _Told, before: _Told, words: str, part: str, whole: str, noun: str, *, is_always: bool = False
) -> Iterator[str]:
    """Say a part of a whole; of what is to be nothing, only where it is not, or was not before."""
    if told.get(whole) and (is_always or told[part] or before.get(part)):
        yield words.format(f"{told[part]} of {plural(told[whole], noun)}") + _was(before, part, whole)


def _was(before: _Told, part: str, whole: str) -> str:
    return f" (before: {before[part]} of {before[whole]})" if before.get(part) is not None else ""


def _questions(told: _Told) -> Iterator[str]:
    asked = told.get("questions") or {}
    if asked.get("asked"):
        words = f"{asked['answered']} of {plural(asked['asked'], 'question')} across answered"
        median = asked["answer_median_s"]
        yield words if median is None else f"{words}, the first answer after {duration(median)} (median)"
    waiting = [(one["text"], datetime.fromisoformat(one["asked_at"])) for one in told.get("waiting") or ()]
    if waiting:
        yield f"unanswered: {listed(questions.overdue(waiting), 5)}"
