"""A handoff's buttons and forms: accept, accept with questions, I can't, edit notes."""

from typing import Final

from handlers.actions import Actions, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.oncall import everybody, person_of
from handlers.shift_handoffs import accept, add_notes, decline, waiting
from handlers.shift_transfer import theirs
from handlers.views import handoffs as views
from handlers.views import modals
from models.people import Person


async def _accept(ctx: Context, press: Press) -> Outcome:
    await accept(ctx, _number(press.value), _me(press), press.by)
    return Outcome()


async def _decline(ctx: Context, press: Press) -> Outcome:
    return Outcome(message=views.declined(await decline(ctx, _number(press.value), press.by)))


async def _ask_for_questions(ctx: Context, press: Press) -> Outcome:
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        handoff = await waiting(store, _number(press.value))
        outgoing, schedule = person_of(handoff.outgoing, people), ctx.topology.schedule_named(handoff.schedule)
        moving = await theirs(store, ctx.topology, schedule, outgoing) if outgoing and schedule else []
    return Outcome(modal=views.questions_form(handoff, moving))


async def _submit_questions(ctx: Context, press: Press) -> Outcome:
    words = str(press.fields.get("questions") or "")
    if not words.strip():
        return Outcome(errors={"questions": "Ask something, or press *Accept all* instead."})
    chosen = press.fields.get("incidents")
    incidents = {int(one) for one in chosen if str(one).isdigit()} if isinstance(chosen, list) else None
    await accept(ctx, _carried(press), _me(press), press.by, questions=words, incidents=incidents)
    return Outcome()


async def _ask_for_notes(ctx: Context, press: Press) -> Outcome:
    async with ctx.transaction() as store:
        return Outcome(modal=views.notes_form(await waiting(store, _number(press.value))))


async def _submit_notes(ctx: Context, press: Press) -> Outcome:
    async with ctx.transaction() as store:
        handoff = await waiting(store, _carried(press))
    schedule = ctx.topology.schedule_named(handoff.schedule)
    if schedule is None:
        raise UserError(f"The schedule {handoff.schedule} is not in the configuration any more.")
    words = str(press.fields.get("notes") or "")
    return Outcome(message=views.noted(await add_notes(ctx, schedule, words, press.by, replacing=True)))


def _me(press: Press) -> Person:
    return Person(user_id=press.user_id, name=press.user_name, handle=press.user_name)


def _carried(press: Press) -> int:
    return _number(modals.metadata(press.value).get("handoff", ""))


def _number(value: str) -> int:
    if not value.isdigit():
        raise UserError("That button is of another version; `/handoff` shows where things stand.")
    return int(value)


ACTIONS: Final = Actions(
    buttons={
        views.ACCEPT: _accept,
        views.QUESTIONS: _ask_for_questions,
        views.DECLINE: _decline,
        views.NOTES: _ask_for_notes,
    },
    modals={views.QUESTIONS_FORM: _submit_questions, views.NOTES_FORM: _submit_notes},
)
