"""The form to paste a payload into: what it would do is shown in its place."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.rehearsal import Payload, rehearse
from handlers.views import modals
from handlers.views import rehearsal as views


async def _submit(ctx: Context, press: Press) -> Outcome:
    said = {name: str(value or "").strip() for name, value in press.fields.items()}
    if not said.get("payload"):
        return Outcome(errors={"payload": "Paste the JSON that the sender sends."})
    payload = Payload(source=said.get("source") or None, body=said["payload"].encode(), event=said.get("event") or None)
    try:
        told = await rehearse(ctx.transaction, ctx.reading, ctx.topology, payload, press.at)
    except UserError as error:
        return Outcome(errors={"event": str(error)})
    if told.malformed:
        return Outcome(errors={"payload": f"{told.malformed[0]}: {told.malformed[1]}"})
    return Outcome(modal=modals.notice(views.shown(told)))


ACTIONS: Final = Actions(modals={views.FORM: _submit})
