"""Finds what incidents may be held against: what ran last before them, what landed while they were open."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from models.attribution import Blame, Member, Suspicion
from models.store.base import Noun
from models.store.blames import DEPLOY, Blames
from models.store.lanes import Lanes
from models.store.of_many import OfMany


class Suspects(Noun):
    """Deployments and incidents that may have to do with each other."""

    async def latest_before(self, suspicions: Collection[Suspicion]) -> dict[int, list[Member]]:
        """Return, by incident, the last deployment of each of its services that was live where it started."""
        begun = _begun(suspicions)
        rows = await self._ask_each(_LATEST_BEFORE, [(service, s.environment, s.started_at) for s, service in begun])
        latest = [(s.id, number) for (s, _), ((number,),) in zip(begun, rows, strict=True)]
        members = await Lanes(self._connection).members([number for _, number in latest])
        found: dict[int, list[Member]] = {}
        for incident, number in latest:
            if number in members:
                found.setdefault(incident, []).append(members[number])
        return found

    async def landed_within(self, suspicions: Collection[Suspicion]) -> dict[int, list[tuple[Member, Blame]]]:
        """Return, by incident, the remedies that landed in its services while it was open, with what they blame."""
        begun = _begun(suspicions)
        rows = await self._ask_each(_LANDED_WITHIN, [(service, s.started_at, s.resolved_at) for s, service in begun])
        landed = {(s.id, number) for (s, _), each in zip(begun, rows, strict=True) for (number,) in each}
        numbers = {number for _, number in landed}
        members = await Lanes(self._connection).members(numbers)
        blames = await Blames(self._connection).of(DEPLOY, numbers)
        found: dict[int, list[tuple[Member, Blame]]] = {}
        for incident, number in landed:
            if number in blames:
                found.setdefault(incident, []).append((members[number], blames[number]))
        return found

    async def open_between(self, spans: Sequence[tuple[str, datetime, datetime]]) -> set[int]:
        """Return the incidents that were open at some time in one of these (service, start, end)."""
        found = [*await self._ask_each(_ENDED_SINCE, spans), *await self._ask_each(_OPEN_STILL, spans)]
        return {number for each in found for (number,) in each}


def _begun(suspicions: Collection[Suspicion]) -> list[tuple[Suspicion, str]]:
    """Return incidents of which it is known when they started, with each of their services."""
    return [(s, service) for s in suspicions if s.started_at for service in s.services]


_LIVE: Final = "m.type = 'deploy' AND m.tier = 'production' AND m.deploy_status = 'succeeded'"
# `at` is when a finished deployment finished; the second order decides as `Member.order` does.
_LATEST_BEFORE: Final = OfMany(
    (("service", "text"), ("environment", "text"), ("at", "timestamptz")),
    f"""SELECT k.n,
    (SELECT m.id FROM ledger m
     WHERE {_LIVE} AND m.service = k.service AND m.at <= k.at
       AND (k.environment IS NULL OR m.environment = k.environment)
     ORDER BY m.at DESC, m.source DESC, m.external_id DESC LIMIT 1)
    FROM k""",  # noqa: S608  # our own words, here and below
)
_SPAN: Final = (("service", "text"), ("since", "timestamptz"), ("until", "timestamptz"))
_LANDED_WITHIN: Final = OfMany(
    _SPAN,
    f"""SELECT k.n, m.id FROM k CROSS JOIN ledger m
    WHERE {_LIVE} AND m.remedy <> 'none' AND m.service = k.service
      AND m.finished_at >= k.since AND (k.until IS NULL OR m.finished_at <= k.until)""",  # noqa: S608
)
# The instants there are the incident's own, null while it is open. Two questions: where one reads `k` twice, SQLite
# makes a filter of the whole history first.
_BEGUN_BY: Final = """SELECT k.n, s.incident_id FROM k CROSS JOIN incident_services s
    WHERE s.service = k.service AND s.started_at <= k.until AND s.resolved_at"""
_ENDED_SINCE: Final = OfMany(_SPAN, f"{_BEGUN_BY} >= k.since")
_OPEN_STILL: Final = OfMany(_SPAN, f"{_BEGUN_BY} IS NULL")
