"""On-call buttons: take an override back, answer a swap, send one's shifts as a calendar."""

import json
from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.oncall import everybody, is_called, rota
from handlers.oncall_changes import accept_swap, cancel, decline_swap
from handlers.views import oncall as views
from handlers.views.calendar import calendar
from handlers.views.layout import said
from models.oncall import HORIZON
from models.people import Person


async def _undo(ctx: Context, press: Press) -> Outcome:
    if not press.value.isdigit():
        raise UserError("That button is of another version; `/oncall overrides` shows what stands.")
    return Outcome(message=views.cancelled(await cancel(ctx, int(press.value), press.by)))


async def _accept(ctx: Context, press: Press) -> Outcome:
    await accept_swap(ctx, _params(press), press.by)
    return Outcome(message=views.swap_done("Swapped."))


async def _decline(ctx: Context, press: Press) -> Outcome:
    await decline_swap(ctx, _params(press), press.by)
    return Outcome(message=views.swap_done("Declined; nothing changes."))


async def _send_calendar(ctx: Context, press: Press) -> Outcome:
    me = next((p for p in await everybody(ctx) if p.user_id == press.user_id), None)
    me = me or Person(user_id=press.user_id, name=press.user_name, handle=press.user_name)
    async with ctx.reading() as store:
        shifts = [
            (schedule.name, shift)
            for schedule in ctx.topology.schedules
            for shift in await rota(store, schedule, press.at, press.at + HORIZON)
            if is_called(me, shift.person)
        ]
    content = calendar(shifts, me.user_id, press.at)
    await ctx.sharing.share(
        press.user_id, name="on-call.ics", content=content, comment="Your shifts of the next five weeks."
    )
    return Outcome(message=said("📅 Sent to you by direct message."))


def _params(press: Press) -> dict[str, str]:
    try:
        params = json.loads(press.value)
    except ValueError as error:
        raise UserError("That button is of another version; ask again with `/oncall swap @name`.") from error
    return {str(key): str(value) for key, value in params.items()}


ACTIONS: Final = Actions(
    buttons={
        views.UNDO_OVERRIDE: _undo,
        views.ACCEPT_SWAP: _accept,
        views.DECLINE_SWAP: _decline,
        views.CALENDAR: _send_calendar,
    }
)
