"""Buttons of the delivery ledger: open what waits or was refused, try again."""

from typing import Final

from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.delivery_ledger import items
from handlers.views import bridge
from handlers.views import delivery_ledger as views


def _opening(kind: str) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        return Outcome(message=views.opened(kind, press.value, await items(ctx, kind, press.value)))

    return press_button


async def _retry(ctx: Context, press: Press) -> Outcome:
    async with ctx.transaction() as store:
        count = await store.outbox.retry(press.value, press.at)
    ctx.wake_outbox()
    return Outcome(message=bridge.retried(press.value, count))


ACTIONS: Final = Actions(
    buttons={
        views.OPEN_WAITING: _opening(views.WAITING),
        views.OPEN_FAILED: _opening(views.FAILED),
        views.RETRY: _retry,
    }
)
