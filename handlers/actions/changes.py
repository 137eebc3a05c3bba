"""Small changes by hand: *Undo*, the form, and the shortcut that logs a message as a change."""

from typing import Final

from handlers.actions import Actions, Outcome, Press, Shortcut
from handlers.change_log import Draft, log_change, undo_change
from handlers.context import Context
from handlers.errors import UserError
from handlers.suggest import did_you_mean
from handlers.views import changes, modals
from handlers.wording import environment_names, service_named, service_names
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
    logged = await log_change(ctx, draft, by=press.user_name, request_id=press.request_id, at=press.at)
    until = logged.received_at + ctx.topology.undo_window
    return Outcome(message=changes.echo(logged, at=press.at, undo_until=until))


def _draft(press: Press, topology: Topology) -> tuple[Draft | None, dict[str, str]]:
    """Return what a form says, or the complaint under each field that is wrong."""
    said = {name: " ".join(str(value or "").split()) for name, value in press.fields.items()}
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
    buttons={changes.UNDO: _undo},
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
