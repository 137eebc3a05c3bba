"""The one place where people write down what they work on in an incident, and how that ended.

Each is a note on the timeline too; the brief of who takes the command over is made of what is open.
"""

from dataclasses import replace

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_groups import Deed, locked_group, open_group, tell
from handlers.instants import read_coming
from handlers.people import person_named
from handlers.places import zone_of
from handlers.views import points as views
from models.points import OUTCOMES, Marked, Point, PointKind, Settled, instant_in
from models.store import Store
from models.words import EntryKind


async def add_point(ctx: Context, number: int, marked: Marked, by: By) -> Point:
    """Write down a point of an incident, with its owner and what is looked at next.

    Raises:
        UserError: there is no such incident, it is closed, or nobody is called as its owner is.
    """
    owner = await person_named(ctx, marked.who, by) if marked.who else None
    when = instant_in(marked.check) if marked.check else None
    check_at = read_coming(when, by.at, await zone_of(ctx, by.user_id)) if when else None
    async with ctx.transaction() as store:
        group = await open_group(store, number, "add to")
        if not await store.seen.first_time("point", by.request_id, by.at):
            raise UserError(f"That is written down already; `/incident show INC-{group[0].id}` has it.")
        point = Point(
            incident_id=group[0].id,
            kind=marked.kind,
            text=marked.text[:1000],
            owner=owner.name if owner else by.name,
            owner_id=owner.user_id if owner else by.user_id,
            check=marked.check[:300] if marked.check else None,
            check_at=check_at,
            created_by=by.name,
            created_at=by.at,
        )
        if marked.outcome:
            point = replace(point, outcome=marked.outcome, ended_at=by.at, ended_by=by.name)
        stored = replace(point, id=await store.points.add(point))
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text=views.as_note(stored)), by)
    ctx.wake_outbox()
    return stored


async def settle_point(ctx: Context, settled: Settled, by: By) -> Point:
    """Say how a point ended. Of two people the first one says it.

    Raises:
        UserError: there is no such point, it is settled already (says by whom), it cannot end so, or the evidence is
            missing.
    """
    async with ctx.transaction() as store:
        point = await open_point(store, settled.number, lock=True)
        if settled.outcome not in OUTCOMES[point.kind]:
            fits = " or ".join(f"`P{point.id} {one}: …`" for one in OUTCOMES[point.kind])
            raise UserError(f"P{point.id} is a {views.NAMES[point.kind]}: say {fits}.")
        if settled.outcome in OUTCOMES[PointKind.HYPOTHESIS] and not settled.why:
            example = f"`/incident note P{point.id} {settled.outcome}: the heap is flat since 02:10`"
            raise UserError(f"By what evidence? Who reads it next was not there: {example}")
        group = await locked_group(store, point.incident_id)
        ended = replace(
            point, outcome=settled.outcome, why=settled.why[:1000] or None, ended_at=by.at, ended_by=by.name
        )
        await store.points.save(ended)
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text=views.as_note(ended)), by)
    ctx.wake_outbox()
    return ended


async def open_point(store: Store, number: int, *, lock: bool = False) -> Point:
    """Return a point that nobody has settled, locked where wanted.

    Raises:
        UserError: there is none, or it is settled, and by whom.
    """
    point = await store.points.get(number, lock=lock)
    if point is None:
        raise UserError(f"There is no point P{number}; `/incident show INC-12` lists those of an incident.")
    if not point.is_open:
        raise UserError(f"P{number} is {point.outcome} already, by {point.ended_by}.")
    return point
