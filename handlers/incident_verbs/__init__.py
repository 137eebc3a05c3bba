"""What `/incident` can do: one function for each verb, by topic."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.incident_verbs import after, edit, look, moves, people

Verb: TypeAlias = Callable[[Context, Invocation, str, str], Awaitable[Reply]]

VERBS: Final[Mapping[str, Verb]] = {
    "open": moves.declare,
    "update": edit.update,
    "severity": edit.severity,
    "ack": moves.move_it,
    "mitigate": moves.move_it,
    "resolve": moves.move_it,
    "reopen": moves.move_it,
    "close": moves.move_it,
    "merge": moves.merge_it,
    "unmerge": moves.unmerge_it,
    "promote": moves.promote_it,
    "assign": people.assign_role,
    "unassign": people.take_role,
    "page": people.page_people,
    "note": edit.note,
    "snooze": edit.snooze_it,
    "title": edit.title,
    "impact": edit.impact,
    "cause": edit.cause,
    "timeline": look.timeline,
    "list": look.list_them,
    "show": look.show,
    "mine": look.mine,
    "handoff": after.hand_over,
    "action": after.action,
    "actions": after.actions,
    "done": after.finish,
    "export": after.export,
}
