"""Finds the rows behind a number: the same facts that the number is taken from, a page of them with all its details."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from handlers.errors import UserError
from handlers.periods_asked import until
from handlers.reports import Scope, as_heard, as_json, read_silence, row_as_heard, scope_named, silence_as_json
from handlers.views.asked import Asked
from handlers.views.digest_parts import service_line
from handlers.views.layout import NOTHING
from handlers.views.metric_how import Explained
from handlers.views.metric_rows import NAMES, PAGE, HeldBy, Page, Row, row_line
from handlers.views.numbers import ROWS
from handlers.views.text import escape
from models.delivery import Facts, Numbers, measure
from models.evidence import Item, behind
from models.periods import Length, Window, previous, window
from models.service_rows import service_rows
from models.silence import Silence
from models.store import Store
from models.store.blames import INCIDENT
from models.topology import Topology

_SERVICES: Final = "services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A number of a period, and everything it was taken from."""

    scope: Scope
    window: Window
    now: Numbers
    facts: Facts
    items: Sequence[Item]
    silence: Silence | None


def place(topology: Topology, asked: Asked, at: datetime) -> tuple[Scope, Window]:
    """Return whose number is asked about, and of when.

    Raises:
        UserError: the configuration knows that name or number no more, or the period is to come.
    """
    scope = scope_named(topology, [asked.scope])
    if scope is None:
        raise UserError(f"“{asked.scope[:60]}” is not in the configuration any more.")
    if asked.number not in NAMES:
        raise UserError("That button is of another version; `/metrics` shows the numbers with new ones.")
    return scope, until(window(date.fromisoformat(asked.first), cast(Length, asked.length), asked.timezone), at)


async def look_behind(store: Store, topology: Topology, asked: Asked, at: datetime) -> Behind:
    """Return a number with its rows, as they are now."""
    scope, asked_window = place(topology, asked, at)
    # What each service did is shown beside the period before.
    start = previous(asked_window).start if asked.number == _SERVICES else asked_window.start
    facts = await store.rollouts.facts(scope.services, None, start, asked_window.end, at)
    items = [] if asked.number == _SERVICES else behind(asked.number, asked_window, facts, at)
    (now,) = measure([asked_window], facts, at)
    silence = await read_silence(store, at)
    now = as_heard(now, asked_window, silence)
    return Behind(scope=scope, window=asked_window, now=now, facts=facts, items=items, silence=silence)


