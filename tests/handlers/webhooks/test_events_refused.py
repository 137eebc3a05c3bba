"""Generic events that are wrong, arrays with good and bad ones, and senders who do not prove themselves."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers.errors import MalformedPayload, NotAuthentic
from handlers.webhooks import Parsed, Rejection, WebhookRequest
from handlers.webhooks.events import SOURCE
from models.topology import WebhookSource
from tests.support.webhooks import AT, captured, changed, complaint, is_well_behaved, of_json

SENDER = WebhookSource(name="ci", kind="events", secrets=("ci-token", "older"))
DEPLOY = captured("events", "event__deploy_succeeded")
CHANGE = captured("events", "event__change_flag")
INCIDENT = captured("events", "event__incident_triggered")


def parsed(request: WebhookRequest) -> Parsed:
    return SOURCE.parse(request, SENDER)


@pytest.mark.parametrize(
    ("path", "request_", "change"),
    [
        ("$.id", DEPLOY, lambda e: e.pop("id")),
        ("$.id", DEPLOY, lambda e: e.update(id="")),
        ("$.id", DEPLOY, lambda e: e.update(id="x" * 256)),
        ("$.id", DEPLOY, lambda e: e.update(id=17)),
        ("$.source", DEPLOY, lambda e: e.pop("source")),
        ("$.type", DEPLOY, lambda e: e.update(type="deployment")),
        ("$.type", DEPLOY, lambda e: e.pop("type")),
        ("$.service", DEPLOY, lambda e: e.pop("service")),
        ("$.environment", DEPLOY, lambda e: e.pop("environment")),
        ("$.environment.tier", DEPLOY, lambda e: e["environment"].update(tier="prod")),
        ("$.deploy", DEPLOY, lambda e: e.pop("deploy")),
        ("$.deploy.status", DEPLOY, lambda e: e["deploy"].update(status="ok")),
        ("$.deploy.status", DEPLOY, lambda e: e["deploy"].update(status="unknown")),
        ("$.deploy.attempt", DEPLOY, lambda e: e["deploy"].update(attempt="2")),
        ("$.deploy.additions", DEPLOY, lambda e: e["deploy"].update(additions=2**31)),
        ("$.deploy.git.commit_sha", DEPLOY, lambda e: e["deploy"]["git"].update(commit_sha="a" * 65)),
        ("$.deploy.git.commits[0].pr", DEPLOY, lambda e: e["deploy"]["git"]["commits"][0].update(pr="812")),
        (
            "$.deploy.git.commits[2].authored_at",
            DEPLOY,
            lambda e: e["deploy"]["git"].update(
                commits=[{"sha": "a"}, {"sha": "b"}, {"sha": "c", "authored_at": "2026-11-23T09:00:00"}]
            ),
        ),
        ("$.occurred_at", DEPLOY, lambda e: e.update(occurred_at="2026-11-23T09:00:00")),
        ("$.occurred_at", DEPLOY, lambda e: e.update(occurred_at=1_790_000_000)),
        ("$.occurred_at", DEPLOY, lambda e: e.update(occurred_at="yesterday")),
        ("$.occurred_at", DEPLOY, lambda e: e.update(occurred_at="0001-01-01T00:00:00+14:00")),
        ("$.occurred_at", DEPLOY, lambda e: e.update(occurred_at=(AT + timedelta(hours=25)).isoformat())),
        ("$.deploy.finished_at", DEPLOY, lambda e: e["deploy"].update(finished_at="2027-01-01T00:00:00Z")),
        ("$.title", DEPLOY, lambda e: e.update(title="a\0b")),
        ("$.deploy.git.commits[0].author", DEPLOY, lambda e: e["deploy"]["git"]["commits"][0].update(author="\0")),
        ("$.custom.x[1]", DEPLOY, lambda e: e["custom"].update(x=["", "\0"])),
        ("$.change.summary", CHANGE, lambda e: e["change"].pop("summary")),
        ("$.change.kind", CHANGE, lambda e: e["change"].update(kind="flags")),
        ("$.incident.severity", INCIDENT, lambda e: e["incident"].update(severity=2)),
        ("$.incident.test", INCIDENT, lambda e: e["incident"].update(test="yes")),
    ],
)
def test_the_first_wrong_field_is_named(path: str, request_: WebhookRequest, change: Callable[[Any], object]) -> None:
    assert path == complaint(SOURCE, changed(request_, change), SENDER)


def test_a_time_a_little_ahead_and_a_field_that_is_not_known_are_taken() -> None:
    ahead = (AT + timedelta(hours=23)).isoformat()
    assert parsed(changed(DEPLOY, lambda e: e.update(occurred_at=ahead, colour="blue"))).reports


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"null", b"7", b'"x"', b'{"a":"\xff"}', b"[" * 100_000, b'{"id":"a\0"}', b"[]", b"{}"]
)
def test_bodies_that_are_no_event_are_malformed(body: bytes) -> None:
    request = WebhookRequest({"content-type": "application/json"}, body, AT)
    assert (complaint(SOURCE, request, SENDER) or "").startswith("$")


def test_a_deeply_nested_field_does_no_harm() -> None:
    deep = DEPLOY.body.replace(b'"runner":"r1"', b'"runner":' + b"[" * 600 + b"]" * 600)
    assert is_well_behaved(SOURCE, WebhookRequest(DEPLOY.headers, deep, AT), SENDER)


def test_the_key_of_one_event_is_its_id() -> None:
    assert "flags-301" == parsed(CHANGE).key


def many(count: int) -> list[dict[str, Any]]:
    event = json.loads(CHANGE.body)
    return [{**event, "id": f"e{n}", "change": {"change_id": str(n), "summary": "x"}} for n in range(count)]


def test_of_five_hundred_events_the_bad_one_is_named_and_the_others_are_read() -> None:
    events = many(500)
    events[123]["change"]["risk"] = "none"
    result = parsed(of_json(events))
    assert 499 == len(result.reports)
    (rejection,) = result.rejected
    assert (123, "$[123].change.risk") == (rejection.index, rejection.path)


def test_a_mended_array_is_another_delivery_and_a_repeated_one_is_the_same() -> None:
    events = many(3)
    whole = parsed(of_json(events)).key
    assert whole == parsed(of_json(events)).key
    events[1]["change"].pop("summary")
    assert whole != parsed(of_json(events)).key


def test_an_array_without_a_good_event_is_malformed_at_its_first() -> None:
    assert "$[0].type" == complaint(SOURCE, of_json([{"id": "1"}, 7]), SENDER)


@pytest.mark.parametrize("count", [0, 501])
def test_an_array_has_one_to_five_hundred_events(count: int) -> None:
    with pytest.raises(MalformedPayload, match="1 to 500"):
        parsed(of_json(many(count)))


def test_an_event_that_is_no_object_is_rejected_beside_a_good_one() -> None:
    result = parsed(of_json([*many(1), "x", None]))
    assert (
        Rejection(1, "$[1]", "Expected 'object', got 'str'"),
        Rejection(2, "$[2]", "Expected 'object', got 'null'"),
    ) == result.rejected


def signed(at: datetime, secret: str = "ci-token", body: bytes = b"{}") -> WebhookRequest:
    stamp = str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    return WebhookRequest({"x-twinspan-signature": f"t={stamp},v1={mac}"}, b"{}", AT)


def test_a_signature_within_five_minutes_is_taken_with_each_secret() -> None:
    SOURCE.verify(signed(AT - timedelta(minutes=5)), SENDER)
    SOURCE.verify(signed(AT + timedelta(minutes=5), "older"), SENDER)


@pytest.mark.parametrize(
    "request_",
    [
        signed(AT - timedelta(minutes=5, seconds=1)),
        signed(AT + timedelta(minutes=5, seconds=1)),
        signed(AT, "other"),
        signed(AT, body=b"[]"),
        WebhookRequest({"x-twinspan-signature": ""}, b"{}", AT),
        WebhookRequest({"x-twinspan-signature": "t=soon,v1=00"}, b"{}", AT),
        WebhookRequest({"x-twinspan-signature": "v1=00", "authorization": "Bearer ci-token"}, b"{}", AT),
        WebhookRequest({"authorization": "Bearer wrong"}, b"{}", AT),
        WebhookRequest({}, b"{}", AT),
    ],
)
def test_what_does_not_prove_itself_is_refused(request_: WebhookRequest) -> None:
    with pytest.raises(NotAuthentic):
        SOURCE.verify(request_, SENDER)
