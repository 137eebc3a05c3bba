"""Lays a digest out: one snapshot, the same numbers for both sides, each side's own question first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from handlers.views import Block, Message
from handlers.views.charts import chart, table
from handlers.views.digest_highlights import highlighted
from handlers.views.digest_honesty import honesty
from handlers.views.digest_operations import course, course_in_words, operations
from handlers.views.digest_parts import between, chart_of, rows_button, services, still_open
from handlers.views.digest_words import before, headline, is_quiet, lengths, title
from handlers.views.layout import NOTHING, context, header, joined, message, paragraphs, section
from handlers.views.numbers import ROWS, Row, sparkline, typical
from handlers.views.text import escape, line
from handlers.views.times import moment

_FIRST_FOR_OPS: Final = ("incidents_started", "mtta_median_s", "mttr_median_s", "fdrt_median_s", "cfr")


class Snapshot(Protocol):
    """What is shown; `models.store.digests.Snapshot` is one."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def bridge(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def computed_at(self) -> datetime: ...  # noqa: D102
    @property
    def numbers(self) -> dict[str, Any]: ...  # noqa: D102


def digest(snapshot: Snapshot, side: str, *, by: str | None = None, links: Mapping[str, str] | None = None) -> Message:
    """Return a digest for one side.

    `by` names the person who asked for it; `links` are the addresses of this side's messages by subject.
    """
    numbers = snapshot.numbers
    if "now" not in numbers:
        return _outdated(snapshot)
    name, said = f"{title(numbers)} · {snapshot.bridge}", headline(numbers, side)
    text = f"{escape(name)}: {said}"
    closing = [*honesty(numbers), context(_period(snapshot, by))]
    if is_quiet(numbers):
        return message(text, [section(text), *closing])
    opening = [header(name), section(said, rows_button(snapshot, "Open the rows", _asked_first(side)))]
    urgent = [*highlighted(snapshot, side, links or {}), *still_open(snapshot)]
    ran = operations(numbers)
    native = _in_order(side, urgent, [_table(numbers, side), *_chart(numbers, side)], [*ran, *course(snapshot)])
    plain = [*_in_words(numbers, side), *_chart_in_words(numbers, side)]
    simple = _in_order(side, urgent, plain, [*ran, *course_in_words(snapshot)])
    aside = [*services(snapshot, side), *between(snapshot)]
    whole = message(text, [*opening, *native, *aside, *closing])
    in_words = message(text, [*opening, *simple, *aside, *closing])
    return Message(text=whole.text, blocks=whole.blocks, plain_blocks=in_words.blocks)


def _in_order(side: str, urgent: list[Block], delivered: list[Block], ran: list[Block]) -> list[Block]:
    return [*urgent, *ran, *delivered] if side == "ops" else [*delivered, *urgent, *ran]


def subjects(snapshot: Snapshot) -> list[str]:
    """Return the subjects whose messages a digest links to."""
    told = (one["incident"] for one in snapshot.numbers.get("highlights", ()) if one["kind"] == "open")
    return [f"incident:{incident['leader']}" for incident in told]


def _outdated(snapshot: Snapshot) -> Message:
    said = (
        f"The digest of {escape(snapshot.bridge)} was computed by an earlier release: `/digest preview` shows it anew."
    )
    return message(said, [section(said)])


def _asked_first(side: str) -> str:
    return "incidents_started" if side == "ops" else "deploys"


def _period(snapshot: Snapshot, by: str | None) -> str:
    numbers = snapshot.numbers
    return joined(
        [
            f"{_dates(numbers)}, {escape(snapshot.timezone)}",
            f"compared with {_dates(numbers['compared'])}",
            f"as of {moment(snapshot.computed_at)}",
            f"snapshot {snapshot.id}" if snapshot.id else "preview",
            f"asked for by {line(by, 60)}" if by else None,
        ]
    )


def _dates(span: Mapping[str, Any]) -> str:
    return " to ".join(dict.fromkeys((span["first"], span["last"])))


def _rows(side: str) -> tuple[Row, ...]:
    """Return what is shown in a side's own order."""
    if side != "ops":
        return ROWS
    return tuple(sorted(ROWS, key=lambda row: (row.key not in _FIRST_FOR_OPS, _place(row))))


def _place(row: Row) -> int:
    return _FIRST_FOR_OPS.index(row.key) if row.key in _FIRST_FOR_OPS else ROWS.index(row)


def _table(numbers: Mapping[str, Any], side: str) -> Block:
    shown = _rows(side)
    targets = numbers["targets"]
    many = len(numbers["history"])
    columns = ["Number", "Now", f"{numbers['length'].title()} before", "Change", f"Median of {many}"]
    rows = [_cells(row, numbers) + ([row.target(numbers["now"], targets)] if targets else []) for row in shown]
    caption = f"Now, {before(numbers)}, and the median of {many} {lengths(numbers)}"
    return table(caption, [*columns, *(["Target"] if targets else [])], rows)


def _cells(row: Row, numbers: Mapping[str, Any]) -> list[str]:
    return [
        row.name,
        row.shown(numbers["now"]),
        row.shown_before(numbers["previous"]),
        NOTHING if numbers["is_running"] else row.change(numbers["now"], numbers["previous"]),
        _course(row, numbers["history"]),
    ]


def _course(row: Row, history: Sequence[Mapping[str, Any]]) -> str:
    """Return the median of the last periods, and how they went: `11 ▆▅▇▆█▇▆█`."""
    drawn = sparkline([row.value(one) for one in history])
    return f"{row.bare(typical(row, history))} {drawn}" if drawn else NOTHING


def _in_words(numbers: Mapping[str, Any], side: str) -> list[Block]:
    """Return the table as text."""
    return paragraphs(_in_a_line(row, numbers) for row in _rows(side))


def _in_a_line(row: Row, numbers: Mapping[str, Any]) -> str:
    _, now, previous, change, median = _cells(row, numbers)
    target = row.target(numbers["now"], numbers["targets"])
    parts = [
        now,
        None if change == NOTHING else change,
        f"before: {previous}",
        f"median {median}" if median != NOTHING else None,
        f"target {target}" if target != NOTHING else None,
    ]
    return f"• *{row.name}*  {joined(parts)}"


def _chart(numbers: Mapping[str, Any], side: str) -> list[Block]:
    drawn = chart_of(numbers, side)
    if drawn is None:
        return []
    return [chart("bar", drawn.title, drawn.labels, drawn.series), context(drawn.alt)]


def _chart_in_words(numbers: Mapping[str, Any], side: str) -> list[Block]:
    drawn = chart_of(numbers, side)
    return [section(f"*{drawn.title}*\n{drawn.alt}")] if drawn else []
