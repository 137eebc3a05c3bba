"""The buttons below numbers: the rows behind one, page by page, and how it is computed."""

from dataclasses import replace
from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.metric_rows import explain, read_page
from handlers.views import metric_how, metric_rows, numbers
from handlers.views.asked import HOW, NEXT, PREVIOUS, ROWS, Asked, read


async def _rows(ctx: Context, press: Press) -> Outcome:
    asked = _asked(press)
    page = await ctx.aside(lambda store: read_page(store, ctx.topology, asked, press.at))
    return Outcome(modal=metric_rows.modal(page))


async def _how(ctx: Context, press: Press) -> Outcome:
    asked = _asked(press)
    explained = await ctx.aside(lambda store: explain(store, ctx.topology, asked, press.at))
    return Outcome(modal=metric_how.modal(explained))


def _asked(press: Press) -> Asked:
    asked = read(press.value)
    if asked is None:
        raise UserError("That button is of another version; `/metrics` shows the numbers with new ones.")
    return asked if asked.channel else replace(asked, channel=press.channel_id or "")


ACTIONS: Final = Actions(
    buttons={
        ROWS: _rows,
        PREVIOUS: _rows,
        NEXT: _rows,
        HOW: _how,
        **{f"{ROWS}_{row.key}": _rows for row in numbers.ROWS},
    },
)
