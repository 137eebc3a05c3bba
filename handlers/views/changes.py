"""What is said of a small change: one line, with *Undo* while that is possible, and how to revert it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.routing import Audience
from handlers.views import Message, debts
from handlers.views.layout import button, context, joined, message, said, section
from handlers.views.text import line, link
from handlers.views.times import moment
from models.debts import Debt
from models.records import Change
from models.words import ChangeKind, ChangeStatus, Risk

UNDO: Final = "change_undo"

_EMOJI: Final = {
    ChangeKind.CONFIG: "🔧",
    ChangeKind.FLAG: "🚩",
    ChangeKind.SCHEMA: "🗄️",
    ChangeKind.INFRA: "🏗️",
    ChangeKind.MANUAL: "🖐️",
    ChangeKind.ACCESS: "🔑",
    ChangeKind.RELEASE: "📦",
}
_OTHER: Final = "🔧"
_RISKS: Final = {Risk.EMERGENCY: "*emergency*", Risk.STANDARD: "standard"}


def card(
    change: Change,
    side: Audience,
    *,
    at: datetime,
    undo_until: datetime | None = None,
    runbook: str | None = None,
    elsewhere: str | None = None,
    debt: Debt | None = None,
) -> Message:
    """Return the line of a small change. *Undo* is offered while `at` is before `undo_until`.

    `debt` is what it owes: then it says until when it stays, with the buttons that close it.
    """
    if change.is_undone:
        gone = f"↩️ ~{_what(change)}~"
        return said(joined([gone, f"undone by {line(change.undone_by or 'somebody', 60)}"]))
    headline = joined([f"{_EMOJI.get(change.kind, _OTHER) if change.kind else _OTHER} {_what(change)}", _who(change)])
    over = link(elsewhere, "ops" if side == "dev" else "dev") if elsewhere else None
    more = [link(change.url, "more") if change.url else None, over]
    undo = button("Undo", UNDO, str(change.id)) if undo_until and at < undo_until else None
    blocks = [section(joined([headline, *more]), undo)]
    hint = joined([debts.state(debt, at) if debt else None, *_hints(change, side, runbook)])
    rows = [debts.row(debt)] if debt and debt.is_open else []
    return message(headline, [*blocks, *([context(hint)] if hint else []), *rows])


def echo(change: Change, *, at: datetime, undo_until: datetime, debt: Debt | None = None) -> Message:
    """Return what the author alone is shown after logging a change."""
    headline = f"Logged as #{change.id}: {_what(change)}"
    minutes = max(1, round((undo_until - at).total_seconds() / 60))
    undo = button("Undo", UNDO, str(change.id))
    text = f"{headline}. Both channels are told; *Undo* works for {minutes} min (`/change undo {change.id}`)."
    if debt:
        text = f"{text} {debts.state(debt, at)}: `/change done {change.id}`, or *Done* on its message."
    return message(text, [section(text, undo)])


def undone(change: Change) -> Message:
    """Return what the person who took a change back is shown."""
    return said(f"↩️ Undone: #{change.id} {_what(change)}. Both channels are told.")


def lines(changes: Sequence[Change]) -> list[str]:
    """Return small changes as lines of markup, newest first, under a title; none where there are none."""
    if not changes:
        return []
    return ["*Small changes*", *(joined([f"#{change.id} {_what(change)}", _who(change)]) for change in changes)]


def _what(change: Change) -> str:
    where = f" ({line(change.environment, 40)})" if change.environment else ""
    status = {ChangeStatus.PLANNED: "planned: ", ChangeStatus.REVERTED: "reverted: "}
    before = status.get(change.status, "") if change.status else ""
    return f"*{line(change.service, 80)}*{where}: {before}{line(change.summary, 300) or 'changed'}"


def _who(change: Change) -> str:
    by = f"by {line(change.actor, 60)}" if change.actor else f"told by {line(change.source, 60)}"
    return f"{by}, {moment(change.occurred_at)}"


def _hints(change: Change, side: Audience, runbook: str | None) -> list[str | None]:
    revert = f"revert: {line(change.revert, 300)}" if change.revert else None
    risk = _RISKS.get(change.risk) if change.risk else None
    if side == "dev":
        return [risk, revert]
    return [risk, revert or "no way back was given: ask the author", link(runbook, "runbook") if runbook else None]
