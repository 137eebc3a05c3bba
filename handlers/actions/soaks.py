"""Buttons of a deploy that is in soak: it is good, or somebody watches it."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.soaks import verify, watch
from handlers.views import soaks as views


async def _verify(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=views.verified(await verify(ctx, _number(press.value), press.by)))


async def _watch(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=views.watched(await watch(ctx, _number(press.value), press.by)))


def _number(value: str) -> int:
    if not value.isdecimal():
        raise UserError("That button is of another version; `/deploys` shows what is unverified.")
    return int(value)


ACTIONS: Final = Actions(buttons={views.VERIFY: _verify, views.WATCH: _watch})
