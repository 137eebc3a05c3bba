"""Paging: who is told when nobody takes an incident, after how long, by which way; and when nobody is to be woken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from models.oncall import Restriction, on_the_wall
from models.words import Severity

ON_CALL: Final = "on_call"
BACKUP: Final = "backup"
LEAD: Final = "lead"
ROLES: Final = (ON_CALL, BACKUP, LEAD)
UNRATED: Final = Severity.SEV3
# The policy of an escalation that a person's pages alone began.
BY_HAND: Final = "by hand"
TAKEN: Final = "is on it"
REFUSED: Final = "cannot"
NEVER_HELD: Final = (Severity.SEV1, Severity.SEV2)

PagerKind: TypeAlias = Literal["pagerduty", "opsgenie", "webhook"]
Via: TypeAlias = Literal["slack", "pager", "itself", "nobody"]

_DAY: Final = timedelta(days=1)
# Quiet hours that follow each other are one; a plan that is quiet for ever is not.
_MOST_QUIET: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who is told `after` an incident has waited so long: a role, `@person`, `#channel`, or a pager's name."""

    after: timedelta
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The steps for incidents at least as bad as `worst_from`; `phone_after` the last one, people are to phone."""

    name: str
    steps: tuple[Step, ...]
    worst_from: Severity = UNRATED
    phone_after: timedelta = timedelta(minutes=5)

    def is_for(self, severity: Severity | None) -> bool:
        """Say whether an incident is bad enough; one that is not rated counts as the third."""
        return (severity or UNRATED).value <= self.worst_from.value

    def gap(self, step: int) -> timedelta:
        """Return how long after the step before the one with this number (from 0) comes; after the last, to phone."""
        if step >= len(self.steps):
            return self.phone_after
        before = self.steps[step - 1].after if step else timedelta()
        return self.steps[step].after - before


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When incidents of these severities wake nobody; the worst two are never held back."""

    timezone: str
    hours: tuple[Restriction, ...]
    held: frozenset[Severity]

    def until(self, severity: Severity | None, at: datetime) -> datetime | None:
        """Return until when an incident is held back; `None`: it is not."""
        rated = severity or UNRATED
        if rated in NEVER_HELD or rated not in self.held:
            return None
        end = at
        while (later := max((e for b, e in self._around(end) if b <= end < e), default=end)) > end:
            end = later
            if end - at > _MOST_QUIET:
                break
        return end if end > at else None

    def _around(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.timezone)
        today = at.astimezone(zone).date()
        for day in (today - _DAY, today):
            for hours in self.hours:
                if day.weekday() in hours.days:
                    ends_on = day if hours.ends > hours.begins else day + _DAY
                    yield on_the_wall(day, hours.begins, zone), on_the_wall(ends_on, hours.ends, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingPlan:
    """Everything about paging that the configuration says. `phones` are numbers by person, as people write them."""

    policies: tuple[Policy, ...] = ()
    default: str | None = None
    pagers: Mapping[str, PagerKind] = field(default_factory=dict)
    quiet: QuietHours | None = None
    phones: Mapping[str, str] = field(default_factory=dict)

    def policy_named(self, name: str | None) -> Policy | None:
        """Return the policy with this name."""
        return next((policy for policy in self.policies if policy.name == name), None)

    def quiet_until(self, severity: Severity | None, at: datetime) -> datetime | None:
        """Return until when an incident of a severity wakes nobody; `None`: it does."""
        return self.quiet.until(severity, at) if self.quiet else None


class EscalationState(StrEnum):
    """Where an escalation stands. `exhausted`: every step was taken, and nobody has it."""

    RUNNING = "running"
    STOPPED = "stopped"
    EXHAUSTED = "exhausted"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One policy at work for one incident that nobody has. `id` is 0 before it is stored.

    `step` counts the steps taken, the next comes at `next_at`. `held_until` is when quiet hours end that hold it back.
    """

    id: int = 0
    incident_id: int
    policy: str
    state: EscalationState = EscalationState.RUNNING
    step: int = 0
    began_at: datetime
    next_at: datetime
    held_until: datetime | None = None
    ended_at: datetime | None = None


class PageState(StrEnum):
    """Whether a page got to where it was sent."""

    WAITING = "waiting"
    TOLD = "told"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One attempt to reach somebody. `target` is the policy's word, `who` whom it meant, `ref` what carries it.

    `itself`: the incident's sender pages for it. `nobody`: there was nobody to tell, `reason` says why. `state` and
    `reason` are otherwise those of what carries it, as it is when it is read. `by` is who paged by hand, and `why`;
    `answer` what was said to that.
    """

    escalation_id: int
    step: int
    target: str
    who: str
    via: Via
    ref: str | None = None
    user_id: str | None = None
    phone: str | None = None
    at: datetime
    by: str | None = None
    by_id: str | None = None
    why: str | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    state: PageState = PageState.WAITING
    reason: str | None = None


def have_all_failed(pages: Sequence[Page]) -> bool:
    """Say whether of these pages none got through, nor still may."""
    return bool(pages) and all(page.state is PageState.FAILED for page in pages)
