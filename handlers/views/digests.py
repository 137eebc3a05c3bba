"""Lays a digest out: one snapshot, the same numbers for both sides, each side's own question first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from handlers.views import Block, Message
from handlers.views.both_sides import between
from handlers.views.digest_afterwards import afterwards
from handlers.views.digest_highlights import highlighted
from handlers.views.digest_honesty import honesty
from handlers.views.digest_operations import course, course_in_words, operations
from handlers.views.digest_parts import rows_button, services, still_open
from handlers.views.digest_words import headline, is_quiet, title
from handlers.views.layout import context, header, joined, message, section
from handlers.views.number_table import chart_blocks, chart_in_words, in_words, table_of
from handlers.views.text import escape, line
from handlers.views.times import moment


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
    left = afterwards(numbers)
    if is_quiet(numbers):
        return message(text, [section(text), *left, *closing])
    opening = [header(name), section(said, rows_button(snapshot, "Open the rows", _asked_first(side)))]
    urgent = [*highlighted(snapshot, side, links or {}), *still_open(snapshot)]
    ran = operations(numbers)
    native = _in_order(side, urgent, [table_of(numbers, side), *chart_blocks(numbers, side)], [*ran, *course(snapshot)])
    plain = [*in_words(numbers, side), *chart_in_words(numbers, side)]
    simple = _in_order(side, urgent, plain, [*ran, *course_in_words(snapshot)])
    aside = [*left, *services(snapshot, side), *between(snapshot.numbers)]
    whole = message(text, [*opening, *native, *aside, *closing])
    plainly = message(text, [*opening, *simple, *aside, *closing])
    return Message(text=whole.text, blocks=whole.blocks, plain_blocks=plainly.blocks)


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
