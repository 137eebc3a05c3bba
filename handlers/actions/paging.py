"""A page's own button: to say that one cannot take it."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.paging import page, pass_on
from handlers.views import paging


async def _pass(ctx: Context, press: Press) -> Outcome:
    incident = await pass_on(ctx, int(press.value), press.by)
    await page(ctx, press.by.at)
    return Outcome(message=paging.passed(incident))


ACTIONS: Final = Actions(buttons={paging.CANNOT: _pass})
