"""An action item's button: done."""

from typing import Final

from handlers.action_items import finish_item
from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import action_items as views


async def _done(ctx: Context, press: Press) -> Outcome:
    if not press.value.isdigit():
        raise UserError("That button is of another version; use `/incident done A12`.")
    return Outcome(message=views.done(await finish_item(ctx, int(press.value), press.by)))


ACTIONS: Final = Actions(buttons={views.DONE: _done})
