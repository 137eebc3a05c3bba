"""Finds which commits a deployment brought, where its sender does not list them: those pushed since what ran before."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from handlers.attribution import Near, Touched, as_member, counts
from models.attribution import Member
from models.records import Deploy
from models.reports import CommitReport
from models.store import Store
from models.store.lanes import Place
from models.topology import Topology


async def find_ranges(store: Store, topology: Topology, touched: Touched, pushed: Sequence[CommitReport]) -> None:
    """Fill in what deployments brought, as far as it is known by now, and note them as touched.

    Looks at the successful deployments to production of this batch, at the next ones after them (which may now have
    something before them), and at those that may have waited for what was just pushed.
    """
    waiting = {d.id: (before, d) for before, d in touched.deploys if _is_waiting(d)}
    if not (waiting or pushed):
        return
    live = [m for _, d in touched.deploys if (m := as_member(d))]
    near = Near(store, {}, touched.around)
    around = await near.neighbours([Place.of(m) for m in live])
    later = await near.members({n.after for n in around} - waiting.keys())
    others = [m.id for m in later.values() if not m.commits_known and m.sha]
    next_ones = [d for i in others if (d := await store.deploys.get(i))]
    for deploy in [*next_ones, *await _waiting_for(store, topology, pushed)]:
        if _is_waiting(deploy):
            waiting.setdefault(deploy.id, (deploy, deploy))
    found = await _ranges(near, [d for _, d in waiting.values()])
    if not found:
        return
    await store.commits.set_ranges(found)
    known = {i: (before, replace(d, commits_known=True)) for i, (before, d) in waiting.items() if i in found}
    touched.deploys = [pair for pair in touched.deploys if pair[1].id not in known] + list(known.values())
    touched.shas.update(sha for commits in found.values() for _, sha in commits)


async def _waiting_for(store: Store, topology: Topology, pushed: Sequence[CommitReport]) -> list[Deploy]:
    """Return the deployments that a push may close the way to: none of them ended before it was written."""
    written = [c.authored_at or c.committed_at for c in pushed if c.previous_sha]
    services = {s.name for c in pushed if c.previous_sha and (s := topology.service_named(c.repository))}
    since = min((at for at in written if at), default=None)
    return await store.deploys.without_range(services, since) if since and services else []


def _is_waiting(deploy: Deploy) -> bool:
    is_known = deploy.commits_known or deploy.sha is None or deploy.repository is None
    return not is_known and counts(deploy)


async def _ranges(near: Near, deploys: Iterable[Deploy]) -> dict[int, list[tuple[str, str]]]:
    members = [(d, m) for d in deploys if (m := as_member(d))]
    around = await near.neighbours([Place.of(m) for _, m in members])
    before = await near.members({n.before for n in around})
    # One look for all, so that a deployment whose push nobody told of costs no look of its own.
    told = await near.store.lanes.known_commits({(d.repository, d.sha) for d, _ in members if d.repository and d.sha})
    found: dict[int, list[tuple[str, str]]] = {}
    for (deploy, _), n in zip(members, around, strict=True):
        ran = before.get(n.before or 0)
        is_same = ran is not None and ran.sha == deploy.sha
        if not is_same and (deploy.repository, deploy.sha) not in told:
            continue
        commits = await _between(near.store, ran, deploy)
        if commits is not None:
            found[deploy.id] = commits
    return found


async def _between(store: Store, before: Member | None, deploy: Deploy) -> list[tuple[str, str]] | None:
    """Return the commits from what ran before up to a deployment; none where the same ran before."""
    if before is None or before.sha is None or deploy.sha is None or deploy.repository is None:
        return None
    return [] if before.sha == deploy.sha else await store.commits.range(deploy.repository, before.sha, deploy.sha)
