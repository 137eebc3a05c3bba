"""What GitHub never sends: forged, broken and strange requests."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.errors import MalformedPayload, NotAuthentic
from handlers.webhooks import WebhookRequest
from handlers.webhooks.github import SOURCE
from models.topology import WebhookSource
from tests.support.webhooks import (
    AT,
    FIXTURE_SECRET,
    captured,
    changed,
    complaint,
    is_well_behaved,
    json_of,
    mutations,
    of_json,
    sign_github,
)

SENDER = WebhookSource(name="github", kind="github", secrets=("newer", FIXTURE_SECRET))
BY_WORKFLOW = WebhookSource(name="github", kind="github", deploy_workflows={"deploy.yml": "production"})
SUCCESS = captured("github", "deployment_status__success")


def with_deployment(**fields: Any) -> WebhookRequest:
    return changed(SUCCESS, lambda body: body["deployment"].update(fields))


def with_status(**fields: Any) -> WebhookRequest:
    return changed(SUCCESS, lambda body: body["deployment_status"].update(fields))


@pytest.mark.parametrize("name", ["x-github-event", "x-github-delivery"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = {key: value for key, value in SUCCESS.headers.items() if key != name}
    assert f"header {name}" == complaint(SOURCE, WebhookRequest(headers, SUCCESS.body, AT), SENDER)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (with_deployment(id="1184220451"), "$.deployment.id"),
        (with_deployment(id=2**63), "$.deployment.id"),
        (with_deployment(sha=None), "$.deployment.sha"),
        (with_deployment(environment="x" * 256), "$.deployment.environment"),
        (with_status(state=1), "$.deployment_status.state"),
        (with_status(created_at="2026-11-23T09:03:41"), "$.deployment_status.created_at"),
        (with_status(created_at="2026-11-25T12:00:01Z"), "$.deployment_status.created_at"),
        (with_status(created_at="yesterday"), "$.deployment_status.created_at"),
        (with_status(created_at="0001-01-01T00:00:00+10:00"), "$.deployment_status.created_at"),
        (changed(SUCCESS, lambda body: body.pop("repository")), "$.repository"),
        (changed(SUCCESS, lambda body: body["deployment"].pop("id")), "$.deployment.id"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(request_: WebhookRequest, path: str) -> None:
    assert path == complaint(SOURCE, request_, SENDER)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"{",
        b"not json",
        b"null",
        b"[]",
        b'"text"',
        b"payload=%7B%7D",
        b"\xef\xbb\xbf{}",
        b'{"deployment": NaN}',
        b'{"unused": "\xff"}',
        b'{"unused": "\\ud800"}',
        b'{"unused": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        SUCCESS.body[: len(SUCCESS.body) // 2],
        SUCCESS.body + b"}",
    ],
)
def test_a_body_that_is_no_whole_object_is_malformed(body: bytes) -> None:
    assert complaint(SOURCE, WebhookRequest(SUCCESS.headers, body, AT), SENDER)


def test_a_signature_of_any_secret_is_accepted() -> None:
    for secret in SENDER.secrets:
        signed = {"x-hub-signature-256": sign_github(secret, SUCCESS.body)}
        SOURCE.verify(WebhookRequest(signed, SUCCESS.body, AT), SENDER)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=é",
        sign_github("another", SUCCESS.body),
        sign_github(FIXTURE_SECRET, SUCCESS.body + b" "),
        sign_github(FIXTURE_SECRET, SUCCESS.body).removeprefix("sha256="),
        sign_github(FIXTURE_SECRET, SUCCESS.body).upper(),
    ],
)
def test_any_other_signature_is_refused(signature: str | None) -> None:
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    with pytest.raises(NotAuthentic):
        SOURCE.verify(WebhookRequest(headers, SUCCESS.body, AT), SENDER)


def test_the_old_signature_alone_proves_nothing() -> None:
    headers = {"x-hub-signature": SUCCESS.headers["x-hub-signature"]}
    with pytest.raises(NotAuthentic):
        SOURCE.verify(WebhookRequest(headers, SUCCESS.body, AT), SENDER)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, st.sampled_from(SOURCE.events))
def test_any_json_is_read_or_malformed(value: Any, event: str) -> None:
    request = of_json(value, {"x-github-event": event, "x-github-delivery": "1"})
    assert is_well_behaved(SOURCE, request, BY_WORKFLOW)


# Only what is read of a payload is worth changing: the rest is passed over.
READ = {
    "deployment__created": ("deployment", "workflow_run"),
    "deployment_status__success": ("deployment", "deployment_status"),
    "workflow_run__success": ("workflow_run",),
    "push__two_commits": ("ref", "commits"),
    "pull_request__merged": ("pull_request",),
    "release__published": ("action", "release"),
}


@given(VALUES | st.sampled_from(["9999-12-31T23:59:59-10:00", "2026-11-23", "\0", 2**64]), st.sampled_from(list(READ)))
@settings(max_examples=60)
def test_any_change_to_a_real_payload_is_read_or_malformed(replacement: Any, name: str) -> None:
    request = captured("github", name)
    body = json_of(request)
    source = BY_WORKFLOW if name.startswith("workflow_run") else SENDER
    for part in READ[name]:
        for value in mutations(body[part], replacement):
            assert is_well_behaved(SOURCE, of_json({**body, part: value}, dict(request.headers)), source)


@given(st.sampled_from(list(READ)), st.datetimes(timezones=st.timezones()))
def test_every_instant_that_is_told_is_in_utc(name: str, moment: datetime) -> None:
    def change(body: dict[str, Any]) -> None:
        for part in READ[name]:
            for told in body[part] if isinstance(body[part], list) else [body[part]]:
                if isinstance(told, dict):
                    told.update({key: moment.isoformat() for key in told if key.endswith(("_at", "timestamp"))})

    request = changed(captured("github", name), change)
    try:
        found = SOURCE.parse(request, BY_WORKFLOW if name.startswith("workflow_run") else SENDER).reports
    except MalformedPayload:
        return  # an offset with seconds, or an instant outside the calendar
    instants = [getattr(report, field.name) for report in found for field in fields(report)]
    assert {timedelta()} == {value.utcoffset() for value in instants if isinstance(value, datetime)}
