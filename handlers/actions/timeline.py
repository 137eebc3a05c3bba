"""The message shortcut that puts a message on an incident's timeline."""

from typing import Final

from handlers.actions import Actions, Outcome, Press, Shortcut
from handlers.context import Context
from handlers.errors import UserError
from handlers.timeline_marks import mark
from handlers.views import incident_answers as answers

ADD_TO_TIMELINE: Final = "add_to_timeline"


async def _add(ctx: Context, press: Press) -> Outcome:
    if press.channel_id is None or press.message_ts is None:
        raise UserError("That message is nowhere I can read.")
    said = await ctx.conversation.message(press.channel_id, press.message_ts)
    if said is None:
        raise UserError("I cannot read that message. Is the bot in this channel? `/invite @twinspan`")
    return Outcome(message=answers.marked(await mark(ctx, said, press.by)))


ACTIONS: Final = Actions(
    shortcuts=(
        Shortcut(
            callback_id=ADD_TO_TIMELINE,
            name="Add to timeline",
            summary="Put this message on the timeline of the incident it is about.",
            run=_add,
        ),
    )
)
