"""The buttons of an offered command: I have command, I can't."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.command_handoff import refuse, take
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import command_handoff as views


async def _take(ctx: Context, press: Press) -> Outcome:
    await take(ctx, _number(press), press.by)
    return Outcome()


async def _refuse(ctx: Context, press: Press) -> Outcome:
    await refuse(ctx, _number(press), press.by)
    return Outcome()


def _number(press: Press) -> int:
    if not press.value.isdigit():
        raise UserError("That button is of another version; the card of the incident has *I have command*.")
    return int(press.value)


ACTIONS: Final = Actions(buttons={views.TAKE: _take, views.REFUSE: _refuse})
