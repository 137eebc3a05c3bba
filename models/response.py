"""How people respond to incidents: severities and what they ask for, roles, updates, action items."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from models.words import Severity

LEAD: Final = "lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one severity means and asks for; `None`: it asks for nothing of the kind.

    `update_every` is the longest silence while it is open, `acknowledge_within` and `open_at_most` count from its
    start.
    """

    name: str
    meaning: str = ""
    update_every: timedelta | None = None
    acknowledge_within: timedelta | None = None
    open_at_most: timedelta | None = None


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


LEVELS: Final[Mapping[Severity, Level]] = MappingProxyType(
    {
        Severity.SEV1: Level(
            name="critical",
            meaning="most users cannot work, or data is at risk",
            update_every=_minutes(30),
            acknowledge_within=_minutes(5),
            open_at_most=timedelta(hours=4),
        ),
        Severity.SEV2: Level(
            name="major",
            meaning="many users cannot do something important",
            update_every=_minutes(60),
            acknowledge_within=_minutes(10),
            open_at_most=timedelta(hours=8),
        ),
        Severity.SEV3: Level(
            name="minor",
            meaning="some users are disturbed, or there is a way around",
            update_every=timedelta(hours=4),
            acknowledge_within=_minutes(30),
            open_at_most=timedelta(days=1),
        ),
        Severity.SEV4: Level(name="low", meaning="hardly anybody notices", open_at_most=timedelta(days=3)),
        Severity.SEV5: Level(name="note", meaning="nobody notices; to be looked at"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPlan:
    """A channel of its own for each incident at least as bad as `worst_from`.

    `name` may hold `{number}`, `{service}` and `{title}`; it is archived `archive_after` it was closed.
    """

    worst_from: Severity = Severity.SEV2
    name: str = "inc-{number}-{service}"
    is_private: bool = False
    invite: tuple[str, ...] = ()
    archive_after: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePlan:
    """How incidents are responded to, as the configuration says. `roles` begins with the lead, of whom there is one.

    `largest_picture` is in bytes; 0: none is kept.
    """

    levels: Mapping[Severity, Level] = field(default_factory=lambda: LEVELS)
    roles: tuple[str, ...] = (LEAD, "comms", "scribe")
    emoji: str = "pushpin"
    largest_picture: int = 5_000_000
    channel: ChannelPlan | None = None

    def level(self, severity: Severity | None) -> Level:
        """Return what a severity asks for; one that is not known asks for what the third does."""
        return self.levels[severity or Severity.SEV3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What people keep beside an incident and its group; `incident_id` is the leader's number.

    `impact_at` is when users first felt it, where that is not when it was reported. `update` is the latest word on it;
    the next is due at `next_update_at`. `channel_id` is its own channel.
    """

    incident_id: int
    impact_at: datetime | None = None
    update: str | None = None
    updated_by: str | None = None
    updated_at: datetime | None = None
    next_update_at: datetime | None = None
    channel_id: str | None = None
    channel_name: str | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a role in an incident, since when; `until` is `None` while they have it."""

    incident_id: int
    role: str
    person: str
    user_id: str | None = None
    since: datetime
    until: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something to be done about an incident afterwards. `id` is 0 before it is stored."""

    id: int = 0
    incident_id: int
    text: str
    owner: str | None = None
    owner_id: str | None = None
    due_on: date | None = None
    created_by: str
    created_at: datetime
    done_by: str | None = None
    done_at: datetime | None = None
    reminded_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_at is None
