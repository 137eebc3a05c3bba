"""The delivery digest: the numbers of a period beside those before it, and all that is needed to trust them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from handlers.between import read_between
from handlers.digest_afterwards import afterwards
from handlers.digest_failures import forgotten
from handlers.digests import Digest, Order
from handlers.reports import and_before, as_heard, as_json, row_as_heard, silence_as_json
from models.corrections import corrections
from models.delivery import Facts, Numbers, measure
from models.highlights import highlights
from models.marks import marked
from models.operations import Objective, OperationsReading, Points, burn_rate
from models.periods import Window
from models.questions import fared
from models.records import Incident
from models.service_rows import service_rows
from models.silence import silence_at, silent_sources
from models.store import Store
from models.store.sources import SourceState
from models.topology import Topology

FORM: Final = "delivery"
_MOST_OPEN: Final = 10
_MOST_STEPS: Final = 12
_NOT_KEPT: Final = frozenset({"attribution", "failed_deploy_ids", "deploys_by_day"})


async def compute(store: Store, topology: Topology, order: Order) -> dict[str, Any]:
    """Return the numbers of one bridge for one window, as they are known at `order.at`."""
    window, at = order.window, order.at
    windows = and_before(window)
    senders = await store.sources.all()
    facts = await store.rollouts.facts(order.bridge.services, None, windows[0].start, window.end, at)
    still_open = await store.incidents.list_open(order.bridge.services)
    silence = silence_at(senders, at)
    numbers = [as_heard(n, w, silence) for n, w in zip(measure(windows, facts, at), windows, strict=True)]
    history = [_kept(n) for n in numbers]
    rows = service_rows(order.bridge.services, facts, (windows[-2], window), at)
    services = [asdict(row_as_heard(row, window, silence)) for row in rows]
    listed = [_open(incident) for incident in still_open[:_MOST_OPEN]]
    compared = None if window.is_running else history[-2]
    return {
        "form": FORM,
        "length": window.length,
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "is_running": window.is_running,
        "compared": {"first": windows[-2].first.isoformat(), "last": windows[-2].last.isoformat()},
        "now": history[-1],
        "previous": history[-2],
        "history": history,
        "services": services,
        "open": listed,
        "highlights": highlights(history[-1], compared, services, listed, await forgotten(store, facts, window, at)),
        **await _between(store, topology, order, facts, numbers),
        "afterwards": await afterwards(store, order.bridge, window, at),
        "inferred": _inferred(numbers[-1]),
        "settles_at": _settles_at(window, order.settle, at),
        "corrections": await _corrections(store, order, history),
        **_who_is_missing(topology, senders, at),
        "silence": silence_as_json(silence),
        "unmapped": [{"kind": h.kind, "name": h.name, "deliveries": h.deliveries} for h in await store.names.held()],
        "targets": dict(topology.targets),
        **_operations(topology, order, facts),
    }


def _kept(numbers: Numbers) -> dict[str, Any]:
    return {name: value for name, value in as_json(numbers).items() if name not in _NOT_KEPT}


def _open(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "leader": incident.leader_id or incident.id,
        "title": incident.headline,
        "severity": incident.severity,
        "status": incident.status,
        "services": list(incident.services),
        "started_at": incident.started_at.isoformat() if incident.started_at else None,
        "url": incident.url,
    }


async def _between(
    store: Store, topology: Topology, order: Order, facts: Facts, numbers: Sequence[Numbers]
) -> dict[str, Any]:
    """Return what the two sides had to do with each other; `None` where there was nothing to share."""
    window, services = order.window, order.bridge.services
    windows = and_before(window)[-2:]
    told = await read_between(store, topology, services, windows, facts, numbers[-2:], order.at)
    questions = fared(await store.questions.asked(order.bridge.name, window.start, window.end))
    waiting = await store.questions.waiting([order.bridge.name])
    now = told[-1]
    if not (now.incidents or now.unowned or questions.asked or waiting or now.handoffs):
        return {"between": None}
    listed = [{"text": q.text, "asked_at": q.asked_at.isoformat()} for q in waiting[:_MOST_OPEN]]
    return {
        "between": {**asdict(now), "questions": asdict(questions), "waiting": listed},
        "between_before": asdict(told[-2]),
    }


def _inferred(now: Numbers) -> int:
    """Count the incidents that are held against a deployment only because it came shortly before them."""
    return sum(1 for blame in now.attribution.values() if blame and blame.startswith("inferred:"))


def _settles_at(window: Window, settle: timedelta, at: datetime) -> str | None:
    """Return when the numbers will have settled; `None` where they have."""
    settled = window.end + settle
    return settled.isoformat() if at < settled else None


async def _corrections(store: Store, order: Order, history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what moved since the last digest of this kind told it; each move is told once."""
    told = await store.digests.latest_before(order.bridge.name, order.plans, order.window.start)
    if told is None or told.numbers.get("form") != FORM or told.timezone != order.window.timezone:
        return []
    found = corrections(told.numbers["history"], history[:-1])
    return [asdict(one) | {"told_in": told.id} for one in found]


def _operations(topology: Topology, order: Order, facts: Facts) -> dict[str, Any]:
    """Return what monitoring says of each service, the least error budget first, and the course of the first."""
    readings = sorted(
        order.operations, key=lambda r: (r.error_budget_left is None, r.error_budget_left or 0, r.service)
    )
    told = [_reading(topology, reading) for reading in readings]
    drawn = next((reading for reading in readings if any(value is not None for _, value in reading.points)), None)
    if drawn is None:
        return {"operations": told, "course": None}
    unit, points = _as_trouble(topology, drawn)
    deployed = [r.finished_at for r in facts.rollouts if r.service == drawn.service]
    steps = marked(points, order.window.start, deployed, _MOST_STEPS)
    return {
        "operations": told,
        "course": {
            "service": drawn.service,
            "unit": unit,
            "steps": [{"end": s.end.isoformat(), "value": s.value, "deploys": s.deploys} for s in steps],
        },
    }


def _as_trouble(topology: Topology, reading: OperationsReading) -> tuple[str, Points]:
    """Return a service's points so that more is worse, and zero is none: how fast its errors use its budget up."""
    objective = _objective(topology, reading.service)
    if reading.availability is None:
        return "latency", reading.points
    if objective and objective.target is not None:
        return "burn_rate", tuple((at, burn_rate(value, objective.target)) for at, value in reading.points)
    return "unavailable", tuple((at, None if value is None else 100 * (1 - value)) for at, value in reading.points)


def _objective(topology: Topology, name: str) -> Objective | None:
    service = topology.service_named(name)
    return service.operations if service else None


def _reading(topology: Topology, reading: OperationsReading) -> dict[str, Any]:
    objective = _objective(topology, reading.service)
    read = ("service", "availability", "latency_s", "error_budget_left", "burn_rate", "reason")
    return {name: getattr(reading, name) for name in read} | {
        "target": objective.target if objective else None,
        "latency_target_s": objective.latency_target_s if objective else None,
    }


def _who_is_missing(topology: Topology, senders: Collection[SourceState], at: datetime) -> dict[str, Any]:
    """Return the configured senders that fell silent, and those that were never heard."""
    heard = {sender.name: sender for sender in senders}
    configured = [source.name for source in topology.sources]
    silent = silent_sources((heard[name] for name in configured if name in heard), at)
    return {
        "silent": [{"name": s.name, "last_received_at": s.last_received_at.isoformat()} for s in silent],
        "never_heard": [name for name in configured if name not in heard],
    }


DIGEST = Digest(name=FORM, compute=compute)
