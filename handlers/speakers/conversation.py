"""What is said between the sides: questions, links, freezes, and the lines of mirrored threads."""

from typing import Final

from handlers.mirroring import ASK
from handlers.questions import ANSWERED, REMIND, UNANSWERED
from handlers.routing import CARD, LINE, LOUD
from handlers.speakers import Row, Speakers, elsewhere
from handlers.views import Message, freezes, links, mirroring, questions
from models.mirroring import is_mirrored


async def of_line(row: Row) -> Message | None:
    """Return a reply as it is said on the other side."""
    line = await row.store.mirroring.get(int(row.part.removeprefix(LINE)))
    return mirroring.said(line) if line else None


async def of_thread(row: Row) -> Message | None:
    """Return what is said in a thread of the thread itself: whether it is one conversation with the other side's."""
    bridge = next((b for b in row.topology.bridges if row.channel in (b.dev, b.ops)), None)
    if bridge is None:
        return None
    decided = await row.store.mirroring.decided(row.subject)
    if row.part == ASK:
        return mirroring.ask(bridge, row.side, row.subject) if decided is None else None
    is_on = is_mirrored(bridge.mirror, row.subject, decided)
    return mirroring.note(bridge, row.side, row.subject, is_on=is_on, params=row.params)


async def _freeze(row: Row) -> Message | None:
    one = await row.store.freezes.get(int(row.name))
    if one is None:
        return None
    word, _, number = row.part.removeprefix(LOUD).partition(":")
    match word:
        case "pass":
            through = await row.store.freezes.get_pass(int(number))
            said = freezes.passed(one, through) if through else None
        case "over":
            said = freezes.over(one) if one.stands(row.at) else None
        case "begun":
            said = freezes.begun(one) if one.stands(row.at) else None
        case "ended":
            said = freezes.ended(one, await row.store.freezes.held_by(one.id))
        case "card":
            held = await row.store.freezes.held_by(one.id)
            passes = await row.store.freezes.passes_through(one.id)
            said = freezes.card(one, row.side, held=held, passes=passes, at=row.at)
        case _:
            said = freezes.taken(one) if word == "taken" else freezes.extended(one, row.at)
    return said


async def _question(row: Row) -> Message | None:
    question = await row.store.questions.get(int(row.name))
    if question is None:
        return None
    if row.part == CARD:
        about = await row.store.messages.card(question.subject, row.channel) if question.subject else None
        here = about.permalink if about else None
        return questions.card(question, row.side, elsewhere=await elsewhere(row), subject_here=here)
    there = await row.store.messages.card(row.subject, question.channel)
    link = there.permalink if there else None
    if row.part == ANSWERED:
        return questions.answered(question, link, row.params.get("answer") or question.answer or "")
    if row.part == UNANSWERED:
        return questions.unanswered(question, link)
    return questions.reminder(question, link) if row.part.startswith(REMIND) else None


async def _link(row: Row) -> Message | None:
    link = await row.store.links.get(int(row.name))
    if link is None:
        return None
    if row.part == CARD:
        return links.card(link, row.side)
    return links.ended(link, row.side)


SPEAKERS: Final[Speakers] = {
    "freeze": _freeze,
    "question": _question,
    "link": _link,
}
