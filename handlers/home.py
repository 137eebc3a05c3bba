"""The app's home of one person: what waits for them, gathered when they look."""

from datetime import datetime
from typing import Final

from handlers.context import Context
from handlers.debts import debts_of
from handlers.handoff_brief import services_of
from handlers.oncall import everybody, is_called, person_of, rota, who
from handlers.shift_handoffs import BACKUP, LEAD_ASKED
from handlers.views import Message
from handlers.views import home as views
from models.handoffs import Handoff, HandoffState
from models.oncall import HORIZON, OnCallSchedule
from models.people import Person
from models.store import Store

_RECENT: Final = 6


async def publish(ctx: Context, user_id: str, at: datetime, said: Message | None = None) -> None:
    """Show a person their home as it is now; `said` is the answer to what they just pressed there."""
    people = await everybody(ctx)
    me = next((p for p in people if p.user_id == user_id), None) or Person(user_id=user_id, name=user_id, handle="")
    async with ctx.reading() as store:
        waiting = await _gathered(store, ctx, me, people, at)
    await ctx.messenger.publish_home(user_id, views.home(waiting, at, said))


async def _gathered(store: Store, ctx: Context, me: Person, people: list[Person], at: datetime) -> views.Waiting:
    held = await store.responses.held_by(me.user_id)
    known = await store.incidents.by_numbers({holder.incident_id for holder in held})
    mine = [s for s in ctx.topology.schedules if any(is_called(me, member) for member in s.members)]
    handoffs = [
        h
        for h in await store.oncall.open_handoffs()
        if h.state is HandoffState.WAITING and any(is_called(me, name) for name in _asked(ctx, h))
    ]
    services = {name for schedule in mine for name in services_of(ctx.topology, schedule)}
    services |= {s.name for s in ctx.topology.services if s.owner and is_called(me, s.owner)}
    subjects = [f"incident:{i.leader_id or i.id}" for i in known.values()]
    return views.Waiting(
        on_call=[await _duty(store, schedule, me, people, at) for schedule in ctx.topology.schedules],
        handoffs=handoffs,
        offers=[
            (offer, incident)
            for offer in await store.oncall.offers_to(me.user_id)
            if (incident := await store.incidents.get(offer.incident_id))
        ],
        incidents=[(h.role, known[h.incident_id]) for h in held if known[h.incident_id].is_open],
        links=await store.messages.links(subjects) if subjects else {},
        items=await store.responses.items(owner_id=me.user_id),
        freezes=[f for f in await store.freezes.standing(at) if f.owner_id == me.user_id],
        debts=[one for one in await debts_of(store) if one[0].owner_id == me.user_id or one[1].service in services],
        deploys=await store.deploys.recent(services=sorted(services), limit=_RECENT) if services else [],
        changes=await store.changes.recent(services=sorted(services), limit=_RECENT) if services else [],
    )


def _asked(ctx: Context, handoff: Handoff) -> list[str]:
    """Return who has been asked so far to take a shift over."""
    schedule = ctx.topology.schedule_named(handoff.schedule)
    backup = [schedule.backup] if schedule and schedule.backup and handoff.step >= BACKUP else []
    lead = [schedule.lead] if schedule and schedule.lead and handoff.step >= LEAD_ASKED else []
    return [handoff.incoming, *backup, *lead]


async def _duty(store: Store, schedule: OnCallSchedule, me: Person, people: list[Person], at: datetime) -> views.Duty:
    now = await who(store, schedule, at)
    ahead = await rota(store, schedule, at, at + HORIZON)
    following = next((s for s in ahead if s.start > at and is_called(me, s.person)), None)
    person = person_of(now.person, people) if now else None
    return views.Duty(
        schedule=schedule.name,
        person=(person.name if person else now.person) if now else None,
        is_me=bool(now and is_called(me, now.person)),
        until=now.until if now else None,
        waits_for=now.handoff.incoming if now and now.handoff else None,
        mine_from=following.start if following else None,
        mine_until=following.end if following else None,
    )
