"""Rolls the members of a deployment up into the one that is counted: its finish, its failure, its lead times."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from models.attribution import Member
from models.delivery import Rollout
from models.words import Remedy

# What is counted once, by (service, key); and a commit: (sha, when it was written, whether it is a merge).
Unit: TypeAlias = tuple[str, str]
Brought: TypeAlias = tuple[str, datetime | None, bool]


_NO_REWORK: Final = frozenset({None, Remedy.NONE})


@dataclass(frozen=True, slots=True)
class Charge:
    """Something held against a member: by an incident or a remedy, and when that was over (`None`: not yet)."""

    deploy_id: int
    by_incident: bool
    over_at: datetime | None


def roll_up(
    members: Collection[Member],
    charges: Iterable[Charge],
    leads: tuple[tuple[str, float], ...] | None,
) -> Rollout:
    """Return the deployment that these members are counted as. There is at least one, all of one unit."""
    ordered = sorted(members, key=lambda m: m.order) if len(members) > 1 else list(members)
    last = ordered[-1]
    finishes = {m.id: m.finished_at for m in members}
    held = [c for c in charges if c.deploy_id in finishes]
    remedies = {m.remedy for m in members}
    return Rollout(
        service=last.service,
        name=last.shown_name,
        environments=tuple(dict.fromkeys([m.environment for m in ordered])),
        finished_at=last.finished_at,
        is_rollback=Remedy.ROLLBACK in remedies,
        is_rework=not remedies <= _NO_REWORK,
        failed_at=min([finishes[c.deploy_id] for c in held], default=None),
        recovered_at=_recovered(held),
        leads=leads,
    )


def _recovered(charges: Collection[Charge]) -> datetime | None:
    """Return the end of its last incident, once all have ended; without any, of the last deployment that fixed it."""
    if not charges:
        return None
    incidents = [c.over_at for c in charges if c.by_incident]
    ends = incidents or [c.over_at for c in charges]
    known = [at for at in ends if at is not None]
    return max(known) if known and len(known) == len(ends) else None


def count_units(
    members: Iterable[Member],
    charges: Collection[Charge],
    brought: Mapping[int, Collection[Brought]],
) -> dict[tuple[str, str], Rollout]:
    """Return the deployments, by (service, key), that members are counted as; `brought` by ledger number.

    A commit belongs to the first deployment of its service that brought it: all that did must be among the members.
    """
    units: dict[Unit, list[Member]] = {}
    for member in members:
        units.setdefault(member.unit, []).append(member)
    finishes = {unit: max(m.finished_at for m in group) for unit, group in units.items()}
    first = _first_to_bring(units, finishes, brought)
    by_deploy: dict[int, list[Charge]] = {}
    for charge in charges:
        by_deploy.setdefault(charge.deploy_id, []).append(charge)
    return {
        unit: roll_up(
            group,
            [c for m in group for c in by_deploy.get(m.id, ())],
            _leads(unit, group, finishes[unit], brought, first),
        )
        for unit, group in units.items()
    }


def _first_to_bring(
    units: Mapping[tuple[str, str], Collection[Member]],
    finishes: Mapping[tuple[str, str], datetime],
    brought: Mapping[int, Collection[Brought]],
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return, for each (service, sha), the deployment that brought it first."""
    first: dict[tuple[str, str], tuple[datetime, str, tuple[str, str]]] = {}
    for unit, group in units.items():
        # Of two that finished at one instant the name decides, never the order of arrival.
        place = finishes[unit], min(f"{m.source} {m.shown_name}" for m in group), unit
        for sha in {sha for m in group for sha, _, _ in brought.get(m.id, ())}:
            known = first.get((unit[0], sha))
            first[unit[0], sha] = min(known, place) if known else place
    return {key: unit for key, (_, _, unit) in first.items()}


def _leads(
    unit: tuple[str, str],
    group: Collection[Member],
    finished_at: datetime,
    brought: Mapping[int, Collection[Brought]],
    first: Mapping[tuple[str, str], tuple[str, str]],
) -> tuple[tuple[str, float], ...] | None:
    """Return the lead times of the commits that a deployment was first to bring; merges count for nothing."""
    if not any(m.commits_known for m in group):
        return None
    commits = {sha: (at, is_merge) for m in group for sha, at, is_merge in brought.get(m.id, ())}
    return tuple(
        (sha, (finished_at - written_at).total_seconds())
        for sha, (written_at, is_merge) in sorted(commits.items())
        if written_at is not None and not is_merge and first[unit[0], sha] == unit
    )
