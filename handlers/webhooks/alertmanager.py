"""Alertmanager: one incident per alert, the alerts of a group in one delivery, firing and resolved mixed.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config , version 4. Alertmanager repeats what still
fires and knows no delivery id; it has no acknowledgement.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from handlers.payload import clean, decode, instant, not_ahead
from handlers.signatures import check_basic, check_bearer
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.reports import IncidentReport
from models.topology import WebhookSource
from models.words import UNSET, IncidentStatus, Maybe, Severity

_Word: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Alert(Struct):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    startsAt: _Word
    fingerprint: _Word
    annotations: dict[str, str] = {}
    endsAt: str | None = None
    generatorURL: str | None = None


class _Group(Struct):
    version: Literal["4"]
    groupKey: str
    alerts: list[_Alert]
    groupLabels: dict[str, str] = {}
    externalURL: str | None = None
    truncatedAlerts: int = 0


_DECODER: Final = msgspec.json.Decoder(_Group)
_LONGEST_NAME: Final = 255
# A title has to tell alerts apart, not to list them.
_LABELS_IN_TITLE: Final = 4


def _verify(request: WebhookRequest, source: WebhookSource) -> None:
    authorization = request.headers.get("authorization")
    if source.username is None:
        check_bearer(authorization, source.secrets)
    else:
        check_basic(authorization, source.username, source.secrets)


def _parse(request: WebhookRequest, source: WebhookSource) -> Parsed:
    group = decode(_DECODER, request.body)
    return Parsed(
        key=_key(group),
        event="alerts",
        reports=tuple(_incident(group, number, source, request.at) for number in range(len(group.alerts))),
        ignored=None if group.alerts else "a group without alerts",
        warnings=tuple(_warnings(group)),
    )


def _key(group: _Group) -> str:
    """Return what a repeat of the same state has again, in whatever order its alerts come."""
    states = sorted(
        (alert.fingerprint, alert.startsAt, alert.status, alert.endsAt if alert.status == "resolved" else None)
        for alert in group.alerts
    )
    return hashlib.sha256(msgspec.json.encode((group.groupKey, states))).hexdigest()


def _warnings(group: _Group) -> Iterator[str]:
    if group.truncatedAlerts > 0:
        yield f"{group.truncatedAlerts} alerts of this group were left out by Alertmanager; see max_alerts"


def _incident(group: _Group, number: int, source: WebhookSource, at: datetime) -> IncidentReport:
    alert = group.alerts[number]
    path = f"$.alerts[{number}]"
    started = not_ahead(instant(alert.startsAt, f"{path}.startsAt"), at, f"{path}.startsAt")
    ended = _ended(alert, path, at)
    service = _first(alert.labels, source.service_labels)
    return IncidentReport(
        incident_id=clean(f"{alert.fingerprint}@{alert.startsAt}"),
        occurred_at=ended or started,
        status=IncidentStatus.RESOLVED if ended else IncidentStatus.TRIGGERED,
        services=(service,) if service else (),
        environment=_first(alert.labels, source.environment_labels),
        title=_title(group, alert, source),
        severity=_severity(alert, source),
        started_at=started,
        resolved_at=ended or UNSET,
        summary=_text(alert.annotations.get("description")),
        runbook=_text(alert.annotations.get("runbook_url")),
        url=_text(alert.generatorURL or group.externalURL),
        group_key=clean(group.groupKey),
        opens=_opens(alert, source),
    )


def _ended(alert: _Alert, path: str, at: datetime) -> datetime | None:
    """Return when a resolved alert ended; of a firing one `endsAt` is the zero time, or when it would time out."""
    if alert.status != "resolved":
        return None
    return not_ahead(instant(alert.endsAt or "", f"{path}.endsAt"), at, f"{path}.endsAt")


def _title(group: _Group, alert: _Alert, source: WebhookSource) -> str:
    """Return the alert's own summary, else its name and what tells it apart from the others of its group."""
    summary = alert.annotations.get("summary")
    if summary:
        return clean(summary)
    said = {"alertname", "severity", *group.groupLabels, *source.service_labels, *source.environment_labels}
    apart = [f"{name}={value}" for name, value in sorted(alert.labels.items()) if name not in said and value]
    name = alert.labels.get("alertname") or "alert"
    return clean(f"{name} ({', '.join(apart[:_LABELS_IN_TITLE])})" if apart else name)


def _severity(alert: _Alert, source: WebhookSource) -> Maybe[Severity]:
    return source.incidents.severities.get(alert.labels.get("severity", ""), UNSET)


def _opens(alert: _Alert, source: WebhookSource) -> bool:
    return any(alert.labels.get(label) in values for label, values in source.incidents.opens_when.items())


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first label that is there; Prometheus takes an empty one as absent."""
    return next((clean(labels[name])[:_LONGEST_NAME] for name in names if labels.get(name)), None)


def _text(value: str | None) -> Maybe[str]:
    return clean(value) if value else UNSET


SOURCE = SourceKind(kind="alertmanager", events=("alerts",), headers=(), verify=_verify, parse=_parse)
