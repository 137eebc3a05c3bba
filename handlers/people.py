"""Finds the person that somebody names: `@bob`, `bob`, `Bob Ross`, `<@U123>`, `me`."""

import re
from typing import Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.suggest import did_you_mean
from models.people import Person, people_called

_MENTION: Final = re.compile(r"<@((?:[a-z][a-z0-9-]*/)?[UW][A-Z0-9]+)(?:\|[^>]*)?>")
_ME: Final = ("me", "@me", "myself")


async def person_named(ctx: Context, text: str, by: By) -> Person:
    """Return who is meant.

    Raises:
        UserError: nobody is called that, several are, or Slack does not tell who there is.
    """
    words = text.strip()
    mention = _MENTION.fullmatch(words)
    wanted = mention[1] if mention else words
    if words.casefold() in _ME and by.user_id:
        return Person(user_id=by.user_id, name=by.name, handle=by.name)
    try:
        people = await ctx.directory.people()
    except PostFailure as failure:
        raise UserError(
            f"Slack does not tell me who there is ({failure.reason}): try again, or let an admin look."
        ) from failure
    found = people_called(wanted, people)
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(f"@{p.handle} ({p.real_name or p.name})" for p in found[:5])
        raise UserError(f"“{words[:60]}” may be {named}: which one?")
    handles = [p.handle for p in people]
    others = [name for p in people for name in p.names]
    raise UserError(
        f"I know nobody called “{words[:60]}” here.{did_you_mean(wanted.lstrip('@'), handles, '@{}', aliases=others)}"
    )
