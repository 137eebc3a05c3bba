"""When the freezes of the configuration come."""

from datetime import UTC, datetime, timedelta
from typing import Final

from bot import cron
from models.freezes import Freeze, FreezePlan

AHEAD: Final = timedelta(days=1)


def coming(plan: FreezePlan, at: datetime) -> list[Freeze]:
    """Return the windows that stand at an instant or begin within a day."""
    found = []
    for window in plan.windows:
        when = cron.trigger(window.cron, window.timezone)
        slot = when.get_next_fire_time(None, at - window.length + timedelta(microseconds=1))
        while slot is not None and slot <= at + AHEAD:
            found.append(window.freeze(slot.astimezone(UTC)))
            slot = when.get_next_fire_time(slot, slot)
    return found
