"""What is due of an incident, as its state says: nothing is scheduled, so nothing can nag after its end.

A reminder is due as long as its reason holds. It is said, and said again after as long as it was allowed to take; a
person may snooze or dismiss it. When its reason is gone it is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from models.records import Incident
from models.response import Level, Response
from models.words import IncidentStatus

MOST_TIMES: Final = 8
_LATE: Final = timedelta(minutes=10)


class ReminderKind(StrEnum):
    """What is due."""

    UNACKNOWLEDGED = "unacknowledged"
    UPDATE = "update"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that is due since an instant, and how long it was allowed to take."""

    kind: ReminderKind
    since: datetime
    within: timedelta

    @property
    def again_after(self) -> timedelta:
        """How long after it was said it is said again."""
        return max(self.within, _LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was said of something that is due, and what people said to that."""

    said_at: datetime | None = None
    times: int = 0
    snoozed_until: datetime | None = None
    dismissed_at: datetime | None = None


def due_of(incident: Incident, response: Response, level: Level, at: datetime) -> list[Due]:
    """Return what is due of an incident at an instant; `response` is what people keep beside it."""
    if not incident.is_open or incident.is_test:
        return []
    started = incident.started_at or incident.received_at
    found = [_unacknowledged(incident, level), _update(incident, response, level)]
    if level.open_at_most:
        found.append(
            Due(
                kind=ReminderKind.OPEN, since=started + level.open_at_most, within=max(level.open_at_most, timedelta(1))
            )
        )
    return [due for due in found if due and due.since <= at]


def _unacknowledged(incident: Incident, level: Level) -> Due | None:
    waits = incident.status in (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED)
    if not waits or level.acknowledge_within is None:
        return None
    since = max(incident.status_at, incident.received_at)
    within = level.acknowledge_within
    return Due(kind=ReminderKind.UNACKNOWLEDGED, since=since + within, within=within)


def _update(incident: Incident, response: Response, level: Level) -> Due | None:
    """Say when the next update is due: when it was promised, else as the severity asks after the last word."""
    if incident.status in (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED):
        return None  # first of all somebody has to have it
    promised = response.next_update_at
    spoken = max(filter(None, (response.updated_at, incident.status_at)))
    if promised and promised > spoken:
        return Due(kind=ReminderKind.UPDATE, since=promised, within=level.update_every or promised - spoken)
    if level.update_every is None:
        return None
    return Due(kind=ReminderKind.UPDATE, since=spoken + level.update_every, within=level.update_every)


def is_to_say(due: Due, heard: Heard | None, at: datetime) -> bool:
    """Say whether something due is to be said now."""
    if heard is None:
        return True
    if heard.dismissed_at and heard.dismissed_at >= due.since:
        return False
    if heard.snoozed_until and heard.snoozed_until > at:
        return False
    if heard.times >= MOST_TIMES:
        return False
    if heard.snoozed_until and (heard.said_at is None or heard.snoozed_until > heard.said_at):
        return True
    return heard.said_at is None or heard.said_at < due.since or heard.said_at + due.again_after <= at
