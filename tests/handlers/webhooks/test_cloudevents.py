"""CloudEvents in their three modes, and the CDEvents inside them."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.webhooks import Parsed, WebhookRequest
from handlers.webhooks.events import SOURCE
from models.reports import ChangeReport, DeployReport, IncidentReport, Report
from models.topology import WebhookSource
from models.words import UNSET, ChangeKind, ChangeStatus, DeployKind, DeployStatus, IncidentStatus
from tests.support.webhooks import AT, captured, changed, complaint, of_json

SENDER = WebhookSource(name="ci", kind="events", deploy_workflows={"release": "production"})
BINARY = captured("events", "event__cdevent_service_deployed_binary")
STRUCTURED = captured("events", "event__cdevent_service_rolledback_structured")
BATCH = captured("events", "events__cloudevents_batch")
WHEN = datetime(2026, 11, 23, 14, 27, 5, 315384, tzinfo=UTC)
FLAG = json.loads(captured("events", "event__change_flag").body)


def parsed(request: WebhookRequest) -> Parsed:
    return SOURCE.parse(request, SENDER)


def structured(value: Any) -> WebhookRequest:
    return of_json(value, {"content-type": "application/cloudevents+json"})


def carrying(data: Any, type: str = "com.example.flag", **attributes: Any) -> WebhookRequest:
    return structured({"specversion": "1.0", "id": "c-1", "source": "/x", "type": type, "data": data, **attributes})


def cdevent(what: str, content: dict[str, Any], version: str = "0.4.1") -> WebhookRequest:
    type_ = f"dev.cdevents.{what}.0.2.0"
    context = {"version": version, "id": "c-1", "source": "/x", "type": type_, "timestamp": "2026-11-23T14:27:05Z"}
    return carrying({"context": context, "subject": {"id": "it", "content": content}}, type_)


def only(request: WebhookRequest) -> Report:
    (report,) = parsed(request).reports
    return report


def with_headers(request: WebhookRequest, **headers: str) -> WebhookRequest:
    named = {f"ce-{name}": value for name, value in headers.items()}
    return WebhookRequest({**request.headers, **named}, request.body, request.at)


def test_the_binary_mode_carries_a_deploy() -> None:
    assert DeployReport(
        deploy_id="5328c37f",
        service="payments",
        environment="production",
        occurred_at=WHEN,
        finished_at=WHEN,
        status=DeployStatus.SUCCEEDED,
        version="sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427",
        event_id="5328c37f",
    ) == only(BINARY)


def test_what_is_stored_of_a_binary_event_reads_the_same_again() -> None:
    stored = {name: value for name, value in BINARY.headers.items() if name in SOURCE.headers}
    assert parsed(BINARY) == parsed(WebhookRequest(stored, BINARY.body, AT))


def test_the_structured_mode_carries_a_rollback() -> None:
    report = only(STRUCTURED)
    assert isinstance(report, DeployReport)
    assert (DeployKind.ROLLBACK, "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b") == (report.kind, report.sha)


def test_a_batch_carries_an_incident_its_end_and_a_generic_change() -> None:
    detected, resolved, change = parsed(BATCH).reports
    assert isinstance(detected, IncidentReport)
    assert isinstance(resolved, IncidentReport)
    assert isinstance(change, ChangeReport)
    assert ("incident-123", "incident-123") == (detected.incident_id, resolved.incident_id)
    assert (IncidentStatus.TRIGGERED, "Response time above 100 ms", WHEN) == (
        detected.status,
        detected.title,
        detected.started_at,
    )
    assert (IncidentStatus.RESOLVED, UNSET, WHEN) == (resolved.status, resolved.title, resolved.resolved_at)
    assert ("f-1", datetime(2026, 11, 23, 14, 27, 5, tzinfo=UTC)) == (change.event_id, change.occurred_at)


def test_the_attributes_stand_in_for_what_a_generic_event_leaves_out_only() -> None:
    assert FLAG["id"] == parsed(carrying(FLAG, id="other")).key
    bare = {key: value for key, value in FLAG.items() if key not in ("id", "occurred_at")}
    assert "c-1" == parsed(carrying(bare, time="2026-11-23T14:27:05Z")).key
    assert "$.data.occurred_at" == complaint(SOURCE, carrying(bare), SENDER)


def test_headers_are_unquoted_and_percent_decoded() -> None:
    bare = {key: value for key, value in FLAG.items() if key not in ("id", "source")}
    plain = with_headers(of_json(bare), specversion="1.0", type="x", source="/x", id='"caf%C3%A9 \\"7\\""')
    assert 'café "7"' == parsed(plain).key


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("header ce-id", {"id": ""}),
        ("header ce-id", {"id": "%ff"}),
        ("header ce-id", {"id": "%00"}),
        ("header ce-specversion", {"specversion": "0.3"}),
    ],
)
def test_a_wrong_header_is_named(path: str, headers: dict[str, str]) -> None:
    assert path == complaint(SOURCE, with_headers(BINARY, **headers), SENDER)


def test_a_missing_attribute_is_named() -> None:
    assert "$.source" == complaint(SOURCE, changed(STRUCTURED, lambda e: e.pop("source")), SENDER)
    without = {name: value for name, value in BINARY.headers.items() if name != "ce-id"}
    assert "header ce-id" == complaint(SOURCE, WebhookRequest(without, BINARY.body, AT), SENDER)


def test_data_may_come_as_base64() -> None:
    encoded = base64.b64encode(json.dumps(FLAG).encode()).decode()
    assert FLAG["id"] == parsed(carrying(None, data_base64=encoded)).key
    assert "$.data_base64" == complaint(SOURCE, carrying(None, data_base64="!"), SENDER)
    picture = carrying(None, type="com.example.picture", data_base64="iVBORw0KGgo=", datacontenttype="image/png")
    assert "event 'com.example.picture' is not used" == parsed(picture).ignored


def test_what_is_not_ours_is_ignored_with_its_reason() -> None:
    assert "event 'com.example.other' is not used" == parsed(carrying({"a": 1}, "com.example.other")).ignored
    assert "event 'dev.cdevents.build.started.0.2.0' is not used" == parsed(cdevent("build.started", {})).ignored
    assert "CDEvents '0.1.0' are not read, only 0.3 to 0.5" == parsed(cdevent("change.merged", {}, "0.1.0")).ignored


def test_beside_events_that_are_used_the_others_are_a_warning() -> None:
    other = {"specversion": "1.0", "id": "o", "source": "/x", "type": "com.example.other"}
    mixed = parsed(changed(BATCH, lambda events: events.extend([other, {**other, "id": "p"}])))
    assert (3, ("event 'com.example.other' is not used",)) == (len(mixed.reports), mixed.warnings)
    alone = parsed(of_json([other], {"content-type": "application/cloudevents-batch+json"}))
    assert ((), "event 'com.example.other' is not used") == (alone.reports, alone.ignored)


@pytest.mark.parametrize("version", ["0.3.0", "0.4.1", "0.5.0-draft", "0.5"])
def test_context_versions_from_0_3_to_0_5_are_read(version: str) -> None:
    assert parsed(cdevent("service.removed", {}, version)).reports


@pytest.mark.parametrize(
    ("what", "content", "service", "summary", "kind"),
    [
        ("service.removed", {"environment": {"id": "prod"}}, "it", "it removed", ChangeKind.INFRA),
        ("service.published", {"environment": {"id": "prod"}}, "it", "it published", ChangeKind.INFRA),
        ("environment.modified", {"name": "eu-1"}, "eu-1", "Environment eu-1 modified", ChangeKind.INFRA),
        ("environment.deleted", {}, "it", "Environment it deleted", ChangeKind.INFRA),
        ("change.merged", {"repository": {"id": "acme/payments"}}, "acme/payments", "Merged it", UNSET),
    ],
)
def test_what_is_no_deploy_is_a_small_change(
    what: str, content: dict[str, Any], service: str, summary: str, kind: object
) -> None:
    report = only(cdevent(what, content))
    assert isinstance(report, ChangeReport)
    assert (service, summary, kind, ChangeStatus.DONE) == (report.service, report.summary, report.kind, report.status)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("success", DeployStatus.SUCCEEDED),
        ("failure", DeployStatus.FAILED),
        ("error", DeployStatus.FAILED),
        ("cancel", DeployStatus.CANCELED),
    ],
)
def test_a_pipeline_that_is_configured_as_a_deploy_is_one(outcome: str, status: DeployStatus) -> None:
    report = only(cdevent("pipelinerun.finished", {"pipelineName": "release", "outcome": outcome}))
    assert isinstance(report, DeployReport)
    assert ("it", "release", "production", status) == (
        report.deploy_id,
        report.service,
        report.environment,
        report.status,
    )


def test_other_pipelines_and_merges_without_a_repository_are_ignored() -> None:
    nightly = parsed(cdevent("pipelinerun.finished", {"pipelineName": "nightly", "outcome": "success"}))
    assert "pipeline 'nightly' is not configured as a deploy (see `workflows`)" == nightly.ignored
    odd = parsed(cdevent("pipelinerun.finished", {"pipelineName": "release", "outcome": "odd"}))
    assert "outcome 'odd' says nothing" == odd.ignored
    assert "a merge that names no repository" == parsed(cdevent("change.merged", {})).ignored


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("$.data", carrying(None, "dev.cdevents.service.deployed.0.2.0")),
        ("$.data.subject.content.environment", cdevent("service.deployed", {})),
        ("$.data.subject.content.environment.id", cdevent("service.deployed", {"environment": {}})),
        ("$.data.subject.content.outcome", cdevent("pipelinerun.finished", {"pipelineName": "release"})),
        ("$.data.subject.content.description", cdevent("incident.detected", {"description": "\0"})),
        ("$.data.context.timestamp", changed(STRUCTURED, lambda e: e["data"]["context"].update(timestamp="2026"))),
        ("$[1].data.context", changed(BATCH, lambda e: (e[1]["data"].pop("context"), e.pop(0), e.insert(0, 7)))),
    ],
)
def test_the_first_wrong_field_is_named(path: str, request_: WebhookRequest) -> None:
    found = complaint(SOURCE, request_, SENDER) or parsed(request_).rejected[-1].path
    assert path == found
