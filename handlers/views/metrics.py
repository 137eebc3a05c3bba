"""The answer of `/metrics`: the table of a period, its chart, what is unknown and why, and a button for each number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.views import Block, Message
from handlers.views.asked import HOW, ROWS, Asked
from handlers.views.both_sides import between
from handlers.views.digest_words import headline, title
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, section
from handlers.views.number_table import chart_blocks, chart_in_words, in_words, ordered, table_of
from handlers.views.silence import in_words as silence_in_words
from handlers.views.silence import is_silenced
from handlers.views.text import code, escape
from handlers.views.times import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whose numbers (`scope`), in which zone, as of when; `numbers` as `handlers.reports.as_shown` returns them."""

    scope: str
    timezone: str
    at: datetime
    numbers: dict[str, Any]


def report(shown: Shown, side: str) -> Message:
    """Return the numbers of a period with the way to what is behind each; a side's own question comes first."""
    numbers = shown.numbers
    name, said = f"{title(numbers)} · {shown.scope}", headline(numbers, side)
    text = f"{escape(name)}: {said}"
    missing = paragraphs(f"ℹ️ {line}" for line in _missing(shown))
    foot = [*between(numbers), *_buttons(shown, side), context(_footing(shown))]
    head = [header(name), section(said), *missing]
    if _knows_nothing(numbers):
        return message(text, [*head, *between(numbers), context(_footing(shown))])
    whole = message(text, [*head, table_of(numbers, side), *chart_blocks(numbers, side), *foot])
    plain = message(text, [*head, *in_words(numbers, side), *chart_in_words(numbers, side), *foot])
    return Message(text=text, blocks=whole.blocks, plain_blocks=plain.blocks)


def _buttons(shown: Shown, side: str) -> list[Block]:
    """Return a button for each number. In one block no two may have the same action id."""
    rows = [button(row.name, f"{ROWS}_{row.key}", _asked(shown, row.key).value()) for row in ordered(side)]
    how = button("How is this computed?", HOW, _asked(shown, ordered(side)[0].key).value())
    return [context("*Open the rows behind*"), actions(*rows, how)]


def _asked(shown: Shown, number: str) -> Asked:
    numbers = shown.numbers
    return Asked(
        scope=shown.scope,
        length=numbers["length"],
        first=numbers["first"],
        timezone=shown.timezone,
        number=number,
    )


def _missing(shown: Shown) -> Iterator[str]:
    """Say what is not known at all, why, and what to do about it."""
    now, silence = shown.numbers["now"], shown.numbers["silence"]
    check = f"{code('/bridge status')} shows who was heard"
    if silence and now["silenced"]:
        words = silence_in_words(silence)
        yield f"{words[0].upper()}{words[1:]}. What happened since is not 0 but unknown. {check}."
    if now["deploys"] is None and not is_silenced(now, "deploys"):
        yield (
            f"No deploy sender has been heard for {escape(shown.scope)} by then: its deploys are not 0 but unknown. "
            f"{check}; docs/senders.md says how to connect one."
        )
    elif now["deploys"] and not now["lead_time_n"]:
        yield "Lead time is unknown: no deploy of this period told which commits it brought."
    if now["incidents_started"] is None and not is_silenced(now, "incidents_started"):
        yield f"No sender had been heard by then, so that incidents are unknown as well. {check}."


def _knows_nothing(numbers: dict[str, Any]) -> bool:
    return all(n["deploys"] is None and n["incidents_started"] is None for n in numbers["history"])


def _footing(shown: Shown) -> str:
    numbers = shown.numbers
    compared = numbers["compared"]
    return joined(
        [
            f"{_dates(numbers)}, {escape(shown.timezone)}",
            f"compared with {_dates(compared)}",
            f"as of {moment(shown.at)}",
            "▲ better · ▼ worse: whichever way the number went",
        ]
    )


def _dates(span: dict[str, Any]) -> str:
    return " to ".join(dict.fromkeys((span["first"], span["last"])))
