"""Buttons about causes: set an incident's; say *Not mine*, *Looking* or *Rolling back* of a suspect deploy."""

from typing import Final

from handlers import causes
from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import causes as views
from handlers.views import modals
from models.words import EntryKind

_MOST_DEPLOYS: Final = 20


async def _ask(ctx: Context, press: Press) -> Outcome:
    number = _number(press.value)
    async with ctx.reading() as store:
        incident = await store.incidents.get(number)
        if incident is None:
            raise UserError(f"There is no incident INC-{number}.")
        until = incident.started_at or incident.received_at
        recent = await store.lanes.latest(incident.services, until, _MOST_DEPLOYS)
        deploys = await store.deploys.by_numbers([m.id for m in recent])
    ordered = [deploys[m.id] for m in recent if m.id in deploys]
    channel, seen_at = press.channel_id or "", causes.stamp(incident)
    return Outcome(modal=views.ask(incident, ordered, channel_id=channel, seen_at=seen_at))


async def _submit(ctx: Context, press: Press) -> Outcome:
    carried = modals.metadata(press.value)
    words = str(press.fields.get("cause") or "")
    if not words:
        return Outcome(errors={"cause": "Choose what caused it."})
    number, seen_at = _number(carried.get("incident", "")), carried.get("seen_at", "")
    told = await causes.set_cause(ctx, number, words, press.by, seen_at=seen_at)
    undo = causes.undo_value(told)
    return Outcome(message=views.said(told.leader, told.now, told.before, told.effects, undo))


async def _undo(ctx: Context, press: Press) -> Outcome:
    carried = modals.metadata(press.value)
    number, seen_at = _number(carried.get("incident", "")), carried.get("seen_at", "")
    told = await causes.take_back(ctx, number, press.by, seen_at=seen_at)
    return Outcome(message=views.said(told.leader, told.now, told.before, told.effects, None))


async def _not_mine(ctx: Context, press: Press) -> Outcome:
    (first, *others) = await causes.not_mine(ctx, _number(press.value), press.by)
    effects = [effect for one in (first, *others) for effect in one.effects]
    undo = causes.undo_value(first) if not others else None
    return Outcome(message=views.said(first.leader, first.now, first.before, effects, undo))


def _claiming(kind: EntryKind) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        number = _number(press.value)
        held = await causes.claim(ctx, number, kind, press.by)
        return Outcome(message=views.claimed(kind, number, held))

    return press_button


def _number(value: str) -> int:
    if not value.isdecimal():
        raise UserError("That button is of another version; use `/incident cause INC-12 …` instead.")
    return int(value)


ACTIONS: Final = Actions(
    buttons={
        views.SET: _ask,
        views.UNDO: _undo,
        views.NOT_MINE: _not_mine,
        views.LOOKING: _claiming(EntryKind.LOOKING),
        views.ROLLING_BACK: _claiming(EntryKind.ROLLING_BACK),
    },
    modals={views.FORM: _submit},
)
