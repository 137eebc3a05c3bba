"""Recalls what was known at a past instant: what arrived later is left out, and attribution is done without it.

A record that changed since is taken as it was (see `handlers.revisions`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.errors import Forgotten
from models.attribution import INFERRED_WITHIN, Blame, Member, Suspicion
from models.delivery import Facts, IncidentFact
from models.history import attribute_all
from models.store import Store
from models.store.revisions import Then


async def has_learnt_since(store: Store, as_of: datetime) -> bool:
    """Say whether a sender or a person told anything after an instant: only then the memory is another one."""
    if any(sender.last_received_at > as_of for sender in await store.sources.all()):
        return True
    return await store.revisions.any_since(as_of)


async def facts_then(
    store: Store,
    services: tuple[str, ...] | None,
    environment: str | None,
    start: datetime,
    end: datetime,
    as_of: datetime,
    within: timedelta = INFERRED_WITHIN,
) -> Facts:
    """Return the facts as they were known at `as_of`. Reads the whole history, so it is for a person who asks.

    `within` is how long a deployment stays suspect.

    Raises:
        Forgotten: what was known then is not kept any more.
    """
    since = await store.revisions.horizon()
    if since is not None and as_of < since:
        raise Forgotten(since)
    then = await store.revisions.at(as_of)
    facts = await store.rollouts.facts(services, environment, start, end, as_of, received_by=as_of)
    members = _members_then(await store.lanes.everyone(as_of), then, as_of)
    suspicions = [_suspicion_then(s, then, as_of) for s in await store.blames.everyone(as_of)]
    brought = await store.lanes.brought([m.id for m in members if m.commits_known])
    found = attribute_all(members, suspicions, brought, within)
    by_id = {m.id: m for m in members}
    rollouts = [
        r
        for r in found.rollouts.values()
        if (services is None or r.service in services) and (environment is None or environment in r.environments)
    ]
    incidents = [
        replace(_fact_then(i, then), blame=_in_words(found.incidents.get(i.id), by_id)) for i in facts.incidents
    ]
    return replace(facts, rollouts=rollouts, incidents=incidents)


def _members_then(now: Iterable[Member], then: Then, as_of: datetime) -> list[Member]:
    """Return what counted: what counts now and is not known otherwise, and what counted before it changed."""
    same = [m for m in now if m.id not in then.deploys]
    other = [m for m in then.deploys.values() if m is not None and m.received_at <= as_of]
    return [m for m in (*same, *other) if m.finished_at <= as_of]


def _suspicion_then(now: Suspicion, then: Then, as_of: datetime) -> Suspicion:
    was = then.incidents[now.id].was if now.id in then.incidents else now
    return replace(was, resolved_at=was.resolved_at if was.resolved_at and was.resolved_at <= as_of else None)


def _fact_then(now: IncidentFact, then: Then) -> IncidentFact:
    revision = then.incidents.get(now.id)
    if revision is None:
        return now
    return replace(
        now,
        services=revision.was.services,
        started_at=revision.was.started_at,
        acknowledged_at=revision.acknowledged_at,
        resolved_at=revision.was.resolved_at,
    )


def _in_words(blame: Blame | None, members: dict[int, Member]) -> str | None:
    if blame is None:
        return None
    return f"{blame.reason.value}:{','.join(sorted({members[i].shown_name for i in blame.deploy_ids}))}"
