"""Which deployment a failure is held against: the rules, first match wins, each with its named reason.

1. explicit: a person or a tool named it (`caused_by`, `fixes`).
2. rollback: the version ran before in this lane and is not the one that ran immediately before; the first deployment
   after the one returned to failed.
3. remediation: a declared hotfix or rollback without a link blames the deployment immediately before it.
4. remediation: an incident without a link that is open when such a remedy lands is held against what that blames.
5. inferred: an incident without a link is held against the latest deployment of its lane within 24 hours before it.

A lane is a service in an environment. Everything here looks at successful deployments to production, ordered by when
they finished; a list may be incomplete as long as it holds the neighbours that the rules look at.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from models.words import BlameReason, Cause, DeployKind, Remedy

INFERRED_WITHIN: Final = timedelta(hours=24)

Lane: TypeAlias = tuple[str, str]
_NUMBERED: Final = "deploy:"


def numbered(deploy_id: int) -> str:
    """Return the name that a person's word gives a deployment: no sender's id is like it."""
    return f"{_NUMBERED}{deploy_id}"


def number_of(name: str) -> int | None:
    """Return the ledger number that such a name holds; `None` where it is a sender's."""
    digits = name.removeprefix(_NUMBERED)
    return int(digits) if digits != name and digits.isdecimal() else None


@dataclass(slots=True, kw_only=True)
class Member:
    """One successful deployment to production, as attribution sees it.

    Not frozen, for speed alone: only who judges it (`handlers.attribution`) writes down what it put right.

    `id` is its ledger number, `version` what ran (its sha, where the sender names no version), `remedy` what it was
    found to have put right (`None`: not judged yet).
    """

    id: int
    source: str
    name: str
    service: str
    environment: str
    finished_at: datetime
    received_at: datetime
    version: str | None = None
    sha: str | None = None
    rollout_id: str | None = None
    kind: DeployKind | None = None
    fixes: tuple[str, ...] = ()
    commits_known: bool = False
    remedy: Remedy | None = None

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Its place among others: two that finished at one instant stand by name, not by arrival."""
        return self.finished_at, self.source, self.name

    @property
    def lane(self) -> Lane:
        """Where it ran."""
        return self.service, self.environment

    @property
    def shown_name(self) -> str:
        """What people know it by: its rollout, else its sender's id."""
        return self.rollout_id or self.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every name by which it can be blamed, apart from the commits it brought."""
        return tuple(dict.fromkeys(n for n in (self.name, self.rollout_id, self.sha, numbered(self.id)) if n))

    @property
    def unit(self) -> tuple[str, str]:
        """The (service, key) of the deployment it is counted in."""
        return self.service, f"rollout:{self.rollout_id}" if self.rollout_id else f"#{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """An incident, as attribution sees it. `resolved_at` is `None` while it is open.

    `is_ruled`: a person said what caused it. `cleared` are the deployments that a person said are not the cause.
    """

    id: int
    services: tuple[str, ...]
    environment: str | None
    started_at: datetime | None
    resolved_at: datetime | None
    cause: Cause | None
    caused_by: tuple[str, ...]
    is_ruled: bool = False
    cleared: frozenset[int] = frozenset()
    is_counted: bool = True

    def touches(self, member: Member) -> bool:
        """Say whether a deployment ran where this incident was."""
        return member.service in self.services and self.environment in (None, member.environment)


@dataclass(frozen=True, slots=True)
class Blame:
    """What is blamed, and by which rule."""

    reason: BlameReason
    deploy_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a deployment put right, and what it blames for that."""

    remedy: Remedy
    blame: Blame | None = None


# Who answers to a name: deployments by every name they have, commits included.
Named: TypeAlias = Mapping[str, Collection[Member]]


def judge(member: Member, lane: Iterable[Member], named: Named) -> Verdict:
    """Say what a deployment put right. `lane` holds it, the one before it, and where its version last ran before."""
    place = member.order
    earlier = [m for m in lane if m.lane == member.lane and m.order < place]
    if len(earlier) > 1:
        earlier.sort(key=lambda m: m.order)
    returned_to = _returned_to(member, earlier)
    remedy = _remedy(member, has_returned=returned_to is not None)
    if explicit := _explicit(member.fixes, named, member.service, member.environment, but_not=member):
        return Verdict(remedy, explicit)
    if returned_to is not None:
        return Verdict(remedy, Blame(BlameReason.ROLLBACK, (earlier[returned_to + 1].id,)))
    if member.kind in (DeployKind.HOTFIX, DeployKind.ROLLBACK) and earlier and not member.fixes:
        return Verdict(remedy, Blame(BlameReason.REMEDIATION, (earlier[-1].id,)))
    return Verdict(remedy)


