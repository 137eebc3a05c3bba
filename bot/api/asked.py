"""Reads what a request to the API asks for; says which parameter is wrong, and what to do."""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bot import cron
from handlers.errors import MalformedPayload
from handlers.payload import instant
from handlers.reports import Scope, scope_named
from handlers.suggest import did_you_mean
from models.periods import Length, Window, latest_completed, window
from models.topology import Topology

MOST: Final = 500
_USUAL: Final = 100
_LENGTHS: Final[dict[str, Length]] = {"day": "day", "week": "week", "month": "month"}


class WrongParameter(Exception):
    """A parameter cannot be used."""

    def __init__(self, field: str, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page that is asked for: which ones, how many, and before which number."""

    services: tuple[str, ...] | None = None
    environment: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = _USUAL
    before: int | None = None


def refuse_unknown(query: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse a parameter that nothing reads: it would look as if it had been heeded."""
    for name in query:
        if name not in known:
            raise WrongParameter(name, "unknown parameter", did_you_mean(name, known).strip() or None)


def listing(query: Mapping[str, str], topology: Topology, states: type[StrEnum]) -> Listing:
    """Return the page that a query asks for."""
    refuse_unknown(query, ("service", "environment", "status", "since", "until", "limit", "cursor"))
    status = query.get("status") or None
    if status is not None and status not in set(states):
        raise WrongParameter("status", f"{status!r} is no state", did_you_mean(status, list(states)).strip())
    return Listing(
        services=(_service(query["service"], topology),) if query.get("service") else None,
        environment=query.get("environment") or None,
        status=status,
        since=_instant(query, "since"),
        until=_instant(query, "until"),
        limit=_limit(query.get("limit")),
        before=_number(query["cursor"]) if query.get("cursor") else None,
    )


def cursor(number: int) -> str:
    """Return what asks for the records before this number."""
    return base64.urlsafe_b64encode(f"before {number}".encode()).decode().rstrip("=")


def scope(query: Mapping[str, str], topology: Topology) -> Scope:
    """Return whose numbers a query asks for."""
    given = [name for name in ("service", "bridge", "team") if query.get(name)]
    if len(given) > 1:
        raise WrongParameter(given[1], f"{given[0]} and {given[1]} exclude each other", "Give one of them.")
    environment = query.get("environment") or None
    if not given:
        return Scope(name="everything", services=None, environment=environment)
    name = query[given[0]]
    if given[0] == "service":
        service = _service(name, topology)
        return Scope(name=service, services=(service,), environment=environment)
    found = scope_named(topology, [name])
    if found is None:
        known = (
            [b.name for b in topology.bridges] if given[0] == "bridge" else [s.owner or "" for s in topology.services]
        )
        raise WrongParameter(
            given[0], f"there is no {given[0]} {name[:60]!r}", did_you_mean(name, known).strip() or None
        )
    return Scope(name=found.name, services=found.services, environment=environment)


def period(query: Mapping[str, str], topology: Topology, at: datetime) -> Window:
    """Return the window that a query asks for; left out, the last whole week."""
    zone = query.get("timezone") or next((plan.timezone for plan in topology.digests), "UTC")
    try:
        cron.zone(zone)
    except ValueError as error:
        raise WrongParameter("timezone", str(error), "Zones are called like Europe/Berlin.") from error
    length = _LENGTHS.get(query.get("period") or "week")
    if length is None:
        raise WrongParameter("period", f"{query['period'][:60]!r} is no period", "Give day, week or month.")
    if not query.get("date"):
        return latest_completed(at, length, zone)
    try:
        return window(date.fromisoformat(query["date"]), length, zone)
    except ValueError as error:
        raise WrongParameter("date", f"{query['date'][:60]!r} is no date", "Write it like 2026-03-02.") from error


def as_of(query: Mapping[str, str], now: datetime) -> datetime:
    """Return the instant at which the numbers are taken."""
    return _instant(query, "as_of") or now


def _service(name: str, topology: Topology) -> str:
    service = topology.service_named(name)
    if service is None and topology.services:
        known = [s.name for s in topology.services]
        raise _no_such("service", name, known)
    return service.name if service else name


def _no_such(kind: str, name: str, known: list[str]) -> WrongParameter:
    return WrongParameter(kind, f"there is no {kind} {name[:60]!r}", did_you_mean(name, known).strip() or None)


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    # A plus sign that was not escaped comes as a space.
    text = query.get(name, "").replace(" ", "+")
    if not text:
        return None
    try:
        return instant(text, name)
    except MalformedPayload as error:
        raise WrongParameter(name, error.problem, "Write it like 2026-03-02T09:00:00Z.") from error


def _limit(text: str | None) -> int:
    if not text:
        return _USUAL
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise WrongParameter("limit", f"{text[:20]!r} is no number from 1 to {MOST}")
    return int(text)


def _number(text: str) -> int:
    try:
        word, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split()
        if word != "before":
            raise ValueError
        return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise WrongParameter("cursor", "is none of ours", "Give `next` of the page before, as it came.") from error
