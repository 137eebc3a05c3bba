"""Looks at lanes: what ran before and after, who answers to a name, what is held against what."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select, text, update
from sqlalchemy import bindparam as bind

from models.attribution import Member, number_of
from models.rollouts import Brought
from models.store.base import Noun, in_slices, record_fields, table_of, to_record
from models.store.of_many import OfMany
from models.store.prepared import Prepared
from models.tables import (
    CommitRow,
    DeployCommitRow,
    LedgerRow,
)
from models.words import Remedy

_LEDGER = table_of(LedgerRow)
_COMMITS = table_of(CommitRow)
_DEPLOY_COMMITS = table_of(DeployCommitRow)

_COLUMNS = record_fields(Member, renamed={"name": "external_id", "kind": "deploy_kind", "version": "ran"})
# In so many words, not as parameters: an index over a part of a table is used only where a query says that part.
LIVE = text("ledger.type = 'deploy' AND ledger.tier = 'production' AND ledger.deploy_status = 'succeeded'")
REMEDIED = text("ledger.remedy <> 'none'")


class Place(NamedTuple):
    """A place in a lane: an instant, the name that decides between two at one instant, and a version to look for."""

    service: str
    environment: str
    finished_at: datetime
    source: str
    name: str
    version: str | None

    @classmethod
    def of(cls, member: Member, version: str | None = None) -> "Place":
        """Return where a deployment stands; `version` to look for another one's."""
        return cls(
            member.service,
            member.environment,
            member.finished_at,
            member.source,
            member.name,
            version or member.version,
        )


class Neighbours(NamedTuple):
    """The ledger numbers around a place: the one before and after, and the same of those with its version."""

    before: int | None
    after: int | None
    same_before: int | None
    same_after: int | None


