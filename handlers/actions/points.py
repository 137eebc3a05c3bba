"""A point's button and form: how it ended."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.points import open_point, settle_point
from handlers.views import modals
from handlers.views import points as views
from models.points import PointOutcome, Settled


async def _ask(ctx: Context, press: Press) -> Outcome:
    async with ctx.reading() as store:
        point = await open_point(store, _number(press.value))
    return Outcome(modal=views.settle_form(point, press.channel_id or ""))


async def _submit(ctx: Context, press: Press) -> Outcome:
    chosen, why = str(press.fields.get("outcome") or ""), str(press.fields.get("why") or "").strip()
    if chosen not in set(PointOutcome):
        return Outcome(errors={"outcome": "Choose how it ended."})
    if chosen in (PointOutcome.RULED_OUT, PointOutcome.CONFIRMED) and not why:
        return Outcome(errors={"why": "By what evidence? Who reads this next was not there."})
    number = _number(modals.metadata(press.value).get("point", ""))
    return Outcome(message=views.ended(await settle_point(ctx, Settled(number, PointOutcome(chosen), why), press.by)))


def _number(value: str) -> int:
    if not value.isdigit():
        raise UserError("That button is of another version; use `/incident note P7 done` instead.")
    return int(value)


ACTIONS: Final = Actions(buttons={views.SETTLE: _ask}, modals={views.FORM: _submit})
