"""Whose word counts for a field: that of the latest report that named it, by event time, in any order of arrival.

A record keeps `latest_at`, the event time of its latest report; `said` holds, in microseconds, the event time of each
field whose value is older than that, or which was cleared by an explicit null. A field without an entry was named by
the latest report, or by none. What a person has set (`pinned`) is as if said at the end of time: no report changes it
any more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from models.records import Change, Deploy, Incident
from models.reports import ChangeReport, DeployReport, IncidentReport
from models.words import UNSET

# These have no `Maybe`: they are silent where they are empty.
_PLAIN: Final = ("environment", "services")
_EMPTY: Final = (None, (), "")
_EMPTY_VALUE: Final[dict[str, Any]] = {"fixes": (), "caused_by": (), "services": (), "summary": "", "title": ""}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FOREVER: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def named_fields(
    stored: Deploy | Change | Incident | None,
    report: DeployReport | ChangeReport | IncidentReport,
    names: tuple[str, ...],
) -> dict[str, Any]:
    """Return the fields that belong to their last writer, with the bookkeeping that keeps the order irrelevant."""
    if stored is None:
        return _first_fields(report, names)
    at, now, then = report.occurred_at, _micros(report.occurred_at), _micros(stored.latest_at)
    latest = max(at, stored.latest_at)
    said = dict(stored.said)
    values: dict[str, Any] = {"latest_at": latest, "said": said}
    for name in names:
        spoken = _spoken(report, name)
        if spoken is UNSET and latest == stored.latest_at:
            continue
        value = getattr(stored, name)
        time = said.pop(name, None if value in _EMPTY else then)
        if spoken is not UNSET and _is_newer(now, spoken, time, value):
            value, time = _EMPTY_VALUE.get(name) if spoken in _EMPTY else spoken, now
            values[name] = value
        if time is not None and (value in _EMPTY or time != max(now, then)):
            said[name] = time
    return values


def pinned(incident: Incident, **values: Any) -> Incident:
    """Return an incident whose fields (`title`, `severity`, …) a person sets: no sender changes them any more."""
    return replace(incident, **values, said={**incident.said, **dict.fromkeys(values, _FOREVER)})


def _first_fields(report: DeployReport | ChangeReport | IncidentReport, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of whatever nobody told of before: what is empty was said to be so."""
    said: dict[str, int] = {}
    values: dict[str, Any] = {"latest_at": report.occurred_at, "said": said}
    for name, spoken in zip(names, _reader(names)(report), strict=True):
        if spoken is UNSET or (name in _PLAIN and not spoken):
            continue
        if spoken in _EMPTY:
            spoken = _EMPTY_VALUE.get(name)
            said[name] = _micros(report.occurred_at)
        values[name] = spoken
    return values


def _spoken(report: DeployReport | ChangeReport | IncidentReport, name: str) -> Any:
    """Return what a report says of a field."""
    value = getattr(report, name)
    return UNSET if name in _PLAIN and not value else value


@lru_cache
def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*names)


def _is_newer(at: int, spoken: Any, time: int | None, value: Any) -> bool:
    """Say whether what is spoken replaces a value; of two said at the same instant the greater text stands."""
    if time is None or at != time:
        return time is None or at > time
    return str(spoken or "") > str(value or "")


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
