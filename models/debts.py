"""Change debt: what was changed for a while, or by hand, until somebody closes it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models.records import Change
from models.words import ChangeKind, ChangeStatus

BY_HAND: Final = (ChangeKind.FLAG, ChangeKind.MANUAL)
# What is called temporary without an end.
USUAL: Final = timedelta(days=1)
LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """The debt of one small change, from `since` until somebody closes it.

    `until` is when it was to be gone (`None`: nobody said), `owner` who has to see to that, `told_at` when its end was
    told.
    """

    change_id: int
    service: str
    since: datetime
    until: datetime | None = None
    owner: str
    owner_id: str | None = None
    told_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return self.closed_at is None

    def is_late(self, at: datetime) -> bool:
        """Whether it should be gone by now."""
        return self.is_open and self.until is not None and self.until <= at


def debt_of(change: Change, until: datetime | None, owner: str, owner_id: str | None) -> Debt | None:
    """Return the debt that a person's change is: one that ends, or one by hand; `None` for what stays.

    What is only planned, or the way back itself, is none.
    """
    if until is None and (change.kind not in BY_HAND or change.status not in (None, ChangeStatus.DONE)):
        return None
    return Debt(
        change_id=change.id,
        service=change.service,
        since=change.occurred_at,
        until=until,
        owner=owner,
        owner_id=owner_id,
    )
