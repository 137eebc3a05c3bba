"""PagerDuty, webhooks v3: incidents as they go on there, and what is said and done about them.

https://developer.pagerduty.com/docs/webhooks-overview . One event for each request; those of one incident come in
order, again for two days until they are taken.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from handlers.payload import clean, convert, decode, instant, not_ahead
from handlers.signatures import check_any_hmac
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.reports import IncidentReport, Remark
from models.topology import WebhookSource
from models.words import UNSET, EntryKind, IncidentStatus, Maybe, Severity

# No longer than what is remembered of them, so that nothing fails after it was acknowledged.
_Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Reference(Struct):
    id: _Id
    summary: str | None = None


class _Reason(Struct):
    type: str
    incident: _Reference | None = None


class _Incident(Struct):
    id: _Id
    created_at: str
    title: str | None = None
    html_url: str | None = None
    incident_key: str | None = None
    service: _Reference | None = None
    priority: _Reference | None = None
    urgency: str | None = None
    assignees: list[_Reference] = []
    escalation_policy: _Reference | None = None
    teams: list[_Reference] = []
    resolve_reason: _Reason | None = None


class _Aside(Struct):
    """What is said of an incident: a note (`content`), a status update or a call for a responder (`message`)."""

    incident: _Reference
    content: str | None = None
    message: str | None = None
    state: str | None = None
    user: _Reference | None = None
    escalation_policy: _Reference | None = None


class _Event(Struct):
    id: _Id
    event_type: _Id
    occurred_at: str
    agent: _Reference | None = None
    data: Any = None


class _Envelope(Struct):
    event: _Event


_DECODER: Final = msgspec.json.Decoder(_Envelope)
_LONGEST_NAME: Final = 255
_LONGEST_TEXT: Final = 3_000
_PING: Final = "pagey.ping"
# Priorities are named by each account: P1 and SEV-1 are usual (https://support.pagerduty.com/main/docs/incident-priority).
_PRIORITY: Final = re.compile(r"(?:p|s|sev|severity)?[ -]?([1-5])")
_URGENCIES: Final = {"high": Severity.SEV2, "low": Severity.SEV4}


def _verify(request: WebhookRequest, source: WebhookSource) -> None:
    check_any_hmac(request.body, request.headers.get("x-pagerduty-signature"), source.secrets, prefix="v1=")


def _parse(request: WebhookRequest, source: WebhookSource) -> Parsed:
    event = decode(_DECODER, request.body).event
    name = event.event_type
    if name == _PING:
        return Parsed(key=event.id, event=name, ignored="pong")
    if change := _CHANGES.get(name):
        incident = convert(event.data, _Incident, "$.event.data")
        report = change(_told(event, incident, source, request.at), incident)
        return Parsed(key=event.id, event=name, reports=(report,))
    if remark := _REMARKS.get(name):
        aside = convert(event.data, _Aside, "$.event.data")
        report = _aside(event, aside, remark(aside), _when(event.occurred_at, request.at, "$.event.occurred_at"))
        return Parsed(key=event.id, event=name, reports=(report,))
    return Parsed(key=event.id, event=name, ignored=f"event {name[:64]!r} is not used")


def _told(event: _Event, incident: _Incident, source: WebhookSource, at: datetime) -> IncidentReport:
    """Return what every event with an incident says of it; by itself it changes no state."""
    service = _name(incident.service)
    return IncidentReport(
        incident_id=clean(incident.id),
        occurred_at=_when(event.occurred_at, at, "$.event.occurred_at"),
        status=IncidentStatus.TRIGGERED,
        started_at=_when(incident.created_at, at, "$.event.data.created_at"),
        services=(service,) if service else (),
        title=_text(incident.title),
        severity=_severity(incident, source),
        url=_text(incident.html_url),
        actor=_name(event.agent) or UNSET,
        team=_name(incident.teams[0] if incident.teams else None) or UNSET,
        pager_key=clean(incident.incident_key)[:_LONGEST_NAME] if incident.incident_key else None,
    )


def _when(text: str, at: datetime, path: str) -> datetime:
    return not_ahead(instant(text, path), at, path)


def _severity(incident: _Incident, source: WebhookSource) -> Maybe[Severity]:
    """Return how bad it is: by its priority's name, else by its urgency; the configuration's words come first."""
    words = source.incidents.severities
    priority = (incident.priority.summary or "").strip().casefold() if incident.priority else ""
    if priority:
        numbered = _PRIORITY.fullmatch(priority)
        return words.get(priority) or (Severity(f"sev{numbered[1]}") if numbered else UNSET)
    urgency = (incident.urgency or "").casefold()
    return words.get(urgency) or _URGENCIES.get(urgency, UNSET)


def _triggered(told: IncidentReport, _incident: _Incident) -> IncidentReport:
    return told


def _acknowledged(told: IncidentReport, _incident: _Incident) -> IncidentReport:
    return replace(told, status=IncidentStatus.ACKNOWLEDGED, acknowledged_by=told.actor)


def _unacknowledged(told: IncidentReport, _incident: _Incident) -> IncidentReport:
    return replace(told, unacknowledged_at=told.occurred_at)


def _resolved(told: IncidentReport, incident: _Incident) -> IncidentReport:
    reason = incident.resolve_reason
    into = _name(reason.incident) if reason and reason.type == "merge_resolve_reason" else None
    remark = Remark(EntryKind.MERGED, f"into {into}") if into else None
    return replace(told, status=IncidentStatus.RESOLVED, resolved_by=told.actor, remark=remark)


def _reopened(told: IncidentReport, _incident: _Incident) -> IncidentReport:
    return replace(told, status=IncidentStatus.REOPENED)


def _rated(told: IncidentReport, incident: _Incident) -> IncidentReport:
    return replace(told, remark=Remark(EntryKind.SEVERITY, _name(incident.priority) or "no priority"))


def _given(told: IncidentReport, incident: _Incident) -> IncidentReport:
    return replace(told, remark=Remark(EntryKind.REASSIGNED, _assignees(incident)))


def _escalated(told: IncidentReport, incident: _Incident) -> IncidentReport:
    return replace(told, remark=Remark(EntryKind.PAGED, _assignees(incident)))


def _delegated(told: IncidentReport, incident: _Incident) -> IncidentReport:
    return replace(told, remark=Remark(EntryKind.REASSIGNED, _name(incident.escalation_policy) or _assignees(incident)))


def _assignees(incident: _Incident) -> str:
    named = [name for one in incident.assignees if (name := _name(one))]
    return ", ".join(named)[:_LONGEST_NAME] or "nobody"


def _noted(aside: _Aside) -> Remark:
    return Remark(EntryKind.NOTE, _said(aside.content))


def _published(aside: _Aside) -> Remark:
    return Remark(EntryKind.UPDATE, _said(aside.message))


def _called(aside: _Aside) -> Remark:
    whom = _name(aside.user) or _name(aside.escalation_policy) or "somebody"
    return Remark(EntryKind.RESPONDER, f"{whom}: {_said(aside.message)}" if aside.message else whom)


def _replied(aside: _Aside) -> Remark:
    whom = _name(aside.user) or _name(aside.escalation_policy) or "somebody"
    return Remark(EntryKind.NOTE, f"{whom} was called for help: {_said(aside.state) or 'replied'}")


def _aside(event: _Event, aside: _Aside, remark: Remark, at: datetime) -> IncidentReport:
    return IncidentReport(
        incident_id=clean(aside.incident.id),
        occurred_at=at,
        status=IncidentStatus.TRIGGERED,
        actor=_name(event.agent) or UNSET,
        remark=remark,
        is_aside=True,
    )


def _name(reference: _Reference | None) -> str | None:
    return clean(reference.summary)[:_LONGEST_NAME] if reference and reference.summary else None


def _text(value: str | None) -> Maybe[str]:
    return clean(value) if value else UNSET


def _said(value: str | None) -> str:
    return clean(value or "").strip()[:_LONGEST_TEXT]


_CHANGES: Final[dict[str, Callable[[IncidentReport, _Incident], IncidentReport]]] = {
    "incident.triggered": _triggered,
    "incident.acknowledged": _acknowledged,
    "incident.unacknowledged": _unacknowledged,
    "incident.resolved": _resolved,
    "incident.reopened": _reopened,
    "incident.priority_updated": _rated,
    "incident.reassigned": _given,
    "incident.escalated": _escalated,
    "incident.delegated": _delegated,
}
_REMARKS: Final[dict[str, Callable[[_Aside], Remark]]] = {
    "incident.annotated": _noted,
    "incident.status_update_published": _published,
    "incident.responder.added": _called,
    "incident.responder.replied": _replied,
}

SOURCE = SourceKind(kind="pagerduty", events=(*_CHANGES, *_REMARKS, _PING), headers=(), verify=_verify, parse=_parse)
