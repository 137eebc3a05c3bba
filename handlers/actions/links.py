"""The button that links two channels once the bot was invited to them."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.link_verbs import link_words
from handlers.views.links import LINK


async def _link(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=await link_words(ctx, press.value, press.by))


ACTIONS: Final = Actions(buttons={LINK: _link})
