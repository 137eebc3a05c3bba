"""The numbers of a period as a table, as a chart, and in words where Slack refuses either."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from handlers.views import Block
from handlers.views.charts import chart, table
from handlers.views.digest_parts import chart_of
from handlers.views.digest_words import before, lengths
from handlers.views.layout import NOTHING, context, joined, paragraphs, section
from handlers.views.numbers import ROWS, Row, sparkline, typical
from handlers.views.text import escape

_FIRST_FOR_OPS: Final = ("incidents_started", "mtta_median_s", "mttr_median_s", "fdrt_median_s", "cfr")


def ordered(side: str) -> tuple[Row, ...]:
    """Return what is shown in a side's own order."""
    if side != "ops":
        return ROWS
    return tuple(sorted(ROWS, key=lambda row: (row.key not in _FIRST_FOR_OPS, _place(row))))


def _place(row: Row) -> int:
    return _FIRST_FOR_OPS.index(row.key) if row.key in _FIRST_FOR_OPS else ROWS.index(row)


def table_of(numbers: Mapping[str, Any], side: str) -> Block:
    """Return the numbers as a native table: now, before, the change, the median, the trend, the target."""
    shown = ordered(side)
    targets = numbers["targets"]
    many = len(numbers["history"])
    columns = ["Number", "Now", f"{numbers['length'].title()} before", "Change", f"Median of {many}"]
    rows = [_cells(row, numbers) + ([_target(row, numbers)] if targets else []) for row in shown]
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


def _target(row: Row, numbers: Mapping[str, Any]) -> str:
    return row.target(numbers["now"], numbers["targets"], is_running=numbers["is_running"])


def _course(row: Row, history: Sequence[Mapping[str, Any]]) -> str:
    """Return the median of the last periods, and how they went: `11 ▆▅▇▆█▇▆█`."""
    drawn = sparkline([row.value(one) for one in history])
    return f"{row.bare(typical(row, history))} {drawn}" if drawn else NOTHING


def in_words(numbers: Mapping[str, Any], side: str) -> list[Block]:
    """Return the table as text."""
    return paragraphs(_in_a_line(row, numbers) for row in ordered(side))


def _in_a_line(row: Row, numbers: Mapping[str, Any]) -> str:
    _, now, previous, change, median = _cells(row, numbers)
    target = _target(row, numbers)
    parts = [
        now,
        None if change == NOTHING else change,
        f"before: {previous}",
        f"median {median}" if median != NOTHING else None,
        f"target {target}" if target != NOTHING else None,
    ]
    return f"• *{row.name}*  {escape(joined(parts))}"


def chart_blocks(numbers: Mapping[str, Any], side: str) -> list[Block]:
    """Return the chart of a side with its words; nothing where there is nothing to draw."""
    drawn = chart_of(numbers, side)
    if drawn is None:
        return []
    return [chart("bar", drawn.title, drawn.labels, drawn.series), context(drawn.alt)]


def chart_in_words(numbers: Mapping[str, Any], side: str) -> list[Block]:
    """Return what the chart shows, as text."""
    drawn = chart_of(numbers, side)
    return [section(f"*{drawn.title}*\n{drawn.alt}")] if drawn else []
