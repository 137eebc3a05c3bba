"""What is said of what people work on in an incident: hypotheses, running actions, decisions that wait."""

from collections.abc import Sequence
from typing import Final

from handlers.views import Block, Message, Modal
from handlers.views.incident_answers import noted
from handlers.views.layout import button, context, joined, message, section
from handlers.views.modals import form, select_named, text_input
from handlers.views.text import line
from models.points import OUTCOMES, Point, PointKind, PointOutcome, Settled
from models.records import Incident

SETTLE: Final = "point_settle"
FORM: Final = "point_settle_form"

NAMES: Final = {
    PointKind.HYPOTHESIS: "hypothesis",
    PointKind.RUNNING: "running action",
    PointKind.DECISION: "decision",
}
_LABELS: Final = {
    PointOutcome.RULED_OUT: "ruled out",
    PointOutcome.CONFIRMED: "confirmed: that is it",
    PointOutcome.DONE: "done",
    PointOutcome.DECIDED: "decided",
}


def as_note(point: Point) -> str:
    """Return a point as plain words on the timeline."""
    if point.outcome and point.ended_at != point.created_at:
        return f"P{point.id} {point.outcome}: {point.why or point.text}" + (f" ({point.text})" if point.why else "")
    named = f"{NAMES[point.kind]} {point.outcome}" if point.outcome else NAMES[point.kind]
    check = f"; {_CHECKS[point.kind]}{point.check}" if point.check else ""
    return f"P{point.id} {named} ({point.owner}): {point.text}{check}"


_CHECKS: Final = {PointKind.HYPOTHESIS: "next check ", PointKind.RUNNING: "", PointKind.DECISION: "wanted "}


def short(point: Point, most: int = 90) -> str:
    """Return an open point as a part of a line: number, what, whose, what next or when it stops."""
    missing = "*no stop condition*" if point.kind is PointKind.RUNNING else None
    check = f"{_CHECKS[point.kind]}{line(point.check, most)}" if point.check else missing
    return f"P{point.id} {line(point.text, most)} ({', '.join(filter(None, [line(point.owner, 40), check]))})"


def settled(point: Point, most: int = 90) -> str:
    """Return a settled point as a part of a line: what, by what evidence, who says so."""
    why = f": {line(point.why, most)}" if point.why else ""
    return f"{line(point.text, most)}{why} ({line(point.ended_by or '', 40)})"


def added(point: Point) -> Message:
    """Return what the person who wrote a point down is shown, with the button that settles it."""
    words = f"📝 On the timeline of INC-{point.incident_id}: {NAMES[point.kind]} {short(point, 200)}"
    if not point.is_open:
        words = f"📝 On the timeline of INC-{point.incident_id}: {point.outcome}, {line(point.text, 200)}"
        return message(words, [section(words)])
    hint = context(f"`/incident note P{point.id} {OUTCOMES[point.kind][0]}: …` says how it ended; so does the button.")
    return message(words, [section(words, button("Settle", SETTLE, str(point.id))), hint])


def ended(point: Point) -> Message:
    """Return what the person who settled a point is shown."""
    words = f"📝 P{point.id} is {point.outcome}: {settled(point, 200)}"
    return message(words, [section(words)])


def no_point(incident: Incident, settled: Settled, elsewhere: Point | None) -> Message:
    """Return what is shown to who wrote of a point that the incident has not; `elsewhere` is another incident's."""
    named = f"P{settled.number}"
    but = f"no point of it is called {named}; `/incident show INC-{incident.id}` lists those it has."
    if elsewhere:
        but = f"{named} is a point of INC-{elsewhere.incident_id}: "
        but += f"`/incident note INC-{elsewhere.incident_id} {named} {settled.outcome}: …` ends it."
    return noted(incident, but=but)


def rows(points: Sequence[Point]) -> list[Block]:
    """Return the open points of an incident, each with its button, as `/incident show` lists them."""
    found = [one for one in points if one.is_open][:10]
    return [
        section(joined([f"*{NAMES[one.kind].capitalize()}* {short(one, 200)}"]), button("Settle", SETTLE, str(one.id)))
        for one in found
    ]


def settle_form(point: Point, channel_id: str) -> Modal:
    """Return the form that asks how a point ended."""
    options = [(_LABELS[one], one.value) for one in OUTCOMES[point.kind]]
    asks = {
        PointKind.HYPOTHESIS: ("By what evidence", False),
        PointKind.RUNNING: ("What came of it", True),
        PointKind.DECISION: ("What was decided", False),
    }
    label, optional = asks[point.kind]
    fields = [
        context(f"*{NAMES[point.kind].capitalize()}* {short(point, 200)}"),
        select_named("outcome", "It is", options, chosen=options[0][1]),
        text_input("why", label, optional=optional),
    ]
    return form(FORM, f"Settle P{point.id}", "Settle", fields, {"channel": channel_id, "point": str(point.id)})
