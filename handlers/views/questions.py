"""What is said of questions that one side asks the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.routing import Audience
from handlers.views import Block, Message, Modal
from handlers.views.layout import actions, button, context, joined, message, paragraphs, said, section
from handlers.views.modals import form, select, text_input
from handlers.views.subjects import subject_name
from handlers.views.text import channel_link, line, link, paragraph, plural
from handlers.views.times import ago, duration
from models.questions import Question

CLOSE: Final = "question_close"
FORM: Final = "question_form"
ASK: Final = "ask_across_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The message that somebody asks about: its words, its address, and what it tells of, where it is the bot's."""

    text: str
    url: str | None
    subject: str | None


def card(
    question: Question, side: Audience, *, elsewhere: str | None = None, subject_here: str | None = None
) -> Message:
    """Return a question as it stands: to those who are asked, and to the side that asks.

    `subject_here` is the address of this channel's own message on what the question is about.
    """
    is_asked = side == question.side
    headline = f"{_emoji(question)} *{_asker(question)} asks {question.side}*: {_quoted(question.text)}"
    over = link(elsewhere, "dev" if side == "ops" else "ops") if elsewhere else None
    small = joined([f"Q{question.id}", _about(question, subject_here), over, _state(question, is_asked=is_asked)])
    blocks: list[Block] = [section(headline), context(small)]
    if question.answered_at:
        words = "_(the answer stays in that private channel)_" if question.answer is None else _quoted(question.answer)
        blocks.insert(1, section(f"💬 *{line(question.answered_by or '?', 60)}*: {words}"))
    if question.is_open:
        blocks.append(actions(button("Needs no answer", CLOSE, str(question.id))))
    return message(headline, blocks)


def reminder(question: Question, link_to: str | None) -> Message:
    """Return what is said in the channel of a question that nobody answered; once it is over, nothing."""
    if not question.is_open:
        return Message(text="(answered)", is_gone=True)
    words = f"❓ {_asker(question)} still waits for an answer, asked {ago(question.asked_at)}: {_quoted(question.text)}"
    return said(joined([words, link(link_to, "answer there") if link_to else None]))


def answered(question: Question, link_to: str | None, answer: str) -> Message:
    """Return what the person who asked is told: the answer, also where only they may read it."""
    took = duration(((question.answered_at or question.asked_at) - question.asked_at).total_seconds())
    words = f"💬 *{line(question.answered_by or '?', 60)}* answered after {took}: {_quoted(answer)}"
    small = f"You asked {question.side} in {channel_link(question.channel)}: {line(question.text, 200)}"
    return message(words, [section(words), context(joined([small, link(link_to, "open") if link_to else None]))])


def unanswered(question: Question, link_to: str | None) -> Message:
    """Return what the person who asked is told when reminding ends."""
    if not question.is_open:
        return Message(text="(answered)", is_gone=True)
    words = f"Nobody in {channel_link(question.channel)} answered Q{question.id} yet, and I stop reminding them."
    small = joined([line(question.text, 200), link(link_to, "open") if link_to else None])
    return message(words, [section(words), context(small)])


def asked(question: Question) -> Message:
    """Return what the person who asked is shown at once."""
    where = channel_link(question.channel)
    return said(f"❓ Asked in {where} as Q{question.id}. The first reply there is the answer; I will tell you.")


def closed(question: Question) -> Message:
    """Return what the person who ended a question is shown."""
    return said(f"Q{question.id} needs no answer any more.")


def waiting(questions: Sequence[Question]) -> Message:
    """Return the questions that wait for an answer."""
    if not questions:
        return said("No question waits for an answer. Ask one: `/ask ops is the disk alert yours?`")
    lines = [joined([f"*Q{q.id}* {_asker(q)} → {q.side}", ago(q.asked_at), line(q.text, 150)]) for q in questions[:20]]
    headline = f"{plural(len(questions), 'question waits', 'questions wait')} for an answer"
    return message(headline, paragraphs([f"*{headline}*", *lines]))


def ask_form(targets: Sequence[str], chosen: str | None, channel_id: str, about: About) -> Modal:
    """Return the form that asks about a message; `targets` read like `ops of payments`."""
    fields = [
        select("to", "Whom", targets, chosen=chosen),
        text_input("question", "Question", hint="It is posted there under your name; the first reply is the answer."),
    ]
    what = subject_name(about.subject) if about.subject else "the message"
    refers = (
        [context(f"About {link(about.url, what)}: {line(about.text.replace('*', ''), 200)}")]
        if about.text or about.url
        else []
    )
    carried = {"channel": channel_id, "url": about.url or "", "subject": about.subject or ""}
    return form(FORM, "Ask the other side", "Ask", [*fields, *refers], carried)


def _about(question: Question, subject_here: str | None) -> str | None:
    """Return what a question is about: this side's own message on the same, and the very message that was meant."""
    if question.subject is None:
        return f"about {link(question.about, 'this message')}" if question.about else None
    name = subject_name(question.subject)
    if subject_here is None or subject_here == question.about:
        return f"about {link(question.about, name)}"
    meant = f" ({link(question.about, 'the message')})" if question.about else ""
    return f"about {link(subject_here, name)}{meant}"


def _state(question: Question, *, is_asked: bool) -> str:
    if question.answered_at:
        return f"answered after {duration((question.answered_at - question.asked_at).total_seconds())}"
    if question.closed_at:
        return f"needs no answer any more, says {line(question.closed_by or '?', 60)}"
    asker = line(question.asker, 60)
    return f"the first reply in this thread is told to {asker}" if is_asked else "no answer yet"


def _emoji(question: Question) -> str:
    return "✅" if question.answered_at else "☑️" if question.closed_at else "❓"


def _asker(question: Question) -> str:
    return line(question.asker, 60)


def _quoted(text: str) -> str:
    return paragraph(text, 1000)


def overdue(texts: Sequence[tuple[str, datetime]]) -> list[str]:
    """Return open questions in short, for a digest: what is asked and since when, never by whom."""
    return [f"“{line(text, 80)}” ({ago(at)})" for text, at in texts]
