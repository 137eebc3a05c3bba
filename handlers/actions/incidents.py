"""An incident's buttons and forms: move it, take its command, say how it goes, note something, open one."""

from collections.abc import Callable
from typing import Final

from handlers.acting import By
from handlers.actions import Actions, Handler, Outcome, Press
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_edits import Update, add_note, post_update, set_severity
from handlers.incident_groups import group_of
from handlers.incident_merges import unmerge
from handlers.incident_moves import Move, Opening, move, open_incident
from handlers.incident_roles import assign
from handlers.instants import read_length, read_past
from handlers.places import zone_of
from handlers.points import add_point
from handlers.views import Modal, incident_answers, incident_forms, incidents, modals, points
from handlers.wording import service_named
from models.people import Person
from models.points import Marked, PointKind
from models.records import Incident
from models.response import LEAD
from models.words import Severity

_MOVES: Final[tuple[Move, ...]] = ("acknowledge", "mitigate", "resolve")


def _moving(what: Move) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        """The card and its thread say it to everybody; nothing more is said to the person."""
        await move(ctx, _number(press.value), what, press.by)
        return Outcome()

    return press_button


def _asking(form: Callable[[Context, Incident, str], Modal]) -> Handler:
    async def press_button(ctx: Context, press: Press) -> Outcome:
        """Open a form about an incident."""
        async with ctx.reading() as store:
            leader = (await group_of(store, _number(press.value)))[0]
        return Outcome(modal=form(ctx, leader, press.channel_id or ""))

    return press_button


async def _take_command(ctx: Context, press: Press) -> Outcome:
    me = Person(user_id=press.user_id, name=press.user_name, handle=press.user_name)
    await assign(ctx, _number(press.value), LEAD, me, press.by)
    return Outcome()


async def _unmerge(ctx: Context, press: Press) -> Outcome:
    leader, rest = await unmerge(ctx, _number(press.value), press.by)
    return Outcome(message=incident_answers.parted(leader, rest))


async def _submit_note(ctx: Context, press: Press) -> Outcome:
    words = str(press.fields.get("note") or "")
    if not words.strip():
        return Outcome(errors={"note": "Say something."})
    kind, number = press.fields.get("kind"), _carried_number(press)
    if kind not in set(PointKind):
        await add_note(ctx, number, words, press.by)
        return Outcome()
    owner, check = press.fields.get("owner"), str(press.fields.get("check") or "").strip()
    marked = Marked(kind=PointKind(kind), text=words.strip(), who=f"<@{owner}>" if owner else "", check=check or None)
    return Outcome(message=points.added(await add_point(ctx, number, marked, press.by)))


async def _submit_update(ctx: Context, press: Press) -> Outcome:
    """Each part that says something new is done, the severity first; what is so already is left."""
    words = str(press.fields.get("update") or "")
    if not words.strip():
        return Outcome(errors={"update": "Say what is new."})
    number, what, rated = _carried_number(press), press.fields.get("move"), press.fields.get("severity")
    async with ctx.reading() as store:
        leader = (await group_of(store, number))[0]
    if rated in set(Severity) and leader.severity != rated:
        await set_severity(ctx, number, Severity(rated), press.by)
    await post_update(ctx, number, Update(words, read_length(str(press.fields.get("next") or ""))), press.by)
    moves = [one for one in _MOVES if one == what]
    for one in moves:
        await _move_if_new(ctx, number, one, press.by)
    return Outcome()


async def _move_if_new(ctx: Context, number: int, what: Move, by: By) -> None:
    try:
        await move(ctx, number, what, by)
    except UserError:
        # Somebody was faster: it is in that state, which is all that was wanted.
        return


async def _submit_open(ctx: Context, press: Press) -> Outcome:
    title = " ".join(str(press.fields.get("title") or "").split())
    if not title:
        return Outcome(errors={"title": "Say in a sentence what is wrong."})
    try:
        service = service_named(str(press.fields.get("service") or ""), ctx.topology)
    except UserError as error:
        return Outcome(errors={"service": str(error)})
    since = str(press.fields.get("since") or "").strip()
    felt = read_past(since, press.at, await zone_of(ctx, press.user_id)) if since else None
    if since and (felt is None or felt > press.at):
        return Outcome(errors={"since": "Write an instant that is past, such as “20m ago” or “09:40”."})
    severity = press.fields.get("severity")
    opening = Opening(
        services=(service.name,),
        title=title,
        severity=Severity(severity) if severity in set(Severity) else None,
        impact_at=felt,
        is_test=press.fields.get("test") == "test",
    )
    return Outcome(message=incident_answers.opened(await open_incident(ctx, opening, press.by)))


def _carried_number(press: Press) -> int:
    return _number(modals.metadata(press.value).get("incident", ""))


def _number(value: str) -> int:
    if not value.isdigit():
        raise UserError("That button is of an older version; use `/incident` instead.")
    return int(value)


def _note_form(_ctx: Context, incident: Incident, channel_id: str) -> Modal:
    return incident_forms.note(incident, channel_id=channel_id)


def _update_form(ctx: Context, incident: Incident, channel_id: str) -> Modal:
    return incident_forms.update(incident, ctx.topology.response, channel_id=channel_id)


ACTIONS: Final = Actions(
    buttons={
        incidents.ACKNOWLEDGE: _moving("acknowledge"),
        incidents.MITIGATE: _moving("mitigate"),
        incidents.RESOLVE: _moving("resolve"),
        incidents.REOPEN: _moving("reopen"),
        incidents.CLOSE: _moving("close"),
        incidents.NOTE: _asking(_note_form),
        incidents.UPDATE: _asking(_update_form),
        incidents.COMMAND: _take_command,
        incidents.UNMERGE: _unmerge,
    },
    modals={
        incident_forms.NOTE: _submit_note,
        incident_forms.OPEN: _submit_open,
        incident_forms.UPDATE: _submit_update,
    },
)
