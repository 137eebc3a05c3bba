"""Recalls what was known at a past instant: what arrived later is left out, and attribution is done without it."""

from dataclasses import replace
from datetime import datetime

from models.attribution import INFERRED_WITHIN, Blame, Member
from models.delivery import Facts
from models.history import attribute_all
from models.store import Store


async def has_heard_since(store: Store, as_of: datetime) -> bool:
    """Say whether any sender was heard after an instant: only then the memory differs from what it was."""
    return any(sender.last_received_at > as_of for sender in await store.sources.all())


async def facts_then(
    store: Store,
    services: tuple[str, ...] | None,
    environment: str | None,
    start: datetime,
    end: datetime,
    as_of: datetime,
) -> Facts:
    """Return the facts as they were known at `as_of`. Reads the whole history, so it is for a person who asks.

    A record that arrived before and was changed after is taken as it is now; its instants after `as_of` do not count.
    """
    facts = await store.rollouts.facts(services, environment, start, end, as_of, received_by=as_of)
    members = [m for m in await store.lanes.everyone(as_of) if m.finished_at <= as_of]
    suspicions = [
        replace(s, resolved_at=s.resolved_at if s.resolved_at and s.resolved_at <= as_of else None)
        for s in await store.blames.everyone(as_of)
    ]
    brought = await store.lanes.brought([m.id for m in members])
    found = attribute_all(members, suspicions, brought, INFERRED_WITHIN)
    by_id = {m.id: m for m in members}
    rollouts = [
        r
        for r in found.rollouts.values()
        if (services is None or r.service in services) and (environment is None or environment in r.environments)
    ]
    incidents = [replace(i, blame=_in_words(found.incidents.get(i.id), by_id)) for i in facts.incidents]
    return replace(facts, rollouts=rollouts, incidents=incidents)


def _in_words(blame: Blame | None, members: dict[int, Member]) -> str | None:
    if blame is None:
        return None
    return f"{blame.reason.value}:{','.join(sorted({members[i].shown_name for i in blame.deploy_ids}))}"
