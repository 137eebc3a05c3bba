"""Buttons in a thread: one conversation with the other side's, or each its own."""

from typing import Final

from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.mirroring import decide
from handlers.views import mirroring as views
from models.mirroring import THREADED


def _deciding(*, is_on: bool) -> Handler:
    async def run(ctx: Context, press: Press) -> Outcome:
        if press.value.partition(":")[0] not in THREADED:
            raise UserError("That button is of another version.")
        await decide(ctx, press.value, press.by, is_on=is_on)
        return Outcome(message=views.decided(is_on=is_on))

    return run


ACTIONS: Final = Actions(buttons={views.START: _deciding(is_on=True), views.STOP: _deciding(is_on=False)})
