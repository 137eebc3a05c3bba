"""What is wrong with the coming weeks of a schedule, and what of that is new or over since it was last told. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong. `key` says what, whoever looks and whenever; `words` what people read.

    What happens in a time has its `start`; its `end` is `None` where it goes on beyond what was looked at.
    """

    key: str
    words: str
    start: datetime | None = None
    end: datetime | None = None

    def covers(self, other: "Trouble", at: datetime) -> bool:
        """Say whether who knows of this knows of another one: the same, in no other time that is still to come."""
        if self.key != other.key:
            return False
        if self.start is None or other.start is None:
            return True
        begins = max(other.start, at) >= self.start
        return begins and (self.end is None or (other.end is not None and other.end <= self.end))

    def touches(self, other: "Trouble") -> bool:
        """Say whether two are one at least for some time."""
        if self.key != other.key:
            return False
        if self.start is None or other.start is None:
            return True
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)


def compared(known: Sequence[Trouble], found: Sequence[Trouble], at: datetime) -> tuple[list[Trouble], list[Trouble]]:
    """Return what is new, and what is over although its time has not passed."""
    new = [one for one in found if not any(old.covers(one, at) for old in known)]
    over = [old for old in known if not (old.end and old.end <= at) and not any(old.touches(one) for one in found)]
    return new, over


def told(known: Sequence[Trouble], found: Iterable[Trouble]) -> list[Trouble]:
    """Return what people know once `found` is told: what went on beyond what was looked at is known to go on."""
    kept = []
    for one in found:
        open_ended = any(old.end is None and old.start and old.touches(one) for old in known)
        kept.append(replace(one, end=None) if open_ended and one.start else one)
    return kept