def _remedy(member: Member, *, has_returned: bool) -> Remedy:
    if has_returned or member.kind is DeployKind.ROLLBACK:
        return Remedy.ROLLBACK
    if member.kind is DeployKind.HOTFIX:
        return Remedy.HOTFIX
    return Remedy.FIX if member.fixes else Remedy.NONE


def _returned_to(member: Member, earlier: Sequence[Member]) -> int | None:
    """Return the place of the deployment whose version came back; `None` where none did, or it is running already."""
    if not member.version or not earlier or earlier[-1].version == member.version:
        return None
    return next((n for n in range(len(earlier) - 1, -1, -1) if earlier[n].version == member.version), None)


def hold_against(
    suspicion: Suspicion,
    *,
    named: Named,
    before: Iterable[Member],
    remedies: Iterable[tuple[Member, Blame]],
    within: timedelta = INFERRED_WITHIN,
) -> Blame | None:
    """Say which deployment an incident is held against; `None`: it touches no change metric.

    `before` holds the latest deployments up to its start, `remedies` those that landed while it was open, each with
    what it blames. A cause outside the deployments (external, capacity) rules out everything but an explicit link, and
    so does a person's word. What a person cleared is blamed by nothing but a person, and nothing else in its place.
    """
    if not suspicion.is_counted:
        return None
    found = _suspect(suspicion, named, before, remedies, within)
    is_cleared = found and not suspicion.is_ruled and suspicion.cleared.intersection(found.deploy_ids)
    return None if is_cleared else found


def _suspect(
    suspicion: Suspicion,
    named: Named,
    before: Iterable[Member],
    remedies: Iterable[tuple[Member, Blame]],
    within: timedelta,
) -> Blame | None:
    if suspicion.caused_by:
        return _explicit(suspicion.caused_by, named, suspicion.services, suspicion.environment)
    is_outside = suspicion.is_ruled or suspicion.cause in (Cause.EXTERNAL, Cause.CAPACITY)
    if is_outside or suspicion.started_at is None:
        return None
    landed = sorted((r for r in remedies if _is_landing(r[0], suspicion)), key=lambda r: r[0].order)
    if landed:
        return Blame(BlameReason.REMEDIATION, landed[0][1].deploy_ids)
    return _inferred(suspicion, suspicion.started_at, before, within)


def _is_landing(member: Member, suspicion: Suspicion) -> bool:
    started, resolved = suspicion.started_at, suspicion.resolved_at
    is_open = started is not None and started <= member.finished_at <= (resolved or member.finished_at)
    return is_open and suspicion.touches(member)


def _inferred(suspicion: Suspicion, started: datetime, before: Iterable[Member], within: timedelta) -> Blame | None:
    """Blame what ran last; a rollback cannot fail this way, as what runs after it was good before."""
    reached = [m for m in before if suspicion.touches(m) and m.finished_at <= started]
    latest = max(reached, key=lambda m: m.order, default=None)
    if latest is None or latest.remedy is Remedy.ROLLBACK or started > latest.finished_at + within:
        return None
    return Blame(BlameReason.INFERRED, (latest.id,))


def _explicit(
    names: Sequence[str],
    named: Named,
    services: str | Collection[str],
    environment: str | None,
    *,
    but_not: Member | None = None,
) -> Blame | None:
    """Return who answers to the names given: nearest first (same service, same environment), one for each name."""
    wanted = {services} if isinstance(services, str) else set(services)
    found: dict[int, None] = {}
    for name in names:
        answering = [m for m in named.get(name, ()) if but_not is None or m.unit != but_not.unit]
        nearest = min(
            answering,
            key=lambda m: (m.service not in wanted, environment is not None and m.environment != environment, m.order),
            default=None,
        )
        if nearest:
            found[nearest.id] = None
    return Blame(BlameReason.EXPLICIT, tuple(found)) if found else None
