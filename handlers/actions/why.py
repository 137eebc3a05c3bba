"""*Why did I get this?*: whoever asks is told why a message was posted."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.views.why import WHY, explained
from handlers.why import why


async def _why(ctx: Context, press: Press) -> Outcome:
    async with ctx.reading() as store:
        told = await why(store, ctx.topology, press.channel_id, press.message_ts)
    return Outcome(message=explained(told))


ACTIONS: Final = Actions(menu={WHY: _why})