async def read_page(store: Store, topology: Topology, asked: Asked, at: datetime) -> Page:
    """Return one page of the rows behind a number; past the last page, the last one."""
    found = await look_behind(store, topology, asked, at)
    if asked.number == _SERVICES:
        lines = _services(found, at)
        total, left_out = len(lines), 0
    else:
        total, left_out = len(found.items), sum(item.left_out is not None for item in found.items)
    last = max(0, (total - 1) // PAGE)
    asked = asked.at_page(min(asked.page, last))
    start = asked.page * PAGE
    if asked.number == _SERVICES:
        lines = lines[start : start + PAGE]
    else:
        rows = await _detailed(store, found, asked, found.items[start : start + PAGE])
        lines = [row_line(row, asked.number) for row in rows]
    return Page(
        asked=asked,
        shown=shown(found.now, asked.number),
        period=_period(found.window),
        lines=lines,
        total=total,
        left_out=left_out,
        at=at,
    )


async def explain(store: Store, topology: Topology, asked: Asked, at: datetime) -> Explained:
    """Return a number with all that it is explained by."""
    found = await look_behind(store, topology, asked, at)
    return Explained(
        asked=asked.at_page(0),
        shown=shown(found.now, asked.number),
        now=as_json(found.now),
        items=found.items,
        window=found.window,
        at=at,
        silence=silence_as_json(found.silence),
    )


def shown(numbers: Numbers, number: str) -> str:
    """Return a number of the present period in full."""
    return shown_of(as_json(numbers), number)


def shown_of(now: Mapping[str, Any], number: str) -> str:
    """Return a number in full, of a period's numbers as plain JSON."""
    row = next((row for row in ROWS if row.key == number), None)
    if row:
        return row.shown(now)
    value = now.get(number)
    return NOTHING if value is None and number != _SERVICES else "" if value is None else f"{value:,}"


def _period(asked: Window) -> str:
    first, last = asked.first.isoformat(), asked.last.isoformat()
    return f"{first if first == last else f'{first} to {last}'}, {escape(asked.timezone)}"


def _services(found: Behind, at: datetime) -> list[str]:
    windows = previous(found.window), found.window
    measured = service_rows(found.scope.services or (), found.facts, windows, at)
    rows = [row_as_heard(row, found.window, found.silence) for row in measured]
    return [service_line(asdict(row), "dev") for row in sorted(rows, key=lambda r: (-(r.deploys or 0), r.name))]


async def _detailed(store: Store, found: Behind, asked: Asked, items: Sequence[Item]) -> list[Row]:
    """Read what is known of each row: a few statements for a page, however many rows there are."""
    if asked.number == "deploy_attempts_failed":
        return await _attempts(store, found, asked, items)
    if items and items[0].incident is not None:
        return await _incidents(store, asked, items)
    return await _deploys(store, asked, items)


async def _attempts(store: Store, found: Behind, asked: Asked, items: Sequence[Item]) -> list[Row]:
    known = await store.deploys.attempts_failed(found.scope.services, found.window.start, found.window.end)
    left = {(d.service, d.finished_at, d.id): d for d in known}
    links = await store.messages.links([f"deploy:{d.id}" for d in known], asked.channel)
    rows: list[Row] = []
    for item in items:
        key = next((k for k in left if k[:2] == (item.service, item.at)), None)
        deploy = left.pop(key) if key else None
        url = links.get(f"deploy:{deploy.id}") if deploy else None
        rows.append(Row(item=item, deploys=[deploy] if deploy else [], url=url))
    return rows


async def _incidents(store: Store, asked: Asked, items: Sequence[Item]) -> list[Row]:
    numbers = [item.incident.id for item in items if item.incident]
    known = await store.incidents.by_numbers(numbers)
    subjects = {i.id: f"incident:{i.leader_id or i.id}" for i in known.values()}
    links = await store.messages.links(set(subjects.values()), asked.channel)
    return [
        Row(item=item, incident=known.get(number), url=links.get(subjects.get(number, "")))
        for item, number in zip(items, numbers, strict=True)
    ]


async def _deploys(store: Store, asked: Asked, items: Sequence[Item]) -> list[Row]:
    units = await store.rollouts.units({item.rollout.id for item in items if item.rollout})
    members = await store.lanes.of_units(set(units.values()))
    known = await store.deploys.by_numbers([m.id for m in members])
    of_unit = {
        number: [known[m.id] for m in sorted(members, key=lambda m: m.order) if m.unit == unit and m.id in known]
        for number, unit in units.items()
    }
    shas = {item.sha for item in items if item.sha}
    commits = await store.commits.among(known.keys(), shas) if shas else {}
    held = await _held(store, list(known)) if asked.number in ("cfr", "fdrt_median_s") else {}
    links = await store.messages.links([f"deploy:{number}" for number in known], asked.channel)
    rows: list[Row] = []
    for item in items:
        deploys = of_unit.get(item.rollout.id, []) if item.rollout else []
        rows.append(
            Row(
                item=item,
                deploys=deploys,
                commit=commits.get(item.sha) if item.sha else None,
                held_by=[by for deploy in deploys for by in held.get(deploy.id, ())],
                url=next((links[s] for d in deploys if (s := f"deploy:{d.id}") in links), None),
            )
        )
    return rows


async def _held(store: Store, deploy_ids: Sequence[int]) -> dict[int, list[HeldBy]]:
    """Return what each deployment is blamed by."""
    against = await store.blames.against(deploy_ids)
    incidents = await store.incidents.by_numbers({h.blamer_id for h in against if h.blamer == INCIDENT})
    deploys = await store.deploys.by_numbers({h.blamer_id for h in against if h.blamer != INCIDENT})
    found: dict[int, list[HeldBy]] = {}
    for held in against:
        is_incident = held.blamer == INCIDENT
        by = HeldBy(
            reason=held.reason,
            incident=incidents.get(held.blamer_id) if is_incident else None,
            deploy=None if is_incident else deploys.get(held.blamer_id),
        )
        found.setdefault(held.deploy_id, []).append(by)
    return found
