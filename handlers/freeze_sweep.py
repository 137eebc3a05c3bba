"""What happens to freezes by the clock and by deploys: windows come and go, ends are said, deploys are marked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handlers.context import Context
from handlers.freezes import AHEAD, BEGUN, END_PARTS, ENDED, freeze_notices, gate_notices
from handlers.routing import CARD, LOUD, SIDES, Notice
from models.freezes import Freeze
from models.records import Deploy
from models.store import Store
from models.topology import Topology
from models.words import DeployStatus, Tier


async def tend(ctx: Context, at: datetime, windows: Sequence[Freeze]) -> None:
    """Store the windows that come, take back those that no longer do, and say what began and what ended."""
    async with ctx.transaction() as store:
        await _keep_windows(store, at, windows)
        notices: list[Notice] = []
        for one in await store.freezes.untold(at):
            is_over = not one.stands(at)
            parts = END_PARTS if is_over else (CARD, f"{LOUD}begun") if one.told == AHEAD else (CARD,)
            # One that came and went while the bot was down is not worth a message.
            if not (is_over and one.told == ""):
                notices += freeze_notices(one, ctx.topology, parts)
                notices += await gate_notices(store, ctx.topology, one)
            await store.freezes.save(replace(one, told=ENDED if is_over else BEGUN))
        for one in await store.freezes.standing(at):
            notices += await _incident_over(store, ctx.topology, one, at)
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


async def _keep_windows(store: Store, at: datetime, windows: Sequence[Freeze]) -> None:
    wanted = {window.key for window in windows}
    for window in windows:
        await store.freezes.add(window)
    for one in await store.freezes.standing(at):
        if one.key.startswith("window:") and one.since > at and one.key not in wanted:
            await store.freezes.save(replace(one, lifted_at=at, lifted_by="the configuration", told=ENDED))


async def _incident_over(store: Store, topology: Topology, one: Freeze, at: datetime) -> list[Notice]:
    """Ask whether a freeze is still needed once the incident that it was for is resolved."""
    if one.incident_id is None or not one.stands(at):
        return []
    incident = await store.incidents.get(one.incident_id)
    if incident is None or incident.is_open or not await store.seen.first_time("freeze-over", str(one.id), at):
        return []
    return freeze_notices(one, topology, ["over"])


async def mark_deploys(store: Store, topology: Topology, began: Sequence[Deploy], at: datetime) -> list[Notice]:
    """Mark the deploys that began during a freeze, use up the passes that let them, and say so on both sides."""
    starts = {d.id: d.started_at or d.finished_at or d.status_at for d in began if d.status is not DeployStatus.QUEUED}
    if not starts:
        return []
    freezes = await store.freezes.between(min(starts.values()), max(starts.values()))
    passes = await store.freezes.passes(at) if freezes else []
    notices: list[Notice] = []
    for deploy in began:
        start = starts.get(deploy.id)
        over = next((f for f in freezes if start and f.stands(start) and _is_about(f, deploy)), None)
        if over is None:
            continue
        used = next((p for p in passes if p.lets(deploy.service, deploy.environment, p.holder)), None)
        if not await store.freezes.mark(deploy.id, over.id, used.id if used else None):
            continue
        notices += [
            Notice(subject=f"deploy:{deploy.id}", part=f"{LOUD}frozen", channel=bridge.channel(side), side=side)
            for bridge in topology.bridges_for((deploy.service,))
            for side in SIDES
        ]
        if used:
            passes.remove(used)
            await store.freezes.save_pass(replace(used, used_at=at, deploy_id=deploy.id))
            notices += freeze_notices(over, topology, [CARD, f"pass:{used.id}"])
    return notices


def _is_about(one: Freeze, deploy: Deploy) -> bool:
    return one.covers(deploy.service, deploy.environment, is_production=deploy.tier is Tier.PRODUCTION)
