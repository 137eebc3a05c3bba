"""Who fell silent: the one rule for when a sender has been quiet for too long, and whether anybody is left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

# A sender that is usually heard every hour is not missed after two; one that is heard once a week is, after a month.
USUAL_GAPS: Final = 4.0
AT_LEAST: Final = timedelta(hours=24)
WITHOUT_HABIT: Final = timedelta(days=7)


class Heard(Protocol):
    """A sender, and when it was heard. `usual_gap_s` is the usual number of seconds between its deliveries."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def last_received_at(self) -> datetime:
        """When it was last heard."""

    @property
    def usual_gap_s(self) -> float | None:
        """Its habit; `None` when it was heard only once."""


_Sender = TypeVar("_Sender", bound=Heard)


def silent_sources(senders: Iterable[_Sender], at: datetime) -> list[_Sender]:
    """Return the senders that are quiet for longer than is usual for them at `at`."""
    return [sender for sender in senders if at - sender.last_received_at > patience(sender.usual_gap_s)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Every sender is silent: since when nobody tells of anything, and who they are.

    From that instant on an empty count is no count.
    """

    since: datetime
    senders: tuple[str, ...]

    def covers(self, start: datetime) -> bool:
        """Say whether what began at an instant had nobody to tell of it."""
        return self.since <= start


def silence_at(senders: Collection[Heard], at: datetime) -> Silence | None:
    """Return the silence that all senders are in, from the last time any was heard; `None` while one is not silent."""
    silent = silent_sources(senders, at)
    if not silent or len(silent) < len(senders):
        return None
    return Silence(since=max(s.last_received_at for s in silent), senders=tuple(s.name for s in silent))


def patience(usual_gap_s: float | None) -> timedelta:
    """Return how long a sender may be quiet before it is missed."""
    if usual_gap_s is None:
        return WITHOUT_HABIT
    return max(AT_LEAST, timedelta(seconds=USUAL_GAPS * usual_gap_s))
