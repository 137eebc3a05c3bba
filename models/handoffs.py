"""A shift handed from one person to the next, as a transaction between the two."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.people import Person, people_called
from models.records import Incident
from models.response import Holder


class HandoffState(StrEnum):
    """Where a handoff stands; until it is accepted the outgoing person is on call."""

    DRAFTED = "drafted"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One handoff at the `boundary` of two shifts of a schedule. `id` is 0 before it is stored.

    `outgoing` and `incoming` are called as in the schedule. `step` counts who was asked: 1 the incoming person, 2
    again, 3 the backup, 4 the lead and the channel. `notes` are the outgoing person's own words, `questions` what was
    asked with the acceptance.
    """

    id: int = 0
    schedule: str
    boundary: datetime
    outgoing: str
    incoming: str
    state: HandoffState = HandoffState.DRAFTED
    step: int = 0
    notes: str = ""
    questions: str = ""
    drafted_at: datetime
    posted_at: datetime | None = None
    asked_at: datetime | None = None
    declined_by: str | None = None
    declined_at: datetime | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None

    def is_accepted_within(self, patience: timedelta) -> bool:
        """Return whether it was accepted before anybody had to be asked again."""
        return self.accepted_at is not None and self.accepted_at <= self.boundary + patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The command of an incident, offered by one person to another.

    `state` is open, accepted, declined or withdrawn.
    """

    id: int = 0
    incident_id: int
    giver: str
    giver_id: str | None = None
    taker: str
    taker_id: str
    why: str | None = None
    offered_at: datetime
    state: str = "open"
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffPlan:
    """When a shift's handoff is drafted before its boundary, and after how long unaccepted who is asked."""

    draft_before: timedelta = timedelta(hours=1)
    again_after: timedelta = timedelta(minutes=10)
    backup_after: timedelta = timedelta(minutes=20)
    lead_after: timedelta = timedelta(minutes=30)


def goes_along(incident: Incident, lead: Holder | None, outgoing: Person) -> bool:
    """Return whether an open incident changes hands with a shift: the outgoing person leads it, or has it alone.

    What somebody acknowledged, and nobody leads, would otherwise stay with who has left.
    """
    if lead is not None:
        return lead.user_id == outgoing.user_id
    return bool(incident.acknowledged_by and people_called(incident.acknowledged_by, [outgoing]))
