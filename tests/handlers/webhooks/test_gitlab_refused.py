"""What GitLab never sends: forged, broken and strange requests; and by what a delivery is known again."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.errors import NotAuthentic
from handlers.webhooks import WebhookRequest
from handlers.webhooks.gitlab import SOURCE
from models.topology import WebhookSource
from tests.support.webhooks import (
    AT,
    FIXTURE_SECRET,
    FIXTURE_SIGNING_KEY,
    captured,
    changed,
    complaint,
    is_well_behaved,
    json_of,
    mutations,
    names,
    of_json,
    sign_gitlab_standard,
)

SENDER = WebhookSource(name="gitlab", kind="gitlab", secrets=(FIXTURE_SECRET, FIXTURE_SIGNING_KEY))
BY_PIPELINE = WebhookSource(name="gitlab", kind="gitlab", deploy_workflows={"Deploy to production": "production"})
SUCCESS = captured("gitlab", "deployment__success")
PIPELINE = captured("gitlab", "pipeline__success")
RELEASE = captured("gitlab", "release__created")
SIGNED = sign_gitlab_standard(FIXTURE_SIGNING_KEY, SUCCESS.body, at=AT)


def verify(headers: dict[str, str], body: bytes = SUCCESS.body) -> None:
    SOURCE.verify(WebhookRequest(headers, body, AT), SENDER)


def test_a_token_or_a_signature_is_enough() -> None:
    verify({"x-gitlab-token": FIXTURE_SECRET})
    verify(SIGNED)


def test_one_right_signature_among_several_is_enough_while_a_key_rotates() -> None:
    verify({**SIGNED, "webhook-signature": f"v1,AAAA v2,zzzz {SIGNED['webhook-signature']}"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-gitlab-token": ""},
        {"x-gitlab-token": "another"},
        {"x-gitlab-token": FIXTURE_SECRET + "é"},
        {**SIGNED, "webhook-signature": ""},
        {**SIGNED, "webhook-signature": "v1,"},
        {**SIGNED, "webhook-signature": SIGNED["webhook-signature"].removeprefix("v1,")},
        {**SIGNED, "webhook-id": "another"},
        {**SIGNED, "webhook-timestamp": str(int(AT.timestamp()) + 1)},
        {**SIGNED, "webhook-timestamp": "soon"},
        {"webhook-signature": SIGNED["webhook-signature"]},
        {"x-gitlab-token": FIXTURE_SECRET, "webhook-signature": "v1,AAAA"},
    ],
)
def test_any_other_proof_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic):
        verify(headers)


def test_a_signed_body_that_was_changed_is_refused() -> None:
    with pytest.raises(NotAuthentic):
        verify(SIGNED, SUCCESS.body + b" ")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_more_than_five_minutes_away_is_refused(seconds: int) -> None:
    stale = sign_gitlab_standard(FIXTURE_SIGNING_KEY, SUCCESS.body, at=AT + timedelta(seconds=seconds))
    with pytest.raises(NotAuthentic, match="missing or wrong"):
        verify(stale)


def test_a_delivery_is_known_by_its_idempotency_key_else_its_event_else_its_body() -> None:
    headers = {name: SUCCESS.headers[name] for name in SOURCE.headers}
    keys = []
    for missing in ("", "idempotency-key", "x-gitlab-event-uuid"):
        headers.pop(missing, None)
        keys.append(SOURCE.parse(WebhookRequest(dict(headers), SUCCESS.body, AT), SENDER).key)
    assert [SUCCESS.headers["idempotency-key"], SUCCESS.headers["x-gitlab-event-uuid"]] == keys[:2]
    assert 64 == len(keys[2])


@pytest.mark.parametrize("name", names("gitlab"))
def test_a_stored_delivery_can_be_read_again_from_the_headers_that_are_kept(name: str) -> None:
    request = captured("gitlab", name)
    kept = {key: value for key, value in request.headers.items() if key in SOURCE.headers}
    assert SOURCE.parse(request, BY_PIPELINE) == SOURCE.parse(
        WebhookRequest(kept, request.body, request.at), BY_PIPELINE
    )


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (changed(SUCCESS, lambda body: body.update(deployment_id="15")), "$.deployment_id"),
        (changed(SUCCESS, lambda body: body.pop("environment")), "$.environment"),
        (changed(SUCCESS, lambda body: body.update(environment="x" * 256)), "$.environment"),
        (changed(SUCCESS, lambda body: body.update(status_changed_at="2026-11-23 10:03:41")), "$.status_changed_at"),
        (
            changed(SUCCESS, lambda body: body.update(status_changed_at="2026-11-25 12:00:01 UTC")),
            "$.status_changed_at",
        ),
        (changed(SUCCESS, lambda body: body.update(status_changed_at="now")), "$.status_changed_at"),
        (changed(SUCCESS, lambda body: body["project"].pop("path_with_namespace")), "$.project.path_with_namespace"),
        (
            changed(PIPELINE, lambda body: body["object_attributes"].update(finished_at="2026-11-23 09:03:41")),
            "$.object_attributes.finished_at",
        ),
        (
            changed(PIPELINE, lambda body: body["object_attributes"].update(finished_at="2026-11-25 12:00:01 UTC")),
            "$.object_attributes.finished_at",
        ),
        (
            changed(PIPELINE, lambda body: body["object_attributes"].update(created_at="2026-11-25 12:00:01 UTC")),
            "$.object_attributes.created_at",
        ),
        (changed(PIPELINE, lambda body: body["commit"].update(timestamp="?")), "$.commit.timestamp"),
        (changed(RELEASE, lambda body: body.update(released_at="2026-11-23")), "$.released_at"),
        (WebhookRequest({}, SUCCESS.body, AT), "header x-gitlab-event"),
        (WebhookRequest(SUCCESS.headers, SUCCESS.body[:500], AT), "$"),
        (WebhookRequest(SUCCESS.headers, b"", AT), "$"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(request_: WebhookRequest, path: str) -> None:
    assert path == complaint(SOURCE, request_, BY_PIPELINE if path.startswith(("$.object", "$.commit")) else SENDER)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
STRANGE = VALUES | st.sampled_from(
    ["9999-12-31 23:59:59 -1000", "0001-01-01T00:00:00+14:00", "2026-11-23", "\0", 2**64]
)


@given(VALUES, st.sampled_from(["Deployment Hook", "Pipeline Hook", "Release Hook", "?"]))
def test_any_json_is_read_or_malformed(value: Any, hook: str) -> None:
    assert is_well_behaved(SOURCE, of_json(value, {"x-gitlab-event": hook}), BY_PIPELINE)


@given(STRANGE, st.sampled_from(names("gitlab")))
@settings(max_examples=60)
def test_any_change_to_a_real_payload_is_read_or_malformed(replacement: Any, name: str) -> None:
    request = captured("gitlab", name)
    body = {key: value for key, value in json_of(request).items() if key != "builds"}
    source = BY_PIPELINE if name.startswith("pipeline") else SENDER
    for value in mutations(body, replacement):
        assert is_well_behaved(SOURCE, of_json(value, dict(request.headers)), source)
