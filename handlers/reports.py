"""Reads the numbers of a period: one answer for the digest, `/metrics`, the API and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from handlers.recall import facts_then, has_heard_since
from models.delivery import Numbers, measure
from models.periods import Window, previous
from models.store import Store
from models.topology import Topology

HISTORY: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose numbers: `name` is what people call it; `services` are canonical names, `None` for all there are.

    `environment` narrows to the rollouts that reached one production environment.
    """

    name: str
    services: tuple[str, ...] | None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The numbers of a window, of the calendar period before it, and of the last periods (oldest first, now last)."""

    scope: Scope
    window: Window
    as_of: datetime
    now: Numbers
    previous: Numbers
    history: tuple[Numbers, ...]


async def read_report(store: Store, scope: Scope, window: Window, as_of: datetime, *, periods: int = HISTORY) -> Report:
    """Return the numbers as they stand at `as_of`, with a history of so many periods."""
    windows = _and_before(window, max(periods, 2))
    place = scope.services, scope.environment, windows[0].start, window.end
    if await has_heard_since(store, as_of):
        facts = await facts_then(store, *place, as_of)
    else:
        facts = await store.rollouts.facts(*place)
    numbers = measure(windows, facts, as_of)
    return Report(
        scope=scope,
        window=window,
        as_of=as_of,
        now=numbers[-1],
        previous=numbers[-2],
        history=tuple(numbers[-periods:]),
    )


def as_json(numbers: Numbers) -> dict[str, Any]:
    """Return the numbers as plain JSON values, under the names of their fields."""
    plain = {f.name: getattr(numbers, f.name) for f in fields(numbers)}
    plain["first"], plain["last"] = numbers.first.isoformat(), numbers.last.isoformat()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def scope_named(topology: Topology, words: Sequence[str]) -> Scope | None:
    """Return the scope that a name means: a bridge, a service, or a team (`owner`), in this order; else `None`."""
    name = " ".join(words)
    if bridge := topology.bridge_named(name):
        return Scope(name=bridge.name, services=bridge.services)
    if service := topology.service_named(name):
        return Scope(name=service.name, services=(service.name,))
    owned = tuple(s.name for s in topology.services if s.owner and s.owner.casefold() == name.strip().casefold())
    return Scope(name=name.strip(), services=owned) if owned else None


def _and_before(window: Window, periods: int) -> list[Window]:
    windows = [window]
    while len(windows) < periods:
        windows.append(previous(windows[-1]))
    return windows[::-1]
