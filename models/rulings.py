"""What a person says about the cause of an incident, as a change of its record: set, clear, take back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from models.attribution import numbered
from models.records import Incident
from models.words import Cause

_FIELDS: Final = ("ruled_cause", "ruled_causes", "cleared", "ruled_by", "ruled_at")


def ruled(incident: Incident, cause: Cause, names: tuple[str, ...], by: str, at: datetime) -> Incident:
    """Return an incident of which a person says what caused it; `names` are the deployments."""
    return replace(
        incident,
        ruled_cause=cause,
        ruled_causes=names,
        ruled_by=by,
        ruled_at=at,
        ruled_before=_kept(incident),
    )


def cleared(incident: Incident, deploy_ids: Iterable[int], by: str, at: datetime) -> Incident:
    """Return an incident of which a person says that it was not these deployments."""
    names = dict.fromkeys((*incident.cleared, *(numbered(number) for number in deploy_ids)))
    return replace(incident, cleared=tuple(names), ruled_by=by, ruled_at=at, ruled_before=_kept(incident))


def joined(incident: Incident, leader: Incident) -> Incident:
    """Return an incident that is shown with another one: what a person said of the group holds for it too."""
    said = {name: getattr(leader, name) for name in (*_FIELDS, "ruled_before")}
    return replace(incident, leader_id=leader.id, **said)


def undone(incident: Incident) -> Incident | None:
    """Return an incident as it was before a person's last word; `None` where there is nothing to take back."""
    before = incident.ruled_before
    if before is None:
        return None
    cause, at = before.get("ruled_cause"), before.get("ruled_at")
    return replace(
        incident,
        ruled_cause=Cause(cause) if cause else None,
        ruled_causes=tuple(before.get("ruled_causes") or ()),
        cleared=tuple(before.get("cleared") or ()),
        ruled_by=before.get("ruled_by"),
        ruled_at=datetime.fromisoformat(at) if at else None,
        ruled_before=None,
    )


def _kept(incident: Incident) -> Mapping[str, Any]:
    values = {name: getattr(incident, name) for name in _FIELDS}
    known = {name: value for name, value in values.items() if value not in (None, ())}
    return known | ({"ruled_at": incident.ruled_at.isoformat()} if incident.ruled_at else {})
