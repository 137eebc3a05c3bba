"""Reads what a person or a program asks numbers for; says which parameter is wrong, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from bot import cron
from handlers.between import with_both_sides
from handlers.errors import Forgotten, MalformedPayload, UserError
from handlers.payload import instant
from handlers.periods_asked import until
from handlers.reports import Report, Scope, read_live_report, read_report, scope_named
from handlers.suggest import did_you_mean, zone_meant
from models.periods import Length, Window, latest_completed, window
from models.store import Store
from models.topology import Topology

_LENGTHS: Final[dict[str, Length]] = {"day": "day", "week": "week", "month": "month"}
_KINDS: Final = ("service", "bridge", "team")
# Far from where calendars end, so that the periods around a date exist too.
_YEARS: Final = range(1970, 9000)
_SECOND: Final = timedelta(seconds=1)


class WrongParameter(Exception):
    """A parameter cannot be used."""

    def __init__(self, field: str, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem
        self.hint = hint


def scope(query: Mapping[str, str], topology: Topology) -> Scope:
    """Return whose numbers a query asks for. Without services in the configuration, any name may be one."""
    given = [kind for kind in _KINDS if query.get(kind)]
    if len(given) > 1:
        raise WrongParameter(given[1], f"{given[0]} and {given[1]} exclude each other", "Give one of them.")
    found = _named(given[0], query[given[0]], topology) if given else Scope(name="everything", services=None)
    name = query.get("environment")
    return replace(found, environment=environment(name, found.services, topology)) if name else found


def service(name: str, topology: Topology) -> str:
    """Return the canonical name of a service."""
    found = topology.service_named(name)
    if found is None and topology.services:
        raise _no_such("service", name, _known("service", topology))
    return found.name if found else name


def environment(name: str, services: Iterable[str] | None, topology: Topology) -> str:
    """Return the canonical name of an environment of these services; one that is not configured stays as it is."""
    wanted = None if services is None else set(services)
    mine = (s for s in topology.services if wanted is None or s.name in wanted)
    found = (topology.environment_named(one, name) for one in mine)
    return next((one.name for one in found if one), name)


async def report(store: Store, query: Mapping[str, str], topology: Topology, now: datetime) -> Report:
    """Return the numbers that a query asks for: as everybody is shown them now, else as they stood at `as_of`.

    Raises:
        WrongParameter: a parameter cannot be used.
    """
    at = as_of(query, now)
    asked, when = scope(query, topology), period(query, topology, at)
    _refuse_to_come(when, now)
    await refuse_unheard(store, asked, topology)
    if not query.get("as_of"):
        return await with_both_sides(store, topology, await read_live_report(store, asked, when, at))
    try:
        then = await read_report(store, asked, when, at, within=topology.suspect_within)
    except Forgotten as error:
        earliest = _in_seconds(error.since + _SECOND)
        hint = f"The earliest that can be recalled is {earliest}; `retention.revisions_days` decides."
        raise WrongParameter("as_of", f"what was known at {_in_seconds(at)} is forgotten", hint) from error
    return await with_both_sides(store, topology, then)


def _refuse_to_come(when: Window, now: datetime) -> None:
    try:
        until(when, now)
    except UserError as error:
        raise WrongParameter("date", str(error).removesuffix(".")) from error


def _in_seconds(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


async def refuse_unheard(store: Store, asked: Scope, topology: Topology) -> None:
    """Refuse a service or an environment that nobody ever named: its zeros would look like numbers.

    Raises:
        WrongParameter: neither the configuration nor any record has it.
    """
    place = asked.environment
    is_named = place is None or any(topology.environment_named(one, place) for one in topology.services)
    if asked.services and not topology.services and not await _is_heard_of(store, services=asked.services):
        _refuse("service", asked.services[0], {name for name, _ in await store.deploys.lanes()})
    if place and not is_named and not await _is_heard_of(store, environment=place):
        _refuse("environment", place, {name for _, name in await store.deploys.lanes() if name})


def period(query: Mapping[str, str], topology: Topology, at: datetime) -> Window:
    """Return the window that a query asks for; left out, the last week that was over at an instant."""
    zone = query.get("timezone") or next((plan.timezone for plan in topology.digests), "UTC")
    try:
        cron.zone(zone)
    except ValueError as error:
        raise WrongParameter("timezone", str(error), zone_meant(zone)) from error
    length = _LENGTHS.get(query.get("period") or "week")
    if length is None:
        raise WrongParameter("period", f"{query['period'][:60]!r} is no period", "Give day, week or month.")
    day = query.get("date")
    return window(_date(day), length, zone) if day else latest_completed(at, length, zone)


def as_of(query: Mapping[str, str], now: datetime) -> datetime:
    """Return the instant at which the numbers are taken."""
    at = moment(query, "as_of") or now
    if at.year not in _YEARS:
        raise WrongParameter("as_of", f"the year {at.year} is out of range", "Write it like 2026-03-02T09:00:00Z.")
    return at


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """Return an instant, if it is given."""
    # A plus sign that was not escaped comes as a space.
    text = (query.get(name) or "").replace(" ", "+")
    if not text:
        return None
    try:
        return instant(text, name)
    except MalformedPayload as error:
        raise WrongParameter(name, error.problem, "Write it like 2026-03-02T09:00:00Z.") from error


def _date(text: str) -> date:
    hint = "Write it like 2026-03-02."
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise WrongParameter("date", f"{text[:60]!r} is no date", hint) from error
    if day.year not in _YEARS:
        raise WrongParameter("date", f"the year {day.year} is out of range", hint)
    return day


def _named(kind: str, name: str, topology: Topology) -> Scope:
    if kind == "service":
        found = service(name, topology)
        return Scope(name=found, services=(found,))
    meant = scope_named(topology, [f"{kind}:{name}"])
    if meant is None:
        raise _no_such(kind, name, _known(kind, topology))
    return replace(meant, name=meant.name.removeprefix(f"{kind}:"))


def _known(kind: str, topology: Topology) -> list[str]:
    if kind == "service":
        return [s.name for s in topology.services]
    if kind == "bridge":
        return [b.name for b in topology.bridges]
    return list(dict.fromkeys(s.owner for s in topology.services if s.owner))


async def _is_heard_of(store: Store, **named: Any) -> bool:
    return await store.deploys.is_known(**named) or await store.incidents.is_known(**named)


def _refuse(kind: str, name: str, known: set[str]) -> None:
    # Where nothing was ever recorded, every number is unknown, and that is an answer.
    if known:
        raise _no_such(kind, name, sorted(known))


def _no_such(kind: str, name: str, known: list[str]) -> WrongParameter:
    return WrongParameter(kind, f"there is no {kind} {name[:60]!r}", did_you_mean(name, known).strip() or None)
