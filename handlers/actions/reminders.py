"""A reminder's buttons: not now, not again."""

from datetime import timedelta
from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.reminders import dismiss, snooze
from handlers.views import reminders

_SNOOZED: Final = timedelta(minutes=30)


async def _snooze(ctx: Context, press: Press) -> Outcome:
    number, kind = _read(press.value)
    incident = await snooze(ctx, number, _SNOOZED, press.by, kind)
    return Outcome(message=reminders.snoozed(incident, "30 minutes"))


async def _dismiss(ctx: Context, press: Press) -> Outcome:
    number, kind = _read(press.value)
    return Outcome(message=reminders.dismissed(await dismiss(ctx, number, press.by, kind)))


def _read(value: str) -> tuple[int, str]:
    number, _, kind = value.partition(":")
    if not number.isdigit():
        raise UserError("That button is of an older version; use `/incident snooze INC-12 30m` instead.")
    return int(number), kind


ACTIONS: Final = Actions(buttons={reminders.SNOOZE: _snooze, reminders.DISMISS: _dismiss})
