"""What is said of change debt: on the change's card, when its end passes, in lists, to who closes it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.views import Block, Message
from handlers.views.layout import actions, button, header, joined, message, said, section
from handlers.views.text import line
from handlers.views.times import ago, moment
from models.debts import Debt
from models.records import Change

DONE: Final = "change_done"
LONGER: Final = "change_longer"
REOPEN: Final = "change_reopen"


def state(debt: Debt, at: datetime) -> str:
    """Return how long something stays: until when, or that it should be gone, or who closed it."""
    if debt.closed_at:
        return f"✔ done: {line(debt.closed_by or '', 60)}, {moment(debt.closed_at)}"
    if debt.until is None:
        return "⏳ stays on the list until somebody says *Done*"
    if debt.is_late(at):
        return f"⏰ *was to be gone {moment(debt.until)}* ({line(debt.owner, 60)})"
    return f"⏳ temporary until {moment(debt.until)} ({line(debt.owner, 60)})"


def row(debt: Debt) -> Block:
    """Return the buttons of what is still there."""
    number = str(debt.change_id)
    return actions(button("Done", DONE, number), button("A day longer", LONGER, number))


def ended(change: Change, debt: Debt, at: datetime) -> Message:
    """Return what says that something should be gone; once it is closed or stays longer, that."""
    what = f"#{change.id} {_what(change)}"
    if not debt.is_late(at):
        return said(f"{what}: {state(debt, at)}")
    back = f"the way back: {line(change.revert, 200)}" if change.revert else "no way back is written down"
    words = f"⏰ {what} was to be gone {moment(debt.until or at)}, {line(debt.owner, 60)} has to see to that; {back}"
    return message(words, [section(words), row(debt)])


def closed(change: Change, debt: Debt) -> Message:
    """Return what the person who closed something is shown, with *Undo*."""
    words = f"✔ #{change.id} {_what(change)} is off the list, by {line(debt.closed_by or '', 60)}."
    return message(words, [section(words, button("Undo", REOPEN, str(change.id)))])


def opened(change: Change) -> Message:
    """Return what the person who took that back is shown."""
    return said(f"⏳ #{change.id} {_what(change)} is on the list again.")


def longer(change: Change, debt: Debt) -> Message:
    """Return what the person who lets something stay is shown."""
    return said(f"⏳ #{change.id} {_what(change)} stays until {moment(debt.until or debt.since)}; it is yours now.")


def listing(debts: Sequence[tuple[Debt, Change]], at: datetime) -> Message:
    """Return what is temporary or by hand and still there, each with *Done*."""
    if not debts:
        return said("Nothing is temporary. `/change payments: pool to 40 until 18:00` logs something that is.")
    rows = [section(one_line(debt, change, at), button("Done", DONE, str(change.id))) for debt, change in debts[:40]]
    more = [section(f"… and {len(debts) - 40} more")] if len(debts) > 40 else []
    return message(f"Temporary, or by hand: {len(debts)}", [header("Temporary, or by hand"), *rows, *more])


def one_line(debt: Debt, change: Change, at: datetime) -> str:
    """Return what is still there as a line: what, since when, until when, whose, how to go back."""
    back = f"back: {line(change.revert, 80)}" if change.revert else "no way back is written down"
    until = state(debt, at) if debt.until else f"⏳ by hand, no end ({line(debt.owner, 60)})"
    return joined([f"#{change.id} {_what(change)}", ago(debt.since), until, back])


def _what(change: Change) -> str:
    where = f" ({line(change.environment, 40)})" if change.environment else ""
    return f"*{line(change.service, 60)}*{where} {line(change.summary, 150)}"
