"""Commits, and which deployments brought them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, literal, select, update

from models.records import Commit
from models.reports import CommitReport
from models.store.base import Noun, in_slices, record_fields, row_of, table_of, to_record
from models.store.inserts import Upsert, unless_there
from models.store.prepared import Prepared
from models.tables import CommitRow, DeployCommitRow, LedgerRow

_LEDGER = table_of(LedgerRow)
_COMMITS = table_of(CommitRow)
_DEPLOY_COMMITS = table_of(DeployCommitRow)
_COLUMNS = record_fields(Commit, renamed={})
_GIVEN, _VALUES = row_of(_COLUMNS)
_LINKED = ("deploy_id", "sha", "repository", "position")
_BROUGHT = _DEPLOY_COMMITS.join(
    _COMMITS, (_COMMITS.c.repository == _DEPLOY_COMMITS.c.repository) & (_COMMITS.c.sha == _DEPLOY_COMMITS.c.sha)
)
_LONGEST_RANGE: Final = 2_000


class Commits(Noun):
    """Commits that senders told of."""

    async def add(self, commits: Collection[CommitReport]) -> None:
        """Remember commits; what was known stays, what was missing is filled."""
        rows = {(c.repository, c.sha): _VALUES(c) for c in commits}
        await self._insert_rows(_COMMITS, _GIVEN, list(rows.values()), _filling_gaps)

    async def link(self, links: Iterable[tuple[int, Iterable[tuple[str, str]]]]) -> None:
        """Record which commits, (repository, sha) pairs in order, each deployment (by ledger number) brought."""
        rows = [
            (deploy_id, sha, repository, position)
            for deploy_id, commits in links
            for position, (repository, sha) in enumerate(commits)
        ]
        await self._insert_rows(_DEPLOY_COMMITS, _LINKED, rows, unless_there)

    async def range(self, repository: str, base: str, head: str) -> list[tuple[str, str]] | None:
        """Return the (repository, sha) pairs after `base` up to `head`, oldest first; `None`: the way is not known."""
        rows = await self._ask(_RANGE, repository=repository, head=head, base=base)
        found: list[tuple[str, str]] = []
        for row in rows:
            found.append((repository, row.sha))
            if row.previous_sha == base:
                return found[::-1]
        return None

    async def set_ranges(self, ranges: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        """Record what deployments (by ledger number) were found to have brought."""
        await self.link(ranges.items())
        for part in in_slices(ranges):
            known = update(_LEDGER).where(_LEDGER.c.id.in_(part)).values(commits_known=True)
            await self._connection.execute(known)

    async def of(self, deploy_id: int) -> list[Commit]:
        """Return the commits a deployment brought, in its sender's order; else the one commit it names, if known."""
        query = (
            select(_COMMITS)
            .select_from(_BROUGHT)
            .where(_DEPLOY_COMMITS.c.deploy_id == deploy_id)
            .order_by(_DEPLOY_COMMITS.c.position)
        )
        listed = [to_record(Commit, row, _COLUMNS) for row in await self._connection.execute(query)]
        return listed or await self._head(deploy_id)

    async def among(self, deploy_ids: Collection[int], shas: Collection[str]) -> dict[str, Commit]:
        """Return what is known of some commits that these deployments brought, by sha."""
        found: dict[str, Commit] = {}
        for part in in_slices(shas, 1_000):
            query = select(_COMMITS).select_from(_BROUGHT).where(_DEPLOY_COMMITS.c.sha.in_(part))
            rows = await self._connection.execute(query.where(_DEPLOY_COMMITS.c.deploy_id.in_(list(deploy_ids))))
            found.update((row.sha, to_record(Commit, row, _COLUMNS)) for row in rows)
        return found

    async def _head(self, deploy_id: int) -> list[Commit]:
        same = (_COMMITS.c.sha == _LEDGER.c.sha) & (_COMMITS.c.repository == _LEDGER.c.repository)
        query = select(_COMMITS).select_from(_LEDGER.join(_COMMITS, same)).where(_LEDGER.c.id == deploy_id)
        return [to_record(Commit, row, _COLUMNS) for row in await self._connection.execute(query)]


def _filling_gaps(statement: Upsert) -> Any:
    names = ("authored_at", "committed_at", "author", "message", "pr", "previous_sha")
    filled: dict[str, Any] = {n: func.coalesce(_COMMITS.c[n], statement.excluded[n]) for n in names}
    filled["is_merge"] = _COMMITS.c.is_merge | statement.excluded.is_merge
    return statement.on_conflict_do_update(index_elements=["repository", "sha"], set_=filled)


def _range() -> Select[Any]:
    """Return the way back from one commit, as far as it is known, to `base` or for some thousand steps."""
    first = select(_COMMITS.c.sha, _COMMITS.c.previous_sha, literal(0).label("step")).where(
        _COMMITS.c.repository == bindparam("repository"), _COMMITS.c.sha == bindparam("head")
    )
    way = first.cte("way", recursive=True)
    onward = select(_COMMITS.c.sha, _COMMITS.c.previous_sha, way.c.step + 1).where(
        _COMMITS.c.repository == bindparam("repository"),
        _COMMITS.c.sha == way.c.previous_sha,
        way.c.previous_sha != bindparam("base"),
        way.c.step < _LONGEST_RANGE,
    )
    way = way.union_all(onward)
    return select(way.c.sha, way.c.previous_sha).order_by(way.c.step)


_RANGE = Prepared(_range())
