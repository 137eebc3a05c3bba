"""The one place where questions are asked across, answered, reminded of and taken back.

The question is a message on both sides, and their threads are one conversation unless the bridge says never. The first
reply of somebody else on the side that was asked is the answer, and is told to who asked.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.heard import Said
from handlers.mirror_routes import new_ones, passage, routes_from, thread_of
from handlers.routing import CARD, LOUD, SIDES, Notice
from handlers.views.text import readable
from models.mirroring import is_kept_here
from models.questions import Question
from models.records import MessageRef
from models.topology import Bridge
from models.words import Side

ANSWERED: Final = "answered"
UNANSWERED: Final = "unanswered"
REMIND: Final = f"{LOUD}remind:"
_MOST: Final = 2000
_log = structlog.get_logger(__name__)


async def ask(
    ctx: Context,
    bridge: Bridge,
    side: Side,
    text: str,
    by: By,
    *,
    about: str | None = None,
    subject: str | None = None,
) -> Question:
    """Ask one side of a bridge. The same request again returns what is stored.

    `about` is the address of a message it is about, `subject` what that tells of, if it is one of the bot's.

    Raises:
        UserError: there is no question.
    """
    words = text.strip()
    if not words:
        raise UserError(f"What do you want to know? `/ask {side} is the disk alert yours?`")
    other: Side = "dev" if side == "ops" else "ops"
    question = Question(
        key=f"slack:{by.request_id}",
        bridge=bridge.name,
        side=side,
        channel=bridge.channel(side),
        home=bridge.channel(other),
        text=words[:_MOST],
        about=about,
        subject=subject,
        asker=by.name,
        asker_id=by.user_id,
        asked_at=by.at,
    )
    async with ctx.transaction() as store:
        made = await store.questions.add(question)
        await store.outbox.notify(_cards(made), by.at)
    ctx.wake_outbox()
    return made


async def take_answer(ctx: Context, said: Said, at: datetime) -> None:
    """Take the first reply of somebody else on the side that was asked for the answer, and tell who asked."""
    if said.thread_ts is None or said.bot or is_kept_here(said.text):
        return
    async with ctx.reading() as store:
        card = await thread_of(store, said)
    if card is None or not card.subject.startswith("question:"):
        return
    name, text = await ctx.messenger.user_name(said.user_id), readable(said.text)[:_MOST]
    is_shown = await _may_be_shown(ctx, card, said)
    async with ctx.transaction() as store:
        question = await store.questions.get(int(card.subject.partition(":")[2]))
        if question is None or card.channel != question.channel or said.user_id == question.asker_id:
            return
        # An earlier one that is told later, or the same one reworded, takes the place of what was taken.
        if question.answered_ts and float(said.ts) > float(question.answered_ts):
            return
        now = replace(
            question,
            answered_at=said.at,
            answered_by=name,
            answered_ts=said.ts,
            answer=text if is_shown else None,
        )
        await store.questions.save(now)
        everywhere = [] if now == question else [*_cards(now), *_reminders(now)]
        told = await new_ones(store, _to_asker(now, ANSWERED, answer=text))
        await store.outbox.notify([*everywhere, *told], at)
    ctx.wake_outbox()


async def _may_be_shown(ctx: Context, card: MessageRef, said: Said) -> bool:
    """Return whether an answer may be read on the asking side: who asked is told in any case, a public channel not."""
    async with ctx.reading() as store:
        routes = await routes_from(store, ctx.topology, card)
    return any([(await passage(ctx, route, said.is_private)).out for route in routes])


async def close(ctx: Context, number: int, by: By) -> Question:
    """Take a question back, or say that it needs no answer any more.

    Raises:
        UserError: there is none of that number, or it is over.
    """
    async with ctx.transaction() as store:
        question = await store.questions.get(number)
        if question is None:
            raise UserError(f"I know no question Q{number}.")
        if not question.is_open:
            raise UserError(f"Q{number} is over already.")
        now = replace(question, closed_at=by.at, closed_by=by.name)
        await store.questions.save(now)
        await store.outbox.notify([*_cards(now), *_reminders(now)], by.at)
    ctx.wake_outbox()
    return now


async def remind(ctx: Context, at: datetime) -> None:
    """Say again what nobody answered; after the last time tell who asked, and be quiet."""
    plan = ctx.topology.questions
    notices: list[Notice] = []
    async with ctx.transaction() as store:
        for question in await store.questions.waiting():
            if question.is_due(plan, at):
                now = replace(question, times=question.times + 1)
                await store.questions.save(now)
                notices += _reminders(now)[-1:]
                notices += _to_asker(now, UNANSWERED) if now.times == plan.times else []
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


def _cards(question: Question) -> list[Notice]:
    where = {question.channel: question.side, question.home: _other(question.side)}
    return [Notice(subject=_subject(question), part=CARD, channel=c, side=s) for c, s in where.items()]


def _reminders(question: Question) -> list[Notice]:
    """Return the reminders that were said: they are taken away once there is an answer."""
    parts = [f"{REMIND}{number}" for number in range(1, question.times + 1)]
    return [
        Notice(subject=_subject(question), part=part, channel=question.channel, side=question.side) for part in parts
    ]


def _to_asker(question: Question, part: str, **params: str) -> list[Notice]:
    if not question.asker_id:
        return []
    side = _other(question.side)
    return [Notice(subject=_subject(question), part=part, channel=question.asker_id, side=side, params=params)]


def _other(side: Side) -> Side:
    return next(one for one in SIDES if one != side)


def _subject(question: Question) -> str:
    return f"question:{question.id}"
