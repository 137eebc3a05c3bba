"""Reads which page of records a request asks for; says which parameter is wrong, and what to do."""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from starlette.datastructures import QueryParams

from bot import asked
from bot.asked import WrongParameter
from handlers.suggest import did_you_mean
from models.topology import Topology

MOST: Final = 500
_USUAL: Final = 100
_BEYOND: Final = 2**63


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


def refuse_unknown(query: QueryParams, known: Collection[str]) -> None:
    """Refuse a parameter that is not read, or not all of it: it would look as if it had been heeded."""
    for name, value in query.multi_items():
        if name not in known:
            raise WrongParameter(name, "unknown parameter", did_you_mean(name, known).strip() or None)
        if len(query.getlist(name)) > 1:
            raise WrongParameter(name, "is given more than once", "Give it once.")
        if "\0" in value:
            raise WrongParameter(name, "holds a NUL character")


def listing(query: QueryParams, topology: Topology, states: type[StrEnum]) -> Listing:
    """Return the page that a query asks for."""
    refuse_unknown(query, ("service", "environment", "status", "since", "until", "limit", "cursor"))
    services = (asked.service(query["service"], topology),) if query.get("service") else None
    since, until = asked.moment(query, "since"), asked.moment(query, "until")
    if since and until and since >= until:
        raise WrongParameter("until", "does not lie after `since`")
    return Listing(
        services=services,
        environment=asked.environment(query["environment"], services, topology) if query.get("environment") else None,
        status=_status(query, states),
        since=since,
        until=until,
        limit=_limit(query.get("limit")),
        before=_number(query["cursor"]) if query.get("cursor") else None,
    )


def cursor(number: int) -> str:
    """Return what asks for the records before this number."""
    return base64.urlsafe_b64encode(f"before {number}".encode()).decode().rstrip("=")


def _status(query: Mapping[str, str], states: type[StrEnum]) -> str | None:
    status = query.get("status") or None
    if status is not None and status not in set(states):
        raise WrongParameter("status", f"{status[:60]!r} is no state", did_you_mean(status, list(states)).strip())
    return status


def _limit(text: str | None) -> int:
    if not text:
        return _USUAL
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise WrongParameter("limit", f"{text[:20]!r} is no number from 1 to {MOST}")
    return int(text)


def _number(text: str) -> int:
    try:
        word, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split()
        found = int(number)
        if word != "before" or not 0 < found < _BEYOND:
            raise ValueError
        return found
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise WrongParameter("cursor", "is none of ours", "Give `next` of the page before, as it came.") from error
