"""PagerDuty: what each event of its webhooks v3 says, and which signatures are taken."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.errors import NotAuthentic
from handlers.webhooks import WebhookRequest
from handlers.webhooks.pagerduty import SOURCE
from models.reports import IncidentReport, Remark
from models.topology import IncidentRule, WebhookSource
from models.words import UNSET, EntryKind, IncidentStatus, Severity
from tests.support.webhooks import FIXTURE_SECRET, captured, changed, complaint, names

SENDER = WebhookSource(name="pagerduty", kind="pagerduty", secrets=(FIXTURE_SECRET,))
TRIGGERED = captured("pagerduty", "incident.triggered__high_urgency")
ROTATED = captured("pagerduty", "incident.priority_updated__to_sev1")


def told(request: WebhookRequest, source: WebhookSource = SENDER) -> IncidentReport:
    (report,) = SOURCE.parse(request, source).reports
    assert isinstance(report, IncidentReport)
    return report


def event(name: str) -> IncidentReport:
    return told(captured("pagerduty", name))


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-24T{clock}+00:00").astimezone(UTC)


def test_a_trigger_opens_an_incident_as_it_was_created_there() -> None:
    report = told(TRIGGERED)
    assert ("Q2CKYRLH85UNN4", IncidentStatus.TRIGGERED) == (report.incident_id, report.status)
    assert (at("09:47:13.414"), at("09:47:13")) == (report.occurred_at, report.started_at)
    assert ("Card payments time out", ("payments",), "Payments team") == (report.title, report.services, report.team)
    assert "https://acme.pagerduty.com/incidents/Q2CKYRLH85UNN4" == report.url
    assert "dfead9d88e0649e8b7dee514b1875756" == report.pager_key
    assert report.opens


@pytest.mark.parametrize(
    ("name", "status", "fields"),
    [
        ("acknowledged__by_a_person", IncidentStatus.ACKNOWLEDGED, {"acknowledged_by": "Mira Lindqvist"}),
        ("unacknowledged__timed_out", IncidentStatus.TRIGGERED, {"unacknowledged_at": at("10:21:02.300")}),
        ("resolved__by_a_person", IncidentStatus.RESOLVED, {"resolved_by": "Mira Lindqvist"}),
        ("reopened__by_a_person", IncidentStatus.REOPENED, {}),
    ],
)
def test_changes_of_state_are_told_with_who_made_them(
    name: str, status: IncidentStatus, fields: dict[str, object]
) -> None:
    report = event(f"incident.{name}")
    assert status == report.status
    assert fields == {field: getattr(report, field) for field in fields}


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("resolved__merged_into_another", Remark(EntryKind.MERGED, "into The database is slow")),
        ("priority_updated__to_sev1", Remark(EntryKind.SEVERITY, "SEV-1")),
        ("reassigned__to_another", Remark(EntryKind.REASSIGNED, "Jun Park")),
        ("escalated__to_the_next_level", Remark(EntryKind.PAGED, "Jun Park, Mira Lindqvist")),
        ("delegated__to_another_policy", Remark(EntryKind.REASSIGNED, "Databases")),
        ("annotated__a_note", Remark(EntryKind.NOTE, "The pool of connections is empty.")),
        ("status_update_published__an_update", Remark(EntryKind.UPDATE, "A fix is being deployed.")),
        ("responder.added__asked", Remark(EntryKind.RESPONDER, "Jun Park: Please help with the database")),
        ("responder.replied__accepted", Remark(EntryKind.NOTE, "Jun Park was called for help: accepted")),
    ],
)
def test_what_is_done_aside_is_a_line_of_the_timeline(name: str, remark: Remark) -> None:
    report = event(f"incident.{name}")
    assert ("Q2CKYRLH85UNN4", remark) == (report.incident_id, report.remark)


def test_only_what_names_the_incident_alone_says_nothing_of_it() -> None:
    aside = {name for name in names("pagerduty") if not name.startswith("pagey") and event(name).is_aside}
    assert {"annotated", "status_update_published", "responder.added", "responder.replied"} == {
        name.partition("__")[0].removeprefix("incident.") for name in aside
    }


def test_a_ping_from_the_settings_is_answered_and_changes_nothing() -> None:
    parsed = SOURCE.parse(captured("pagerduty", "pagey.ping__from_the_settings"), SENDER)
    assert ("pong", (), "pagey.ping") == (parsed.ignored, parsed.reports, parsed.event)


def test_the_delivery_is_the_event_s_own_id() -> None:
    assert "01FKZSRAPTMF55RE69G8BQH001" == SOURCE.parse(TRIGGERED, SENDER).key


def test_an_event_that_is_not_used_is_ignored() -> None:
    other = changed(TRIGGERED, lambda body: body["event"].update(event_type="service.updated", data={"id": "P1"}))
    assert "event 'service.updated' is not used" == SOURCE.parse(other, SENDER).ignored


@pytest.mark.parametrize(
    ("priority", "urgency", "severity"),
    [
        ("P1", "low", Severity.SEV1),
        ("p5", "high", Severity.SEV5),
        ("SEV-2", "low", Severity.SEV2),
        ("sev 3", "low", Severity.SEV3),
        ("Critical", "low", Severity.SEV1),
        ("P6", "high", UNSET),
        ("odd", "high", UNSET),
        (None, "high", Severity.SEV2),
        (None, "low", Severity.SEV4),
        (None, None, UNSET),
    ],
)
def test_the_priority_says_how_bad_it_is_else_the_urgency(
    priority: str | None, urgency: str | None, severity: object
) -> None:
    named = priority and {"id": "P1", "summary": priority}
    request = changed(TRIGGERED, lambda body: body["event"]["data"].update(priority=named, urgency=urgency))
    assert severity == told(request).severity


def test_the_configuration_s_words_for_priorities_and_urgencies_stand_before_the_usual_ones() -> None:
    rule = IncidentRule(severities={"high": Severity.SEV3, "p3": Severity.SEV1})
    sender = replace(SENDER, incidents=rule)
    assert Severity.SEV3 == told(TRIGGERED, sender).severity
    assert Severity.SEV1 == told(captured("pagerduty", "incident.triggered__with_a_priority"), sender).severity


def test_an_incident_of_no_service_and_nobody_is_told_all_the_same() -> None:
    bare = changed(
        TRIGGERED, lambda body: body["event"].update(data={"id": "Q1", "created_at": "2026-11-24T09:00:00Z"})
    )
    report = told(changed(bare, lambda body: body["event"].update(agent=None)))
    assert ((), UNSET, UNSET, None) == (report.services, report.actor, report.title, report.pager_key)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("$.event", lambda b: b.pop("event")),
        ("$.event.id", lambda b: b["event"].update(id="")),
        ("$.event.event_type", lambda b: b["event"].pop("event_type")),
        ("$.event.occurred_at", lambda b: b["event"].update(occurred_at="2026-11-24T09:47:13")),
        ("$.event.occurred_at", lambda b: b["event"].update(occurred_at="2026-11-26T09:47:13Z")),
        ("$.event.data", lambda b: b["event"].pop("data")),
        ("$.event.data.id", lambda b: b["event"]["data"].pop("id")),
        ("$.event.data.created_at", lambda b: b["event"]["data"].update(created_at="soon")),
        ("$.event.data.service.id", lambda b: b["event"]["data"]["service"].update(id=7)),
        ("$.event.data.assignees[0].id", lambda b: b["event"]["data"]["assignees"][0].pop("id")),
    ],
)
def test_the_first_wrong_field_is_named(path: str, change: Any) -> None:
    assert path == complaint(SOURCE, changed(TRIGGERED, change), SENDER)


@pytest.mark.parametrize("name", names("pagerduty"))
def test_every_stored_request_is_signed_with_the_secret(name: str) -> None:
    SOURCE.verify(captured("pagerduty", name), SENDER)


def test_one_good_signature_of_several_is_enough_while_a_secret_is_replaced() -> None:
    assert 2 == ROTATED.headers["x-pagerduty-signature"].count("v1=")
    for secrets in ((FIXTURE_SECRET,), ("the-secret-before",), ("another", FIXTURE_SECRET)):
        SOURCE.verify(ROTATED, replace(SENDER, secrets=secrets))


@pytest.mark.parametrize("given", [None, "", ",", "v1=", "v0=" + "0" * 64, "v1=" + "0" * 64 + ",v1=", "v1=é"])
def test_what_is_signed_with_none_of_the_secrets_is_refused(given: str | None) -> None:
    headers = {} if given is None else {"x-pagerduty-signature": given}
    with pytest.raises(NotAuthentic):
        SOURCE.verify(WebhookRequest(headers, TRIGGERED.body, TRIGGERED.at), SENDER)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(NotAuthentic):
        SOURCE.verify(WebhookRequest(TRIGGERED.headers, TRIGGERED.body + b" ", TRIGGERED.at), SENDER)
