"""Freeze buttons: lift, extend, take over; freeze the deploys of an incident's services."""

from datetime import timedelta
from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.freezes import INCIDENT_FREEZE, Scope, extend, freeze, lift, take_over
from handlers.incident_groups import group_of
from handlers.views import freezes as views

_LONGER: Final = timedelta(hours=1)


async def _lift(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=views.lifted(await lift(ctx, _number(press), press.by)))


async def _longer(ctx: Context, press: Press) -> Outcome:
    async with ctx.reading() as store:
        one = await store.freezes.get(_number(press))
    until = max(one.until, press.at) + _LONGER if one else press.at + _LONGER
    return Outcome(message=views.extended(await extend(ctx, _number(press), until, press.by), press.at))


async def _take(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=views.taken(await take_over(ctx, _number(press), press.by)))


async def _for_incident(ctx: Context, press: Press) -> Outcome:
    """Freeze what an incident touches, for some hours; whoever pressed owns it."""
    async with ctx.reading() as store:
        leader, *others = await group_of(store, _number(press))
    services = tuple(dict.fromkeys(s for member in (leader, *others) for s in member.services))
    if not services:
        raise UserError(f"INC-{leader.id} is of no known service: `/freeze <service> for 2h <reason>`")
    scope = Scope(name=" and ".join(services[:3]), services=services)
    span = press.at, press.at + INCIDENT_FREEZE
    made = await freeze(ctx, scope, span, f"INC-{leader.id} {leader.headline}"[:300], press.by, incident_id=leader.id)
    return Outcome(message=views.frozen(made, [], press.at))


def _number(press: Press) -> int:
    if not press.value.isdigit():
        raise UserError("That button is of another version; `/freeze` shows what is frozen.")
    return int(press.value)


ACTIONS: Final = Actions(
    buttons={views.LIFT: _lift, views.LONGER: _longer, views.TAKE: _take, views.FOR_INCIDENT: _for_incident}
)
