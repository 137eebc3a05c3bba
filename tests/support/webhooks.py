"""Captured requests: reads them, changes and signs them, and asks a parser what they say."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers.errors import MalformedPayload
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.topology import WebhookSource

FIXTURES = Path(__file__).parents[1] / "fixtures" / "webhooks"
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

# What the stored requests of GitHub and GitLab are signed with, at `AT`.
FIXTURE_SECRET = "fixture-secret"
FIXTURE_SIGNING_KEY = "whsec_ie03kqjVSh4E4LKUWknFjbBmnbX4Yku6kt2M6K1dT/A="


def captured(kind: str, name: str) -> WebhookRequest:
    """Return a fixture as the request it was."""
    stored = json.loads((FIXTURES / kind / f"{name}.json").read_text("utf-8"))
    return WebhookRequest(headers=stored["headers"], body=stored["body"].encode(), at=AT)


def names(kind: str) -> list[str]:
    """Return the names of all fixtures of a kind."""
    return sorted(path.stem for path in (FIXTURES / kind).glob("*.json"))


def of_json(value: Any, headers: dict[str, str] | None = None, at: datetime = AT) -> WebhookRequest:
    """Return a request whose body is this value."""
    return WebhookRequest({"content-type": "application/json", **(headers or {})}, json.dumps(value).encode(), at)


def json_of(request: WebhookRequest) -> Any:
    """Return the value that is the body of a request."""
    return json.loads(request.body)


def changed(request: WebhookRequest, change: Callable[[Any], object]) -> WebhookRequest:
    """Return a request with its JSON changed in place by `change`."""
    value = json.loads(request.body)
    change(value)
    return WebhookRequest(request.headers, json.dumps(value).encode(), request.at)


def complaint(kind: SourceKind, request: WebhookRequest, source: WebhookSource) -> str | None:
    """Return the path of the first wrong field, or `None` where the request is fine."""
    try:
        kind.parse(request, source)
    except MalformedPayload as error:
        return error.path
    return None


def is_well_behaved(kind: SourceKind, request: WebhookRequest, source: WebhookSource) -> bool:
    """Say whether parsing gives a result or the one error it may give (any other is raised)."""
    try:
        return isinstance(kind.parse(request, source), Parsed)
    except MalformedPayload as error:
        return bool(error.path and error.problem)


def mutations(value: Any, replacement: Any) -> Iterator[Any]:
    """Yield a value once with each of its parts replaced, and once with each left out."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            for part in (replacement, *mutations(value[key], replacement)):
                yield {**value, key: part}
    if isinstance(value, list):
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
            for part in (replacement, *mutations(value[place], replacement)):
                yield [*value[:place], part, *value[place + 1 :]]


def sign_github(secret: str, body: bytes) -> str:
    """Return the `X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def sign_gitlab_standard(secret: str, body: bytes, *, at: datetime, message_id: str = "msg-1") -> dict[str, str]:
    """Return the headers of a body that GitLab signs with a `whsec_` secret, as Standard Webhooks says."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(made).decode(),
    }


def github_deployment_status(
    *,
    deployment_id: int = 1184220451,
    state: str = "success",
    at: datetime = AT,
    environment: str = "production",
    sha: str | None = None,
    repository: str = "acme/payments",
) -> bytes:
    """Return a `deployment_status` body of about 10 KB, as GitHub writes it, for a deployment of one's own."""
    value = json.loads(captured("github", "deployment_status__success").body)
    instant = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    value["deployment"] |= {"id": deployment_id, "environment": environment, "updated_at": instant}
    value["deployment"] |= {"sha": sha} if sha else {}
    value["deployment"]["production_environment"] = environment == "production"
    value["deployment_status"] |= {"state": state, "environment": environment, "created_at": instant}
    value["repository"]["full_name"] = repository
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
