"""What is said of deploys and of small changes."""

from typing import Final

from handlers.debts import EXPIRED
from handlers.incident_shown import owner_of, runbook_of
from handlers.oncall import around
from handlers.routing import CARD, HUNG, LOUD
from handlers.speakers import Row, Speakers, elsewhere
from handlers.suspects import suspected_of
from handlers.views import Message, changes, debts, deploys, freezes
from models.debts import Debt
from models.records import Change, Deploy
from models.store import Store
from models.words import DeployStatus


async def _deploy(row: Row) -> Message | None:
    deploy = await row.store.deploys.get(int(row.name))
    if deploy and row.part == f"{LOUD}frozen":
        frozen = (await row.store.freezes.marks([deploy.id])).get(deploy.id)
        return freezes.during(deploy, *frozen, row.side) if frozen else None
    view = {CARD: deploys.card, "details": deploys.details, "failed": deploys.failed}.get(row.part)
    is_hung = row.part.startswith(f"{HUNG}:")
    if deploy is None or (view is None and not is_hung):
        return None
    if is_hung:
        usual = row.params.get("usual")
        before = await _last_good(row.store, deploy)
        return deploys.hung(deploy, row.side, usual_s=float(usual) if usual else None, previous=before)
    commits = await row.store.commits.of(deploy.id)
    previous = await _last_good(row.store, deploy)
    runbook = runbook_of(row.topology, (deploy.service,))
    if row.part == CARD:
        over = await elsewhere(row)
        suspected, claims = await suspected_of(row.store, deploy)
        frozen = (await row.store.freezes.marks([deploy.id])).get(deploy.id)
        return deploys.card(
            deploy,
            row.side,
            commits=commits,
            previous=previous,
            runbook=runbook,
            elsewhere=over,
            suspected=suspected,
            claims=claims,
            frozen=freezes.mark(*frozen) if frozen else None,
            soak=await row.store.soaks.get(deploy.id),
            around=await around(row.store, row.topology, deploy.service, row.at),
            owner=owner_of(row.topology, deploy.service),
        )
    assert view is not None
    return view(deploy, row.side, commits=commits, previous=previous, runbook=runbook)


async def _last_good(store: Store, deploy: Deploy) -> Deploy | None:
    """Return the last deployment before this one, of its service and environment, that one may go back to.

    It succeeded, and nothing is held against it.
    """
    before = deploy.finished_at or deploy.latest_at
    recent = await store.deploys.recent(
        services=[deploy.service], environment=deploy.environment, until=before, limit=20
    )
    succeeded = [d for d in recent if d.id != deploy.id and d.status is DeployStatus.SUCCEEDED]
    bad = {held.deploy_id for held in await store.blames.against([d.id for d in succeeded])}
    return next((d for d in succeeded if d.id not in bad), None)


async def _change(row: Row) -> Message | None:
    change = await row.store.changes.get(int(row.name))
    if change is None:
        return None
    debt = await row.store.debts.get(change.id)
    if row.part.startswith(f"{EXPIRED}:"):
        return await _expired(row, change, debt)
    return changes.card(
        change,
        row.side,
        at=row.at,
        undo_until=change.received_at + row.topology.undo_window,
        runbook=runbook_of(row.topology, (change.service,)),
        elsewhere=await elsewhere(row),
        debt=debt,
    )


async def _expired(row: Row, change: Change, debt: Debt | None) -> Message | None:
    """Return the reminder of a change that should be gone; one that is needed no more and was never said is nothing."""
    if debt is None:
        return None
    is_due = debt.is_late(row.at) and row.part == f"{EXPIRED}:{debt.until:%Y%m%dT%H%M%S}"
    was_said = any(m.part == row.part for m in await row.store.messages.of_subject(row.subject))
    return debts.ended(change, debt, row.at) if is_due or was_said else None


SPEAKERS: Final[Speakers] = {
    "deploy": _deploy,
    "change": _change,
}
