"""Small changes by hand: *Undo*, the form, and the shortcut that logs a message as a change."""

from dataclasses import replace
from typing import Final

from handlers.actions import Actions, Outcome, Press, Shortcut
from handlers.change_log import Draft, log_change, undo_change
from handlers.context import Context
from handlers.debts import DAY, close_debt, debt_with, extend_debt, reopen_debt
from handlers.errors import UserError
from handlers.instants import read_span
from handlers.places import zone_of
from handlers.suggest import did_you_mean
from handlers.views import changes, debts, modals
from handlers.wording import environment_names, service_named, service_names
from models.debts import LONGEST
from models.topology import Topology
from models.words import Risk

LOG_AS_CHANGE: Final = "log_as_change"


async def _undo(ctx: Context, press: Press) -> Outcome:
    if not press.value.isdigit():
        raise UserError("That button is of an older version; use `/change undo 12`.")
    undone = await undo_change(ctx, int(press.value), by=press.user_name, at=press.at)
    return Outcome(message=changes.undone(undone))


async def _submit(ctx: Context, press: Press) -> Outcome:
    draft, errors = _draft(press, ctx.topology)
    if draft is None:
        return Outcome(errors=errors)
    if words := _said(press).get("until"):
        zone = await zone_of(ctx, press.user_id)
        spans = (read_span(f"{before}{words}", press.at, zone) for before in ("", "for ", "until "))
        span = next((one for one in spans if one), None)
        if span is None or not press.at < span[1] <= press.at + LONGEST:
            return Outcome(errors={"until": "Write when it is to be gone, such as “2h”, “18:00” or “fri 18:00”."})
        draft = replace(draft, until=span[1])
    by = press.by
    logged = await log_change(ctx, draft, by=by.name, request_id=by.request_id, at=by.at, user_id=by.user_id)
    until = logged.received_at + ctx.topology.undo_window
    return Outcome(message=changes.echo(logged, at=by.at, undo_until=until, debt=await debt_with(ctx, logged.id)))


async def _done(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=debts.closed(*await close_debt(ctx, _number(press), press.by)))


async def _longer(ctx: Context, press: Press) -> Outcome:
    """A day more than there is."""
    number = _number(press)
    known = await debt_with(ctx, number)
    since = max(known.until or press.at, press.at) if known else press.at
    return Outcome(message=debts.longer(*await extend_debt(ctx, number, since + DAY, press.by)))


async def _reopen(ctx: Context, press: Press) -> Outcome:
    change, _ = await reopen_debt(ctx, _number(press), press.by)
    return Outcome(message=debts.opened(change))


def _number(press: Press) -> int:
    if not press.value.isdigit():
        raise UserError("That button is of another version; use `/change list`.")
    return int(press.value)


def _said(press: Press) -> dict[str, str]:
    return {name: " ".join(str(value or "").split()) for name, value in press.fields.items()}


def _draft(press: Press, topology: Topology) -> tuple[Draft | None, dict[str, str]]:
    """Return what a form says, or the complaint under each field that is wrong."""
    said = _said(press)
    if not said.get("what"):
        return None, {"what": "Say in a sentence what changed."}
    try:
        service = service_named(said.get("service", ""), topology)
    except UserError as error:
        return None, {"service": str(error)}
    named = said.get("environment")
    environment = topology.environment_named(service, named) if named else None
    if named and environment is None:
        known = (e.name for e in service.environments)
        return None, {"environment": f"{service.name} has no environment “{named}”." + did_you_mean(named, known)}
    risk = said.get("risk")
    return Draft(
        service=service.name,
        summary=said["what"],
        environment=environment.name if environment else None,
        risk=Risk(risk) if risk in set(Risk) else None,
        revert=said.get("revert") or None,
        url=modals.metadata(press.value).get("url") or None,
    ), {}


async def _log_message(ctx: Context, press: Press) -> Outcome:
    form = modals.change(
        services=service_names(ctx.topology),
        environments=environment_names(ctx.topology),
        channel_id=press.channel_id or "",
        what=press.value,
        url=press.message_permalink,
    )
    return Outcome(modal=form)


ACTIONS: Final = Actions(
    buttons={changes.UNDO: _undo, debts.DONE: _done, debts.LONGER: _longer, debts.REOPEN: _reopen},
    modals={modals.CHANGE: _submit},
    shortcuts=(
        Shortcut(
            callback_id=LOG_AS_CHANGE,
            name="Log as change",
            summary="Log what this message says as a small change",
            run=_log_message,
        ),
    ),
)
