"""An incident's buttons and forms: acknowledge, resolve, reopen, note, open."""

from typing import Final

from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_moves import Move, add_note, move, open_incident
from handlers.views import incidents, modals
from handlers.wording import service_named
from models.words import Severity


def _moving(what: Move) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        """The card and its thread say it to everybody; nothing more is said to the person."""
        await move(
            ctx,
            _number(press.value),
            what,
            by=press.user_name,
            request_id=press.request_id,
            at=press.at,
            channel_id=press.channel_id,
        )
        return Outcome()

    return press_button


async def _ask_for_note(ctx: Context, press: Press) -> Outcome:
    number = _number(press.value)
    async with ctx.reading() as store:
        incident = await store.incidents.get(number)
    if incident is None:
        raise UserError(f"There is no incident INC-{number}.")
    form = modals.note(
        incident=incidents.label(incident),
        title=incident.headline,
        number=number,
        channel_id=press.channel_id or "",
    )
    return Outcome(modal=form)


async def _submit_note(ctx: Context, press: Press) -> Outcome:
    words = str(press.fields.get("note") or "")
    if not words.strip():
        return Outcome(errors={"note": "Say something."})
    carried = modals.metadata(press.value)
    number, channel = _number(carried.get("incident", "")), carried.get("channel")
    await add_note(ctx, number, words, by=press.user_name, request_id=press.request_id, at=press.at, channel_id=channel)
    return Outcome()


async def _submit_open(ctx: Context, press: Press) -> Outcome:
    title = " ".join(str(press.fields.get("title") or "").split())
    if not title:
        return Outcome(errors={"title": "Say in a sentence what is wrong."})
    try:
        service = service_named(str(press.fields.get("service") or ""), ctx.topology)
    except UserError as error:
        return Outcome(errors={"service": str(error)})
    severity = press.fields.get("severity")
    opened = await open_incident(
        ctx,
        services=(service.name,),
        title=title,
        severity=Severity(severity) if severity in set(Severity) else None,
        by=press.user_name,
        request_id=press.request_id,
        at=press.at,
        channel_id=modals.metadata(press.value).get("channel"),
    )
    return Outcome(message=incidents.opened(opened))


def _number(value: str) -> int:
    if not value.isdigit():
        raise UserError("That button is of an older version; use `/incident` instead.")
    return int(value)


ACTIONS: Final = Actions(
    buttons={
        incidents.ACKNOWLEDGE: _moving("acknowledge"),
        incidents.RESOLVE: _moving("resolve"),
        incidents.REOPEN: _moving("reopen"),
        incidents.NOTE: _ask_for_note,
    },
    modals={modals.NOTE: _submit_note, modals.OPEN: _submit_open},
)
