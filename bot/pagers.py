"""Writes calls to pagers: PagerDuty's Events API v2, Opsgenie's alerts, a plain webhook."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from bot.elsewhere import Request, Writer
from bot.settings_paging import Pager
from models.calls import PAGER, Matter, Verb
from models.words import Severity

# https://developer.pagerduty.com/docs/send-alert-event : summaries have at most 1024 characters.
_PAGERDUTY_SUMMARY: Final = 1024
_PAGERDUTY_SEVERITIES: Final = {
    Severity.SEV1: "critical",
    Severity.SEV2: "error",
    Severity.SEV3: "warning",
    Severity.SEV4: "info",
    Severity.SEV5: "info",
}
_PAGERDUTY_ACTIONS: Final[dict[Verb, str]] = {"page": "trigger", "acknowledge": "acknowledge", "resolve": "resolve"}
# https://docs.opsgenie.com/docs/alert-api#create-alert
_OPSGENIE_MESSAGE: Final = 130
_OPSGENIE_ACTIONS: Final[dict[Verb, str]] = {"acknowledge": "acknowledge", "resolve": "close"}


def writers(pagers: Mapping[str, Pager]) -> dict[str, Writer]:
    """Return how each pager is called, by `pager:NAME`."""
    return {f"{PAGER}{name}": _writer(pager) for name, pager in pagers.items()}


def _writer(pager: Pager) -> Writer:
    write = _KINDS[pager.kind]
    return lambda what, about: write(pager, what, about)


def _pagerduty(pager: Pager, what: Verb, about: Matter) -> Request:
    body: dict[str, Any] = {
        "routing_key": pager.key,
        "event_action": _PAGERDUTY_ACTIONS[what],
        "dedup_key": about.key,
    }
    if what == "page":
        body["payload"] = {
            "summary": _summary(about)[:_PAGERDUTY_SUMMARY],
            "source": ", ".join(about.services)[:255] or "twinspan",
            "severity": _PAGERDUTY_SEVERITIES[about.severity],
            "component": about.services[0] if about.services else None,
            "timestamp": _written(about.started_at),
            "custom_details": _details(about),
        }
        body["client"] = "Twinspan"
        body["links"] = [{"href": about.link, "text": "Slack"}] if about.link else []
    return Request(method="POST", url=f"{pager.url}/v2/enqueue", body=body)


def _opsgenie(pager: Pager, what: Verb, about: Matter) -> Request:
    headers = {"Authorization": f"GenieKey {pager.key}"}
    if what == "page":
        body = {
            "message": _summary(about)[:_OPSGENIE_MESSAGE],
            "alias": about.key,
            "description": "\n".join(filter(None, [_summary(about), about.link])),
            "priority": f"P{about.severity.value[-1]}",
            "source": "Twinspan",
            "entity": ", ".join(about.services)[:512],
            "details": {name: str(value) for name, value in _details(about).items() if value is not None},
        }
        return Request(method="POST", url=f"{pager.url}/v2/alerts", headers=headers, body=body)
    where = f"{pager.url}/v2/alerts/{quote(about.key, safe='')}/{_OPSGENIE_ACTIONS[what]}?identifierType=alias"
    return Request(method="POST", url=where, headers=headers, body={"source": "Twinspan", "user": about.person or ""})


def _webhook(pager: Pager, what: Verb, about: Matter) -> Request:
    headers = {"Idempotency-Key": f"{about.key}:{what}"}
    if pager.key:
        headers["Authorization"] = f"Bearer {pager.key}"
    body = {"event": what, "key": about.key, "summary": _summary(about), "link": about.link, **_details(about)}
    return Request(method="POST", url=pager.url, headers=headers, body=body)


def _summary(about: Matter) -> str:
    return f"{about.severity.value.upper()} INC-{about.number} {about.title}"


def _details(about: Matter) -> dict[str, Any]:
    return {
        "incident": f"INC-{about.number}",
        "title": about.title,
        "severity": about.severity.value,
        "services": list(about.services),
        "environment": about.environment,
        "started_at": _written(about.started_at),
    }


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


_KINDS: Final = {"pagerduty": _pagerduty, "opsgenie": _opsgenie, "webhook": _webhook}
