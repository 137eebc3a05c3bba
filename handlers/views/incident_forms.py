"""The forms for incidents: open one, say how it goes, note something."""

from collections.abc import Sequence
from typing import Final

from handlers.views import Modal
from handlers.views.incident_facts import label
from handlers.views.layout import context
from handlers.views.modals import form, select, select_named, select_person, text_input
from handlers.views.text import line
from handlers.views.times import duration
from models.points import PointKind
from models.records import Incident
from models.response import ResponsePlan
from models.words import IncidentStatus, Severity

NOTE: Final = "incident_note_form"
OPEN: Final = "incident_open_form"
UPDATE: Final = "incident_update_form"

_MINUTES: Final = (15, 30, 60, 120, 240)
_STATES: Final = (
    ("acknowledged: somebody works on it", "acknowledge", IncidentStatus.ACKNOWLEDGED),
    ("mitigated: users are fine again", "mitigate", IncidentStatus.MITIGATED),
    ("resolved: it is over", "resolve", IncidentStatus.RESOLVED),
)


def opening(*, services: Sequence[str], channel_id: str) -> Modal:
    """Return the form for a new incident."""
    fields = [
        select("service", "Service", services, chosen=services[0] if len(services) == 1 else None),
        text_input("title", "What is wrong"),
        select("severity", "Severity (sev1 is the worst)", [f"sev{n}" for n in range(1, 6)], optional=True),
        text_input("since", "Felt since", optional=True, hint="Where it began before now: 20m ago, 09:40"),
        select_named("test", "Is it a test?", [("a drill: kept apart from lists and numbers", "test")], optional=True),
    ]
    return form(OPEN, "Open an incident", "Open it", fields, {"channel": channel_id})


def update(incident: Incident, plan: ResponsePlan, *, channel_id: str) -> Modal:
    """Return the form for an update: what is new, where it stands, how bad it is, when the next one comes."""
    severity = incident.severity.value if incident.severity else None
    usual = plan.level(incident.severity).update_every
    lengths = [(f"in {duration(60 * n)}", f"{n}m") for n in _MINUTES]
    states = [(words, move) for words, move, state in _STATES if state is not incident.status]
    fields = [
        context(f"*{label(incident)}* {line(incident.headline, 200)}"),
        text_input("update", "What is new", many_lines=True, hint="Impact now, what is being done, what comes next."),
        select_named("move", "It is now", states, optional=True),
        select_named(
            "severity", "Severity", [_level(s, plan) for s in plan.levels], chosen=severity, optional=severity is None
        ),
        select_named(
            "next",
            "The next update comes",
            lengths,
            chosen=f"{int(usual.total_seconds() // 60)}m" if usual else None,
            optional=True,
        ),
    ]
    number = str(incident.leader_id or incident.id)
    return form(
        UPDATE, f"Update {label(incident)}", "Tell both sides", fields, {"channel": channel_id, "incident": number}
    )


_NOTES: Final = (
    ("a note", "note"),
    ("a hypothesis: what it may be", PointKind.HYPOTHESIS.value),
    ("an action that runs", PointKind.RUNNING.value),
    ("a decision that waits", PointKind.DECISION.value),
)


def note(incident: Incident, *, channel_id: str) -> Modal:
    """Return the form for a note on an incident, which may be a point with an owner and a next check."""
    named = label(incident)
    hint = "Of a hypothesis the next check, of an action when it stops, of a decision by when."
    fields = [
        context(f"*{named}* {line(incident.headline, 200)}"),
        text_input("note", "Note", many_lines=True),
        select_named("kind", "It is", _NOTES, chosen="note", optional=True),
        select_person("owner", "Who has it (left out: you)", optional=True),
        text_input("check", "What next, or until when", optional=True, hint=hint),
    ]
    number = str(incident.leader_id or incident.id)
    return form(NOTE, f"Note on {named}", "Add", fields, {"channel": channel_id, "incident": number})


def _level(severity: Severity, plan: ResponsePlan) -> tuple[str, str]:
    level = plan.levels[severity]
    return f"{severity.value} {level.name}: {level.meaning}"[:75], severity.value
