"""Writes a history into the memory: all of it, or nothing where something is wrong. Slack hears nothing of the past."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from handlers.bookkeeping import Told, book
from handlers.imports import Item, Wrong
from handlers.ports import AtOnce
from models.reports import DeployReport, IncidentReport
from models.store import Store
from models.topology import DEFAULT_ENVIRONMENTS, Environment, Service, Topology
from models.words import Tier

# Half as many write 1.4 times as much to disk; twice as many hold up a bot that runs meanwhile for half a second.
_BATCH: Final = 1_000
_MOST_WRONG: Final = 20


@dataclass(slots=True)
class Checked:
    """What a file holds: how many events, what is wrong with it (the first ones), and names that no table knows."""

    events: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    wrong_count: int = 0
    unknown: dict[str, dict[str, Tier | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """What became of a history: how many events were taken, and of how many of them all was known."""

    events: int = 0
    known: int = 0


def check(items: Iterable[Item | Wrong], topology: Topology) -> Checked:
    """Read a file through without writing."""
    found = Checked()
    for item in items:
        if isinstance(item, Wrong):
            found.wrong_count += 1
            if len(found.wrong) < _MOST_WRONG:
                found.wrong.append(item)
        else:
            found.events += 1
            _note_unknown(item, topology, found.unknown)
    return found


def _note_unknown(item: Item, topology: Topology, unknown: dict[str, dict[str, Tier | None]]) -> None:
    report = item.report
    names = report.services if isinstance(report, IncidentReport) else (report.service,)
    for name in names:
        service = topology.service_named(name)
        if service is None:
            unknown.setdefault(name, {})
        if isinstance(report, DeployReport) and (
            service is None or topology.environment_named(service, report.environment) is None
        ):
            tier = report.tier if isinstance(report.tier, Tier) else None
            environments = unknown.setdefault(name if service is None else service.name, {})
            environments[report.environment] = tier or environments.get(report.environment)


def is_known(item: Item, topology: Topology) -> bool:
    """Say whether the configuration has a place for an event."""
    unknown: dict[str, dict[str, Tier | None]] = {}
    _note_unknown(item, topology, unknown)
    return not unknown


def as_named(topology: Topology, unknown: dict[str, dict[str, Tier | None]]) -> Topology:
    """Return a configuration that also knows these services and environments, under the names they came with.

    An environment whose tier no event says has the tier of the usual one of its name, else it is no production.
    """
    services = {service.name: service for service in topology.services}
    for name, environments in unknown.items():
        known = services.get(name) or Service(name=name)
        usual = {alias: e.tier for e in DEFAULT_ENVIRONMENTS for alias in (e.name, *e.aliases)}
        added = tuple(
            Environment(name=environment, tier=tier or usual.get(environment.casefold(), Tier.DEVELOPMENT))
            for environment, tier in environments.items()
            if known.environment_named(environment) is None
        )
        services[name] = replace(known, environments=(*known.environments, *added))
    return replace(topology, services=tuple(services.values()))


async def write(
    at_once: AtOnce, topology: Topology, items: Iterable[Item], at: datetime, told: Callable[[int], None]
) -> Imported:
    """Write events whose names the configuration knows, some thousand in one transaction.

    `at` is now. `told` hears after each transaction how many it held.
    """
    imported = Imported()
    for batch in _batches(items):
        reports = [Told(0, item.source, item.received_at, item.report) for item in batch]

        async def work(store: Store, reports: list[Told] = reports) -> None:
            booked = await book(store, topology, reports, heard_at=at)
            arrivals = [told.received_at for told in reports]
            await store.sources.recall(min(arrivals), max(arrivals))
            imported.known += booked.repeated + booked.unchanged

        await at_once(work)
        imported.events += len(batch)
        told(len(batch))
    return imported


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
