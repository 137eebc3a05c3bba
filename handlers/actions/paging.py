"""A page's own buttons, to say that one is on it or cannot take it; the form to page by hand."""

from typing import Final

from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.paging import page, pass_on
from handlers.paging_by_hand import answer_page, page_by_hand
from handlers.views import modals, paging
from models.paging import REFUSED, TAKEN


async def _pass(ctx: Context, press: Press) -> Outcome:
    incident = await pass_on(ctx, int(press.value), press.by)
    await page(ctx, press.by.at)
    return Outcome(message=paging.passed(incident))


def _answering(answer: str) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        """Say to whoever pages by hand whether one is on it."""
        if press.value.count("|") < 2:
            raise UserError("That button is of another version; the card of the incident has *Acknowledge*.")
        return Outcome(message=paging.on_it(await answer_page(ctx, press.value, answer, press.by)))

    return press_button


async def _submit(ctx: Context, press: Press) -> Outcome:
    person, target = press.fields.get("person"), press.fields.get("target")
    whom = [*([f"<@{person}>"] if person else []), *([str(target)] if target else [])]
    if not whom:
        return Outcome(errors={"person": "Choose a person, or whoever one of the names below means."})
    number = modals.metadata(press.value).get("incident", "")
    if not number.isdigit():
        raise UserError("That form is of another version; use `/incident page INC-12 @bob` instead.")
    paged = await page_by_hand(ctx, int(number), whom, str(press.fields.get("why") or "").strip(), press.by)
    return Outcome(message=paging.sent(paged.incident, paged.pages))


ACTIONS: Final = Actions(
    buttons={
        paging.CANNOT: _pass,
        paging.ON_IT: _answering(TAKEN),
        paging.NOT_ME: _answering(REFUSED),
    },
    modals={paging.FORM: _submit},
)
