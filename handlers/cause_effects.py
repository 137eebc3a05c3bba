"""Says what a person's word did to the change fail rate: of which service, in which week, from what to what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers import places
from models.attribution import Member
from models.delivery import measure
from models.periods import Window, window_at
from models.records import Incident
from models.store import Store
from models.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A change fail rate of one week before and after, as (failed, of); `is_now` where the week still runs."""

    service: str
    window: Window
    is_now: bool
    before: tuple[int, int]
    after: tuple[int, int]

    @property
    def week(self) -> str:
        """Return which week, as it is said."""
        return "this week" if self.is_now else f"in the week of {self.window.first.isoformat()}"


@dataclass(frozen=True, slots=True)
class Rates:
    """The change fail rate, as (failed, of), of some services in some weeks."""

    at: datetime
    known: Mapping[tuple[str, Window], tuple[int, int]]

    @classmethod
    async def read(cls, store: Store, places: Iterable[tuple[str, Window]], at: datetime) -> "Rates":
        """Return the rates of these services in these weeks."""
        return cls(at, {place: await _rate(store, *place, at) for place in dict.fromkeys(places)})

    @classmethod
    async def again(cls, store: Store, before: "Rates", at: datetime) -> "Rates":
        """Return the same rates anew."""
        return await cls.read(store, before.known, at)

    def compared_with(self, after: "Rates") -> list[Effect]:
        """Return what moved; where nothing did, the first that did not."""
        effects = [
            Effect(service=service, window=window, is_now=self.at < window.end, before=was, after=after.known[key])
            for key, was in self.known.items()
            for service, window in [key]
        ]
        return [e for e in effects if e.before != e.after] or effects[:1]


async def read_rates(
    store: Store, topology: Topology, incident: Incident, deploys: Iterable[Member], at: datetime
) -> Rates:
    """Return the rates that may move: of the week in which each deployment finished, and of this one."""
    services = dict.fromkeys([*(m.service for m in deploys), *incident.services])
    found = [(m.service, _week(topology, m.service, m.finished_at)) for m in deploys]
    found += [(service, _week(topology, service, at)) for service in services]
    return await Rates.read(store, found, at)


def _week(topology: Topology, service: str, at: datetime) -> Window:
    return window_at(at, "week", places.timezone_of(topology, topology.bridges_for([service])))


async def _rate(store: Store, service: str, window: Window, at: datetime) -> tuple[int, int]:
    facts = await store.rollouts.facts([service], None, window.start, window.end, at)
    numbers = measure([window], facts, at)[0]
    return numbers.cfr_failed or 0, numbers.cfr_denominator or 0
