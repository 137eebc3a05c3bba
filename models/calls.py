"""What services elsewhere are told over HTTP: pagers that somebody is wanted, senders what became of their incidents.

A call is written in the transaction of the fact it tells of. It is claimed before it is made, tried again with growing
pauses, and ends as done, failed, or withdrawn because nothing is left to tell.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from models.words import Severity

PAGER: Final = "pager:"
HAND: Final = ":hand:"
SOURCE: Final = "source:"

# Whoever sleeps is not helped by a page that comes much later; an acknowledgement is worth telling for a day.
PAGE_WITHIN: Final = timedelta(minutes=15)
TELL_WITHIN: Final = timedelta(days=1)
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=5)

Verb: TypeAlias = Literal["page", "acknowledge", "resolve", "reopen"]

# PagerDuty's API takes `acknowledged` and `resolved` alone; only its own people can reopen an incident there.
CANNOT_REOPEN: Final = "cannot_reopen"


class CallState(StrEnum):
    """Where a call stands. `calling`: in somebody's hands until `claimed_until`."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing to tell one service elsewhere. `id` is 0 before it is stored; the same `key` again is the same call.

    `target` is `pager:NAME`, or `source:NAME` for the sender of the incident. `round` is the escalation that pages.
    `person` did what is told (`user_id` is Slack's). `reason` is why the last try did not succeed. `heard_at` is when
    the service told it back.
    """

    id: int = 0
    key: str
    incident_id: int
    target: str
    what: Verb
    round: int = 0
    person: str | None = None
    user_id: str | None = None
    state: CallState = CallState.WAITING
    attempts: int = 0
    reason: str | None = None
    made_at: datetime
    due_at: datetime
    give_up_at: datetime
    claimed_until: datetime | None = None
    done_at: datetime | None = None
    heard_at: datetime | None = None

    @property
    def name(self) -> str:
        """The pager's or the sender's name."""
        return self.target.partition(":")[2]

    @property
    def is_over(self) -> bool:
        """Whether nothing more is tried."""
        return self.state not in (CallState.WAITING, CallState.CALLING)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person pages, and not a policy."""
        return HAND in self.key

    @property
    def is_unknown_there(self) -> bool:
        """Whether it says that a sender does not know, and cannot be told, that its incident is open again."""
        return self.what == "reopen" and self.heard_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a call is about, as it is when it is made.

    `key` is what all calls about one incident share; `sender_id` the incident's id where it came from. `email` is that
    of the person who did what is told.
    """

    number: int
    key: str
    sender_id: str
    title: str
    severity: Severity
    services: tuple[str, ...] = ()
    environment: str | None = None
    started_at: datetime | None = None
    link: str | None = None
    person: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueue:
    """The state of one target: how many calls wait since when, how many failed and why, when one last succeeded."""

    target: str
    waiting: int = 0
    oldest_at: datetime | None = None
    waiting_reason: str | None = None
    failed: int = 0
    failed_reason: str | None = None
    last_done_at: datetime | None = None


def pause_after(attempts: int, asked: float | None = None) -> timedelta:
    """Return how long to wait after so many tries; at least the seconds that the service asked for."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 10)
    grown = min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)
    return max(grown, timedelta(seconds=asked)) if asked else grown
