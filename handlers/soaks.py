"""Soak: deployments begin it, the clock ends it, people verify, watch and hand over what is unverified."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from handlers.acting import By
from handlers.causes import held_open
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, Notice
from handlers.where_said import card_channels
from models.records import Deploy
from models.soak import Soak, SoakState, settled, soak_of
from models.store import Store
from models.topology import Topology


async def begin_soaks(store: Store, topology: Topology, succeeded: Iterable[Deploy], at: datetime) -> list[Notice]:
    """Begin the soak of deployments that just succeeded; each ends those before it in its place.

    Returns the cards that say something else now. What was deployed long ago (a history, say) is not soaked.
    """
    deploys = list(succeeded)
    lengths = {place: topology.soak_for(*place) for place in {(d.service, d.environment) for d in deploys}}
    new = [s for d in deploys if (s := soak_of(d, lengths[d.service, d.environment], at))]
    if not new:
        return []
    await store.soaks.add_many(new)
    notices: list[Notice] = []
    for place in {(s.service, s.environment) for s in new}:
        there = [s for s in await store.soaks.open([place[0]], lock=True) if s.environment == place[1]]
        latest = max(there, key=lambda s: (s.since, s.deploy_id), default=None)
        for old in there:
            if latest and old is not latest:
                # What was suspected stays so: the next deployment is how it was mended.
                state = old.state if old.state is SoakState.SUSPECTED else SoakState.REPLACED
                await store.soaks.save(replace(old, state=state, ended_at=latest.since, replaced_by=latest.deploy_id))
                notices += await soak_notices(store, old)
    return notices


async def tend_soaks(ctx: Context, at: datetime) -> None:
    """End the soaks whose time is over, suspect those that something is held against, clear those no longer held."""
    async with ctx.transaction() as store:
        soaks = await store.soaks.open(lock=True)
        held = {h.deploy_id for h in await store.blames.against([s.deploy_id for s in soaks])} if soaks else set()
        notices: list[Notice] = []
        for soak in soaks:
            now = settled(soak, at, is_held=soak.deploy_id in held)
            if now != soak:
                await store.soaks.save(now)
                notices += await soak_notices(store, now)
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


async def verify(ctx: Context, deploy_id: int, by: By) -> Soak:
    """Say that a deployment is good before its soak is over; who and when is kept.

    Raises:
        UserError: it has no soak, it is over already, or an open incident is held against it.
    """
    async with ctx.transaction() as store:
        soak = await _open(store, deploy_id)
        if held := await held_open(store, [deploy_id]):
            number = held[0].leader_id or held[0].id
            raise UserError(
                f"INC-{number} is open and held against #{deploy_id}. If that is wrong, say so first: "
                f"`/incident cause INC-{number} external`, or *Not mine* on the deploy's message."
            )
        done = replace(soak, state=SoakState.VERIFIED, ended_at=by.at, ended_by=by.name, ended_by_id=by.user_id)
        await store.soaks.save(done)
        await store.outbox.notify(await soak_notices(store, done), by.at)
    ctx.wake_outbox()
    return done


async def watch(ctx: Context, deploy_id: int, by: By) -> Soak:
    """Become the one who watches a deployment until it is verified.

    Raises:
        UserError: it has no soak, it is over already, or the person watches it already.
    """
    async with ctx.transaction() as store:
        soak = await _open(store, deploy_id)
        if soak.watcher == by.name and soak.watcher_id == by.user_id:
            raise UserError(f"You are watching #{deploy_id} already.")
        mine = await give_watch(store, soak, by.name, by.user_id, by.at)
    ctx.wake_outbox()
    return mine


async def give_watch(store: Store, soak: Soak, watcher: str, watcher_id: str | None, at: datetime) -> Soak:
    """Write who watches an unverified deployment from now on, and say so on its cards."""
    given = replace(soak, watcher=watcher, watcher_id=watcher_id)
    await store.soaks.save(given)
    await store.outbox.notify(await soak_notices(store, given), at)
    return given


async def soak_notices(store: Store, soak: Soak) -> list[Notice]:
    """Return the cards of a soak's deployment, where they were or will be posted."""
    subject = f"deploy:{soak.deploy_id}"
    return [
        Notice(subject=subject, part=CARD, channel=channel, side=side)
        for channel, side in (await card_channels(store, subject)).items()
    ]


async def _open(store: Store, deploy_id: int) -> Soak:
    soak = await store.soaks.get(deploy_id, lock=True)
    if soak is None:
        raise UserError(f"#{deploy_id} is not in soak. `/deploys` shows what is unverified.")
    if soak.replaced_by:
        raise UserError(f"#{deploy_id} was replaced by #{soak.replaced_by}: that is what runs now.")
    if not soak.is_open:
        raise UserError(f"#{deploy_id} is verified already, by {soak.ended_by or 'the time that passed'}.")
    return soak
