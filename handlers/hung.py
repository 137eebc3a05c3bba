"""Deployments that started and never ended: unknown after three times their usual duration, said once on both sides."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.context import Context
from handlers.routing import CARD, Notice, hung_part
from handlers.where_said import card_channels
from models.hung import AT_LEAST, patience, usual_duration
from models.records import Deploy
from models.store import Store
from models.store.deploys import deploy_key
from models.topology import Topology
from models.words import DeployStatus

_LOOKED_BACK: int = 60


async def tend_hung(ctx: Context, at: datetime) -> None:
    """Say of deployments without an end that nobody knows what became of them."""
    async with ctx.reading() as store:
        running = await store.deploys.running_since(at - AT_LEAST)
        late = {deploy_key(d): usual for d in running if (usual := await _overdue(store, ctx.topology, d, at))}
    if not late:
        return
    async with ctx.transaction() as store:
        # Locked and read again: its end may have come meanwhile, or another process may have been here.
        found = await store.deploys.by_keys(late.keys())
        hung = [replace(d, status=DeployStatus.UNKNOWN, status_at=at) for d in found.values() if _is_running(d)]
        await store.deploys.save_many(hung)
        notices = [n for d in hung for n in await _notices(store, d, late[deploy_key(d)])]
        await store.outbox.notify(notices, at)
    ctx.wake_outbox()


async def _overdue(store: Store, topology: Topology, deploy: Deploy, at: datetime) -> timedelta | None:
    """Return how long a deployment usually takes, where it has taken much longer."""
    latest = await store.deploys.recent(
        services=[deploy.service], environment=deploy.environment, until=at, limit=_LOOKED_BACK
    )
    usual = usual_duration(latest, topology.usual_deploy)
    return usual if at - (deploy.started_at or deploy.status_at) > patience(usual) else None


def _is_running(deploy: Deploy) -> bool:
    return deploy.status is DeployStatus.STARTED


async def _notices(store: Store, deploy: Deploy, usual: timedelta) -> list[Notice]:
    """Return the card and the reply that says it, where the deployment was told of; a history stays silent."""
    subject = f"deploy:{deploy.id}"
    params = {"usual": str(round(usual.total_seconds()))}
    return [
        Notice(subject=subject, part=part, channel=channel, side=side, params=params)
        for channel, side in (await card_channels(store, subject)).items()
        for part in (CARD, hung_part(deploy.status_at))
    ]
