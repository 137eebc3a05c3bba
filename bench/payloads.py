"""What GitHub sends in the benchmarks: 10 KB each, every one with a number and an instant of its own.

`DEPLOYS` are deployments that nobody heard of before, done with their first report: the dearest that can come. `MIX`
is what a deployment is in life: a push, its pull request, and the deployment from its creation to its success.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

PADDING = 10 * 1024
# So long past that no request of a run lies in the future. They are one second apart, later ones later.
FIRST = datetime(2000, 1, 1, tzinfo=UTC)

_NUMBER, _SHA, _AT = 4242424242, "f" * 40, "2001-01-01T00:00:00Z"

_API_NAMES = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("deployments", "events", "forks", "keys", "labels", "languages", "merges", "milestones", "notifications"),
    *("pulls", "releases", "statuses", "subscribers", "tags", "teams", "trees"),
)
_SENDER = {"login": "ada", "id": 7, "type": "User"}
_REPOSITORY = {
    "id": 1,
    "full_name": "acme/payments",
    "html_url": "https://github.com/acme/payments",
    "private": True,
} | {f"{name}_url": f"https://api.github.com/repos/acme/payments/{name}{{/sha}}" for name in _API_NAMES}
_DEPLOYMENT = {
    "id": _NUMBER,
    "sha": _SHA,
    "ref": "main",
    "task": "deploy",
    "environment": "production",
    "production_environment": True,
    "created_at": _AT,
    "updated_at": _AT,
    "creator": _SENDER,
    "payload": {},
}


@dataclass(frozen=True, slots=True)
class Payload:
    """One kind of event, ready to be numbered."""

    event: str
    template: bytes

    def body(self, number: int, second: int) -> bytes:
        """Return the payload of deployment `number`, sent in that second."""
        at = FIRST + timedelta(seconds=second)
        return (
            self.template.replace(b"%d" % _NUMBER, b"%d" % number)
            .replace(_SHA.encode(), b"%040x" % number)
            .replace(_AT.encode(), f"{at:%Y-%m-%dT%H:%M:%SZ}".encode())
        )


def _payload(event: str, own: dict[str, Any]) -> Payload:
    payload = own | {"repository": _REPOSITORY, "organization": {"login": "acme", "id": 2}, "sender": _SENDER}
    bare = len(json.dumps(payload | {"description": ""}))
    return Payload(event, json.dumps(payload | {"description": _filler(PADDING - bare)}).encode())


def _filler(size: int) -> str:
    """Return text that compresses like the real thing (words and numbers, not one repeated letter)."""
    words = " ".join(
        hashlib.sha256(str(n).encode()).hexdigest()[: 5 + n % 9] + " deploys service" for n in range(size // 20)
    )
    return words[:size]


def _status(state: str) -> Payload:
    status = {
        "id": 99,
        "state": state,
        "environment": "production",
        "created_at": _AT,
        "updated_at": _AT,
        "target_url": "https://ci.example/1",
        "log_url": "https://ci.example/1",
        "creator": _SENDER,
        "description": "",
    }
    return _payload("deployment_status", {"action": "created", "deployment_status": status, "deployment": _DEPLOYMENT})


def _push() -> Payload:
    author = {"name": "Ada", "username": "ada"}
    commit = {"id": _SHA, "timestamp": _AT, "message": "Charge in the customer's currency", "author": author}
    return _payload("push", {"ref": "refs/heads/main", "after": _SHA, "commits": [commit]})


def _merge() -> Payload:
    pull = {"number": 7, "title": "Charge in the customer's currency", "merged": True, "user": _SENDER}
    merged = pull | {"merged_at": _AT, "merge_commit_sha": _SHA}
    return _payload("pull_request", {"action": "closed", "number": 7, "pull_request": merged})


DEPLOYS: Sequence[Payload] = (_status("success"),)
MIX: Sequence[Payload] = (
    _push(),
    _merge(),
    _payload("deployment", {"action": "created", "deployment": _DEPLOYMENT}),
    *map(_status, ("queued", "in_progress", "success")),
)
