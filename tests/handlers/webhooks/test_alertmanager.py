"""What Alertmanager sends, captured from a real one, and what it means."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.errors import NotAuthentic
from handlers.webhooks import WebhookRequest
from handlers.webhooks.alertmanager import SOURCE
from models.reports import IncidentReport
from models.topology import IncidentRule, WebhookSource
from models.words import UNSET, IncidentStatus, Severity
from tests.support.webhooks import AT, captured, changed, complaint, names

SENDER = WebhookSource(name="alerts", kind="alertmanager", secrets=("rig-bearer", "older"))
BASIC = WebhookSource(name="alerts", kind="alertmanager", username="twinspan", secrets=("pass:word",))
FIRING = captured("alertmanager", "alerts__firing_group_of_two")
RESOLVED = captured("alertmanager", "alerts__resolved_group_of_two")


def incidents(request: WebhookRequest, source: WebhookSource = SENDER) -> list[IncidentReport]:
    reports = SOURCE.parse(request, source).reports
    return [report for report in reports if isinstance(report, IncidentReport)]


def key(request: WebhookRequest) -> str:
    return SOURCE.parse(request, SENDER).key


def with_authorization(value: str | None) -> WebhookRequest:
    return WebhookRequest({} if value is None else {"authorization": value}, b"{}", AT)


def basic(user: str, password: str) -> WebhookRequest:
    return with_authorization("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


@pytest.mark.parametrize("name", names("alertmanager"))
def test_every_captured_request_proves_itself_and_says_something(name: str) -> None:
    request = captured("alertmanager", name)
    SOURCE.verify(request, SENDER)
    assert incidents(request)


def test_every_alert_of_a_group_is_an_incident() -> None:
    first, second = incidents(FIRING)
    assert (
        IncidentReport(
            incident_id="008075ac51a90b1e@2026-11-23T08:38:05.734Z",
            occurred_at=datetime(2026, 11, 23, 8, 38, 5, 734000, tzinfo=UTC),
            status=IncidentStatus.TRIGGERED,
            services=("checkout",),
            environment="rig",
            title="Queue depth 240 on orders",
            severity=Severity.SEV2,
            started_at=datetime(2026, 11, 23, 8, 38, 5, 734000, tzinfo=UTC),
            url="http://vm:9090/graph?g0.expr=rig_queue_depth+%3E+100&g0.tab=1",
            runbook="https://example.test/rb",
            group_key='{}/{team="auth"}:{alertname="QueueDepthHigh", service="checkout"}',
        )
        == first
    )
    assert "Queue depth 500 on refunds" == second.title
    assert first.incident_id != second.incident_id


def test_a_resolution_knows_its_start_too() -> None:
    first = incidents(RESOLVED)[0]
    ended = datetime(2026, 11, 23, 8, 38, 11, 734000, tzinfo=UTC)
    assert IncidentStatus.RESOLVED is first.status
    assert (ended, ended) == (first.occurred_at, first.resolved_at)
    assert datetime(2026, 11, 23, 8, 38, 5, 734000, tzinfo=UTC) == first.started_at


def test_a_trigger_and_its_resolution_are_one_incident() -> None:
    assert [i.incident_id for i in incidents(FIRING)] == [i.incident_id for i in incidents(RESOLVED)]


def test_the_end_of_a_firing_alert_is_not_taken() -> None:
    def end(group: Any) -> None:
        group["alerts"][0]["endsAt"] = "2026-11-23T09:00:00Z"

    assert UNSET is incidents(changed(FIRING, end))[0].resolved_at
    assert key(FIRING) == key(changed(FIRING, end))


def test_one_group_can_fire_and_be_resolved() -> None:
    def resolve_second(group: Any) -> None:
        group["alerts"][1].update(status="resolved", endsAt="2026-11-23T08:40:00Z")

    mixed = changed(FIRING, resolve_second)
    assert [IncidentStatus.TRIGGERED, IncidentStatus.RESOLVED] == [i.status for i in incidents(mixed)]
    assert len({key(FIRING), key(mixed), key(RESOLVED)}) == 3


def test_a_repeat_is_the_same_delivery_in_any_order() -> None:
    assert key(FIRING) == key(changed(FIRING, lambda group: group["alerts"].reverse()))


def test_an_alert_that_fires_again_is_another_delivery_and_another_incident() -> None:
    def again(group: Any) -> None:
        group["alerts"][0]["startsAt"] = "2026-11-23T11:00:00Z"

    assert key(FIRING) != key(changed(FIRING, again))
    assert incidents(FIRING)[0].incident_id != incidents(changed(FIRING, again))[0].incident_id


def test_alerts_left_out_are_a_warning() -> None:
    cut = changed(FIRING, lambda group: group.update(truncatedAlerts=7))
    assert ("7 alerts of this group were left out by Alertmanager; see max_alerts",) == SOURCE.parse(
        cut, SENDER
    ).warnings


def labelled(**labels: str) -> WebhookRequest:
    return changed(FIRING, lambda group: group["alerts"][0].update(labels=labels, annotations={}))


@pytest.mark.parametrize(
    ("labels", "services", "environment"),
    [
        ({"job": "node", "env": "prod", "cluster": "eu"}, ("node",), "prod"),
        ({"service": "", "job": "node"}, ("node",), None),
        ({"instance": "q1"}, (), None),
    ],
)
def test_the_first_label_that_is_there_names_service_and_environment(
    labels: dict[str, str], services: tuple[str, ...], environment: str | None
) -> None:
    incident = incidents(labelled(**labels))[0]
    assert (services, environment) == (incident.services, incident.environment)


@pytest.mark.parametrize(
    ("labels", "opens", "severity"),
    [
        ({"severity": "critical"}, True, Severity.SEV1),
        ({"severity": "warning"}, False, Severity.SEV4),
        ({"severity": "odd"}, False, UNSET),
        ({}, False, UNSET),
        ({"team": "core"}, True, UNSET),
    ],
)
def test_labels_say_how_bad_it_is_and_whether_it_opens(labels: dict[str, str], opens: bool, severity: object) -> None:
    rule = IncidentRule(opens_when={"severity": ("critical", "page"), "team": ("core",)})
    sender = WebhookSource(name="alerts", kind="alertmanager", incidents=rule)
    incident = incidents(labelled(**labels), sender)[0]
    assert (opens, severity) == (incident.opens, incident.severity)


def test_an_alert_without_a_summary_is_told_by_what_sets_it_apart() -> None:
    named = labelled(alertname="DiskFull", service="payments", severity="page", device="sda", zone="b", empty="")
    assert "DiskFull (device=sda, zone=b)" == incidents(named)[0].title
    assert "alert" == incidents(labelled())[0].title


def test_a_group_without_alerts_says_nothing() -> None:
    empty = SOURCE.parse(changed(FIRING, lambda group: group.update(alerts=[])), SENDER)
    assert ("a group without alerts", ()) == (empty.ignored, empty.reports)


def test_nul_is_replaced_since_no_database_takes_it() -> None:
    assert "a\N{REPLACEMENT CHARACTER}b" == incidents(labelled(alertname="a\0b"))[0].title


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("$.version", lambda g: g.update(version="3")),
        ("$.groupKey", lambda g: g.pop("groupKey")),
        ("$.truncatedAlerts", lambda g: g.update(truncatedAlerts="0")),
        ("$.alerts[1].startsAt", lambda g: g["alerts"][1].update(startsAt="2026-11-23T08:38:05")),
        ("$.alerts[0].startsAt", lambda g: g["alerts"][0].update(startsAt="2026-11-26T08:38:05Z")),
        ("$.alerts[0].endsAt", lambda g: g["alerts"][0].update(status="resolved", endsAt="soon")),
        ("$.alerts[0].status", lambda g: g["alerts"][0].update(status="pending")),
        ("$.alerts[0].fingerprint", lambda g: g["alerts"][0].update(fingerprint="f" * 65)),
        ("$.alerts[0].labels[...]", lambda g: g["alerts"][0]["labels"].update(queue=3)),
    ],
)
def test_the_first_wrong_field_is_named(path: str, change: Any) -> None:
    assert path == complaint(SOURCE, changed(FIRING, change), SENDER)


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer wrong", "Basic cmlnLWJlYXJlcg==", "rig-bearer"])
def test_what_is_not_the_bearer_token_is_refused(value: str | None) -> None:
    with pytest.raises(NotAuthentic):
        SOURCE.verify(with_authorization(value), SENDER)


def test_each_of_the_tokens_is_taken_while_one_is_rotated() -> None:
    SOURCE.verify(with_authorization("Bearer older"), SENDER)
    SOURCE.verify(with_authorization("bearer rig-bearer"), SENDER)


def test_a_user_name_turns_on_basic_authentication() -> None:
    SOURCE.verify(basic("twinspan", "pass:word"), BASIC)
    for wrong in (basic("other", "pass:word"), basic("twinspan", "wrong"), with_authorization("Bearer pass:word")):
        with pytest.raises(NotAuthentic):
            SOURCE.verify(wrong, BASIC)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'{"a":"\xff"}', b"[" * 100_000, b'"' + b"x" * 10])
def test_bodies_that_are_no_group_are_malformed(body: bytes) -> None:
    assert (complaint(SOURCE, WebhookRequest({}, body, AT), SENDER) or "").startswith("$")
