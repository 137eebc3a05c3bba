"""Reads the numbers of a period: one answer for the digest, `/metrics`, the API and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from handlers.recall import facts_then, has_learnt_since
from models.attribution import INFERRED_WITHIN
from models.delivery import Facts, Numbers, measure
from models.periods import Window, previous
from models.service_rows import ServiceRow
from models.sides import Between
from models.silence import Silence, silence_at
from models.store import Store
from models.topology import Topology

HISTORY: Final = 8
_COUNTS: Final = (
    "deploys",
    "deploys_per_day",
    "deploy_days",
    "deploys_by_day",
    "deploy_attempts_failed",
    "rollbacks",
    "failed_deploys",
    "cfr_failed",
    "cfr_denominator",
    "rework_deploys",
    "incidents_started",
    "incidents_open",
    "incidents_unattributed",
)
_COUNTS_OF_A_SERVICE: Final = ("deploys", "failed", "attempts_failed", "incidents")


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
    """The numbers of a window, of the calendar period before it, and of the last periods (oldest first, now last).

    `silence` is that of all senders, where they are in one. `facts` are what the numbers follow from, `between` the
    numbers between the two sides of the same periods, once `handlers.between` has read them.
    """

    scope: Scope
    window: Window
    as_of: datetime
    now: Numbers
    previous: Numbers
    history: tuple[Numbers, ...]
    facts: Facts = field(compare=False, repr=False)
    silence: Silence | None = None
    between: tuple[Between, ...] = ()


async def read_report(
    store: Store,
    scope: Scope,
    window: Window,
    as_of: datetime,
    *,
    within: timedelta = INFERRED_WITHIN,
) -> Report:
    """Return the numbers as they stand at `as_of`.

    `within` is how long a deployment stays suspect.

    Raises:
        Forgotten: what was known then is not kept any more.
    """
    windows = and_before(window)
    place = scope.services, scope.environment, windows[0].start, window.end, as_of
    if await has_learnt_since(store, as_of):
        facts = await facts_then(store, *place, within)
    else:
        facts = await store.rollouts.facts(*place)
    numbers = measure(windows, facts, as_of)
    return Report(
        scope=scope,
        window=window,
        as_of=as_of,
        now=numbers[-1],
        previous=numbers[-2],
        history=tuple(numbers),
        facts=facts,
    )


async def read_live_report(store: Store, scope: Scope, window: Window, at: datetime) -> Report:
    """Return the numbers as everybody is shown them now: a zero that nobody could have contradicted is unknown.

    Unlike `read_report` it never recalls an earlier state of the memory, so that its cost follows the window.
    """
    windows = and_before(window)
    facts = await store.rollouts.facts(scope.services, scope.environment, windows[0].start, window.end, at)
    silence = await read_silence(store, at)
    pairs = zip(measure(windows, facts, at), windows, strict=True)
    numbers = [as_heard(n, w, silence) for n, w in pairs]
    return Report(
        scope=scope,
        window=window,
        as_of=at,
        now=numbers[-1],
        previous=numbers[-2],
        history=tuple(numbers),
        facts=facts,
        silence=silence,
    )


async def read_silence(store: Store, at: datetime) -> Silence | None:
    """Return the silence that all senders are in at an instant; `None` while one of them is not silent."""
    return silence_at(await store.sources.all(), at)


def as_heard(numbers: Numbers, window: Window, silence: Silence | None) -> Numbers:
    """Return numbers in which a zero that nobody could have contradicted is unknown."""
    if silence is None or not silence.covers(window.start):
        return numbers
    silenced = tuple(name for name in _COUNTS if _is_zero(getattr(numbers, name)))
    unknown: dict[str, Any] = dict.fromkeys(silenced)
    return replace(numbers, **unknown, silenced=silenced, no_data=numbers.no_data or not numbers.deploys)


def row_as_heard(row: ServiceRow, window: Window, silence: Silence | None) -> ServiceRow:
    """Return the row of a service in which a zero that nobody could have contradicted is unknown."""
    if silence is None or not silence.covers(window.start):
        return row
    unknown: dict[str, Any] = {name: None for name in _COUNTS_OF_A_SERVICE if _is_zero(getattr(row, name))}
    return replace(row, **unknown)


def _is_zero(count: float | tuple[int, ...] | None) -> bool:
    return not any(count) if isinstance(count, tuple) else count == 0


def silence_as_json(silence: Silence | None) -> dict[str, Any] | None:
    """Return a silence as plain JSON."""
    return {"since": silence.since.isoformat(), "senders": list(silence.senders)} if silence else None


def as_json(numbers: Numbers) -> dict[str, Any]:
    """Return the numbers as plain JSON values, under the names of their fields."""
    plain = {f.name: getattr(numbers, f.name) for f in fields(numbers)}
    plain["first"], plain["last"] = numbers.first.isoformat(), numbers.last.isoformat()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def as_shown(report: Report, targets: Mapping[str, float]) -> dict[str, Any]:
    """Return a report as plain JSON in the form of a digest's numbers, so that both are shown alike."""
    window, history = report.window, [as_json(n) for n in report.history]
    return {
        "length": window.length,
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "is_running": window.is_running,
        "compared": {"first": report.previous.first.isoformat(), "last": report.previous.last.isoformat()},
        "now": as_json(report.now),
        "previous": as_json(report.previous),
        "history": history,
        "between": asdict(report.between[-1]),
        "between_before": asdict(report.between[-2]),
        "targets": dict(targets),
        "corrections": [],
        "silence": silence_as_json(report.silence),
    }


def scope_named(topology: Topology, words: Sequence[str]) -> Scope | None:
    """Return the scope that a name means: a bridge, a service, or a team (`owner`), in this order; else `None`.

    `service:payments` means the service where a bridge has the same name; `bridge:` and `team:` likewise.
    """
    name = " ".join(words).strip()
    kind, colon, bare = name.partition(":")
    if colon and kind.casefold() in _SCOPES:
        found = _SCOPES[kind.casefold()](topology, bare.strip())
        return found and replace(found, name=f"{kind.casefold()}:{found.name}")
    return next((found for named in _SCOPES.values() if (found := named(topology, name))), None)


def _of_bridge(topology: Topology, name: str) -> Scope | None:
    bridge = topology.bridge_named(name)
    return Scope(name=bridge.name, services=bridge.services) if bridge else None


def _of_service(topology: Topology, name: str) -> Scope | None:
    service = topology.service_named(name)
    return Scope(name=service.name, services=(service.name,)) if service else None


def _of_team(topology: Topology, name: str) -> Scope | None:
    owned = [s for s in topology.services if s.owner and s.owner.casefold() == name.casefold()]
    return Scope(name=owned[0].owner or name, services=tuple(s.name for s in owned)) if owned else None


_SCOPES: Final = {"bridge": _of_bridge, "service": _of_service, "team": _of_team}


def and_before(window: Window) -> list[Window]:
    """Return the last periods up to a window, the oldest first."""
    windows = [window]
    while len(windows) < HISTORY:
        windows.append(previous(windows[-1]))
    return windows[::-1]