class Lanes(Noun):
    """Successful deployments to production, by service and environment."""

    async def members(self, ids: Collection[int | None]) -> dict[int, Member]:
        """Return those of these ledger numbers that are successful deployments to production."""
        found: dict[int, Member] = {}
        for part in in_slices({i for i in ids if i is not None}):
            rows = await self._ask(_BY_IDS, ids=list(part))
            found.update((m.id, m) for m in map(to_member, rows))
        return found

    async def neighbours(self, places: Sequence[Place]) -> list[Neighbours]:
        """Return what stands around each place of a lane, the place itself left out."""
        return [Neighbours(*numbers) for (numbers,) in await self._ask_each(_AROUND, places)]

    async def again_after(self, places: Sequence[Place]) -> list[int | None]:
        """Return, for each place of a lane, the next ledger number with its version (`Neighbours.same_after`)."""
        return [number for ((number,),) in await self._ask_each(_AGAIN_AFTER, places)]

    async def unattributed(self, limit: int) -> list[int]:
        """Return ledger numbers of deployments that were never judged."""
        query = select(_LEDGER.c.id).where(LIVE, _LEDGER.c.remedy.is_(None)).order_by(_LEDGER.c.id).limit(limit)
        return list((await self._connection.execute(query)).scalars())

    async def everyone(self, received_by: datetime) -> list[Member]:
        """Return every deployment that had arrived by an instant. Reads the whole history."""
        rows = await self._connection.execute(live_members().where(_LEDGER.c.received_at <= received_by))
        return [to_member(row) for row in rows]

    async def of_units(self, units: Collection[tuple[str, str]]) -> list[Member]:
        """Return the members of deployments given by (service, key)."""
        rollouts = {key.removeprefix("rollout:") for _, key in units if key.startswith("rollout:")}
        ids = {int(key[1:]) for _, key in units if key.startswith("#")}
        found = list((await self.members(ids)).values())
        for part in in_slices(rollouts):
            rows = await self._connection.execute(live_members().where(_LEDGER.c.rollout_id.in_(part)))
            found += map(to_member, rows)
        return [m for m in found if m.unit in units]

    async def named(self, names: Collection[str]) -> dict[str, list[Member]]:
        """Return the deployments that answer to each name: sender's id, rollout, sha, or a commit they brought."""
        found: dict[str, dict[int, Member]] = {}
        numbers = {number: name for name in names if (number := number_of(name)) is not None}
        for number, member in (await self.members(numbers)).items():
            found[numbers[number]] = {number: member}
        for part in map(set, in_slices(set(names) - set(numbers.values()), 1_000)):
            for column in (_LEDGER.c.external_id, _LEDGER.c.rollout_id, _LEDGER.c.sha):
                rows = await self._connection.execute(live_members().where(column.in_(part)))
                for member in map(to_member, rows):
                    for name in part.intersection(member.names):
                        found.setdefault(name, {})[member.id] = member
            brought = select(_DEPLOY_COMMITS.c.sha, _DEPLOY_COMMITS.c.deploy_id).where(_DEPLOY_COMMITS.c.sha.in_(part))
            pairs = [(row.sha, row.deploy_id) for row in await self._connection.execute(brought)]
            bringing = await self.members([deploy_id for _, deploy_id in pairs])
            for sha, deploy_id in pairs:
                if deploy_id in bringing:
                    found.setdefault(sha, {})[deploy_id] = bringing[deploy_id]
        return {name: list(members.values()) for name, members in found.items()}

    async def latest(self, services: Collection[str], until: datetime, limit: int) -> list[Member]:
        """Return the last deployments of services up to an instant, newest first."""
        query = live_members().where(_LEDGER.c.service.in_(list(services)), _LEDGER.c.finished_at <= until)
        rows = await self._connection.execute(query.order_by(_LEDGER.c.finished_at.desc()).limit(limit))
        return [to_member(row) for row in rows]

    async def with_sha(self, start: str) -> list[Member]:
        """Return the deployments of commits that begin like this, or that brought such a commit."""
        end = f"{start[:-1]}{chr(ord(start[-1]) + 1)}"
        head = live_members().where(_LEDGER.c.sha >= start, _LEDGER.c.sha < end).limit(100)
        found = {m.id: m for m in map(to_member, await self._connection.execute(head))}
        brought = select(_DEPLOY_COMMITS.c.deploy_id)
        brought = brought.where(_DEPLOY_COMMITS.c.sha >= start, _DEPLOY_COMMITS.c.sha < end).limit(100)
        return list((found | await self.members((await self._connection.execute(brought)).scalars().all())).values())

    async def set_remedies(self, remedies: dict[int, Remedy]) -> None:
        """Write down what deployments were found to have put right."""
        by_remedy: dict[Remedy, list[int]] = {}
        for number, remedy in remedies.items():
            by_remedy.setdefault(remedy, []).append(number)
        for remedy, numbers in by_remedy.items():
            for part in in_slices(numbers):
                await self._do(_SET_REMEDY, ids=list(part), found=remedy)

    async def brought(self, deploy_ids: Collection[int]) -> dict[int, list[Brought]]:
        """Return the commits that deployments list, each with when it was written."""
        found: dict[int, list[Brought]] = {}
        for part in in_slices(deploy_ids):
            for row in await self._ask(_BROUGHT, ids=list(part)):
                commit = row.sha, row.authored_at or row.committed_at, row.is_merge
                found.setdefault(row.deploy_id, []).append(commit)
        return found

    async def known_commits(self, commits: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of these commits, (repository, sha) pairs, that somebody told of."""
        found: set[tuple[str, str]] = set()
        for repository in {repository for repository, _ in commits}:
            for part in in_slices(sha for owner, sha in commits if owner == repository):
                rows = await self._ask(_KNOWN, repository=repository, shas=list(part))
                found.update((repository, row.sha) for row in rows)
        return found

    async def bringing(self, shas: Collection[str]) -> set[int]:
        """Return the ledger numbers of the deployments that list any of these commits."""
        found: set[int] = set()
        for part in in_slices(shas):
            found.update(row.deploy_id for row in await self._ask(_BRINGING, shas=list(part)))
        return found


def member_columns() -> list[Any]:
    """Return the columns that `to_member` reads."""
    return [_LEDGER.c[column] for column in _COLUMNS.values()]


def live_members() -> Select[Any]:
    """Return a query of the successful deployments to production."""
    return select(*member_columns()).where(LIVE)


def to_member(row: Any) -> Member:
    """Build a deployment as attribution sees it from its row."""
    return to_record(Member, row, _COLUMNS)


# Made once: making a statement takes longer than running it.
_BY_IDS = Prepared(live_members().where(_LEDGER.c.id.in_(bind("ids", expanding=True))))
_KNOWN = Prepared(
    select(_COMMITS.c.sha).where(
        _COMMITS.c.repository == bind("repository"), _COMMITS.c.sha.in_(bind("shas", expanding=True))
    )
)
_BRINGING = Prepared(select(_DEPLOY_COMMITS.c.deploy_id).where(_DEPLOY_COMMITS.c.sha.in_(bind("shas", expanding=True))))
_BROUGHT = Prepared(
    select(_DEPLOY_COMMITS, _COMMITS.c.authored_at, _COMMITS.c.committed_at, _COMMITS.c.is_merge)
    .join(_COMMITS, (_COMMITS.c.repository == _DEPLOY_COMMITS.c.repository) & (_COMMITS.c.sha == _DEPLOY_COMMITS.c.sha))
    .where(_DEPLOY_COMMITS.c.deploy_id.in_(bind("ids", expanding=True)))
    .order_by(_DEPLOY_COMMITS.c.deploy_id, _DEPLOY_COMMITS.c.position)
)
_SET_REMEDY = Prepared(
    update(_LEDGER).where(_LEDGER.c.id.in_(bind("ids", expanding=True))).values(remedy=bind("found"))
)

_NEIGHBOUR: Final = """
    (SELECT m.id FROM ledger m
     WHERE m.type = 'deploy' AND m.tier = 'production' AND m.deploy_status = 'succeeded'
       AND m.service = k.service AND m.environment = k.environment {and_version}
       AND (m.finished_at, m.source, m.external_id) {beyond} (k.finished_at, k.source, k.name)
     ORDER BY m.finished_at {way}, m.source {way}, m.external_id {way} LIMIT 1)
"""
# The fields of `Neighbours`.
_LOOKS: Final = tuple(
    _NEIGHBOUR.format(and_version=version, beyond=beyond, way=way)
    for version in ("", "AND m.ran = k.version")
    for beyond, way in (("<", "DESC"), (">", "ASC"))
)
_PLACE: Final = tuple(
    zip(Place._fields, ("text", "text", "timestamptz", "text", "text", "text"), strict=True),
)


def _looking(*looks: str) -> OfMany:
    """Return the question what stands around places: one row for each."""
    return OfMany(_PLACE, f"SELECT k.n, {', '.join(looks)} FROM k")  # noqa: S608  # our own words


_AROUND: Final = _looking(*_LOOKS)
_AGAIN_AFTER: Final = _looking(_LOOKS[-1])
