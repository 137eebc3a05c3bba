"""What is said of what is to be done about incidents afterwards."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from handlers.views import Message
from handlers.views.layout import button, header, joined, message, said, section
from handlers.views.text import line
from models.records import Incident
from models.response import ActionItem

DONE: Final = "action_item_done"


def item(one: ActionItem, incident: Incident | None, *, is_due: bool = False) -> Message:
    """Return an action item as its owner sees it by direct message."""
    title = f" {line(incident.headline, 100)}" if incident else ""
    if not one.is_open:
        return said(f"☑️ A{one.id} {line(one.text, 200)}: done by {line(one.done_by or '', 60)}.")
    first = "⏰ Due" if is_due else "☑️ Yours to do"
    words = f"{first}: *A{one.id}* {line(one.text, 300)} (INC-{one.incident_id}{title}{_due(one)})"
    return message(words, [section(words, button("Done", DONE, str(one.id)))])


def added(one: ActionItem) -> Message:
    """Return what the person who wrote it down is shown."""
    whose = line(one.owner, 60) if one.owner else "nobody yet"
    return said(f"☑️ A{one.id} of INC-{one.incident_id} for {whose}{_due(one)}: {line(one.text, 200)}")


def done(one: ActionItem) -> Message:
    """Return what the person who did it is shown."""
    return said(f"✅ A{one.id} is done: {line(one.text, 200)}")


def listing(items: Sequence[ActionItem], today: date) -> Message:
    """Return what is to be done, each with *Done*; what is past due says so."""
    if not items:
        return said("Nothing is to be done. `/incident action INC-12 @bob by fri …` writes something down.")
    blocks = [section(_line(one, today), button("Done", DONE, str(one.id))) for one in items[:40]]
    return message(f"Action items: {len(items)}", [header("Action items"), *blocks])


def _line(one: ActionItem, today: date) -> str:
    late = "*past due*" if one.due_on and one.due_on < today else None
    whose = line(one.owner, 60) if one.owner else "nobody yet"
    return joined([f"*A{one.id}* {line(one.text, 200)}", f"INC-{one.incident_id}", whose + _due(one), late])


def _due(one: ActionItem) -> str:
    return f", by {one.due_on}" if one.due_on else ""
