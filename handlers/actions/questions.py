"""Questions across by hand: from any message's menu, button or shortcut; the form; the button that ends a question."""

from typing import Final

from handlers.actions import Actions, Outcome, Press, Shortcut
from handlers.context import Context
from handlers.errors import UserError
from handlers.places import bridge_here, channel_name
from handlers.questions import ask, close
from handlers.routing import SIDES
from handlers.views import modals
from handlers.views import questions as views
from models.topology import Bridge, Topology
from models.words import Side

ASK_ACROSS: Final = "ask_across"


async def _open(ctx: Context, press: Press) -> Outcome:
    targets = _targets(ctx.topology)
    if not targets:
        raise UserError("No bridge joins two channels yet: `/bridge link #dev #ops`.")
    name = await channel_name(ctx, press.channel_id or "")
    here = bridge_here(ctx.topology, name)
    chosen = f"{'dev' if name == here.ops else 'ops'} of {here.name}" if here else None
    return Outcome(modal=views.ask_form(list(targets), chosen, press.channel_id or "", await _about(ctx, press)))


async def _about(ctx: Context, press: Press) -> views.About:
    """Return what somebody asks about, with what it tells of, or its thread: the other side knows it by that."""
    channel, known = press.channel_id or "", None
    async with ctx.reading() as store:
        own = await store.messages.at(channel, press.message_ts or "")
        known = own or await store.messages.at(channel, press.thread_ts or "")
    url = (own.permalink if own else None) or press.message_permalink
    return views.About(text=press.message_text, url=url, subject=known.subject if known else None)


async def _submit(ctx: Context, press: Press) -> Outcome:
    target = _targets(ctx.topology).get(str(press.fields.get("to") or ""))
    text = str(press.fields.get("question") or "").strip()
    if target is None:
        return Outcome(errors={"to": "Choose whom to ask."})
    if not text:
        return Outcome(errors={"question": "What do you want to know?"})
    side, bridge = target
    carried = modals.metadata(press.value)
    about, subject = carried.get("url") or None, carried.get("subject") or None
    return Outcome(message=views.asked(await ask(ctx, bridge, side, text, press.by, about=about, subject=subject)))


async def _close(ctx: Context, press: Press) -> Outcome:
    if not press.value.isdigit():
        raise UserError("That button is of another version.")
    return Outcome(message=views.closed(await close(ctx, int(press.value), press.by)))


def _targets(topology: Topology) -> dict[str, tuple[Side, Bridge]]:
    return {f"{side} of {bridge.name}": (side, bridge) for bridge in topology.bridges for side in SIDES}


ACTIONS: Final = Actions(
    buttons={views.CLOSE: _close, views.ASK: _open},
    menu={views.ASK: _open},
    modals={views.FORM: _submit},
    shortcuts=(
        Shortcut(
            callback_id=ASK_ACROSS,
            name="Ask the other side",
            summary="Ask the other side about this message; the first reply is told to you.",
            run=_open,
        ),
    ),
)
