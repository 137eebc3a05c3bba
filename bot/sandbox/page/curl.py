"""Lines for a shell that send an event of one's own to the bot's webhook door, with the credentials of this demo."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from bot.sandbox.page.options import ScenarioDoor


@dataclass(frozen=True, slots=True)
class CurlLine:
    """One thing to paste: what it is, what to look for, and the shell text."""

    title: str
    about: str
    shell: str


def github_signature(secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256`: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def curl_lines(door: ScenarioDoor | None) -> list[CurlLine]:
    """A line for each source whose secret the door knows."""
    makers = {"events": (_change, _deploy), "github": (_signed_here, _signed_before), "alertmanager": (_alert,)}
    return [
        make(f"{door.base_url}/webhooks/{source}", secret)
        for source, lines in makers.items()
        if door and (secret := door.secrets.get(source))
        for make in lines
    ]


def _change(url: str, secret: str) -> CurlLine:
    about = "The generic form, with a bearer token: the one for any script of your own."
    body = _generic("change", "payments", '"kind": "config", "summary": "Raised the timeout to 30 s", "status": "done"')
    return CurlLine("A small change", about, _bearer(url, secret, body))


def _deploy(url: str, secret: str) -> CurlLine:
    body = _generic("deploy", "checkout", '"status": "succeeded", "version": "1.8.0"')
    return CurlLine("A deploy", "The same form from a CI job: one line in both channels.", _bearer(url, secret, body))


def _generic(kind: str, service: str, told: str) -> list[str]:
    """A generic event that tells `told`; the shell fills in a new id and the time."""
    return [
        f'"type": "{kind}", "source": "my-shell", "actor": "me", "id": "{kind}-\'$(date +%s)\'",',
        '"occurred_at": "\'$(date -u +%FT%TZ)\'", "service": "' + service + '",',
        '"environment": {"id": "production", "tier": "production"},',
        f'"{kind}": {{"{kind}_id": "shell-\'$(date +%s)\'", {told}}}',
    ]


def _alert(url: str, secret: str) -> CurlLine:
    body = [
        '"version": "4", "receiver": "twinspan", "status": "firing", "truncatedAlerts": 0,',
        '"groupKey": "{}:{service=\\"payments\\"}", "groupLabels": {"service": "payments"},',
        '"commonLabels": {"service": "payments", "severity": "critical"}, "commonAnnotations": {},',
        '"externalURL": "http://localhost:9093", "alerts": [{"status": "firing",',
        '"labels": {"alertname": "DiskAlmostFull", "service": "payments", "severity": "critical"},',
        '"annotations": {"summary": "2 % left on db-1"}, "generatorURL": "http://localhost:9090",',
        '"startsAt": "\'$(date -u +%FT%TZ)\'", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "\'$(date +%s)\'"}]',
    ]
    about = "What Prometheus Alertmanager sends: an incident opens, with buttons."
    return CurlLine("An alert", about, _bearer(url, secret, body))


def _signed_here(url: str, secret: str) -> CurlLine:
    body = _status_body("'$ID'", "'$NOW'")
    shell = (
        f"SECRET={quote(secret)}; ID=$(date +%s); NOW=$(date -u +%FT%TZ)\n"
        f"BODY='{body}'\n"
        'SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d" " -f1)\n'
        f"curl -sS {quote(url)} -H 'Content-Type: application/json' -H 'X-GitHub-Event: deployment_status' \\\n"
        '  -H "X-GitHub-Delivery: curl-$ID" -H "X-Hub-Signature-256: sha256=$SIGNATURE" --data-binary "$BODY"'
    )
    about = "A deployment_status, its HMAC made by openssl from the body."
    return CurlLine("GitHub, signed in your shell", about, shell)


def _signed_before(url: str, secret: str) -> CurlLine:
    body = _status_body("424242", "2026-01-01T12:00:00Z")
    shell = (
        f"curl -sS {quote(url)} -H 'Content-Type: application/json' -H 'X-GitHub-Event: deployment_status' \\\n"
        "  -H 'X-GitHub-Delivery: 8a6f2c3e-7b1d-4f0a-9c55-0d6e2b9f1a42' \\\n"
        f"  -H 'X-Hub-Signature-256: {github_signature(secret, body.encode())}' \\\n"
        f"  --data-binary {quote(body)}"
    )
    return CurlLine(
        "GitHub, already signed", "Send it twice: the second is answered “duplicate”. Change a letter: 401.", shell
    )


def _status_body(identity: str, at: str) -> str:
    """A deployment_status cut to what matters; `identity` and `at` may be shell text that closes the quotes."""
    body = json.dumps(
        {
            "action": "created",
            "deployment_status": {
                "id": "ID", "state": "success", "environment": "staging", "created_at": "AT", "updated_at": "AT",
                "log_url": "https://github.com/acme/payments/actions", "creator": {"login": "you"},
            },
            "deployment": {
                "id": "ID", "sha": "f" * 40, "ref": "main", "task": "deploy", "environment": "staging",
                "description": "Sent from a shell", "creator": {"login": "you"}, "created_at": "AT", "updated_at": "AT",
                "production_environment": False, "transient_environment": False,
            },
            "repository": {"id": 1, "full_name": "acme/payments", "html_url": "https://github.com/acme/payments"},
            "sender": {"login": "you"},
        },
        separators=(",", ":"),
    )  # fmt: skip
    return body.replace('"ID"', identity).replace("AT", at)


def _bearer(url: str, secret: str, body: Sequence[str]) -> str:
    lines = "\n     ".join(body)
    return (
        f"curl -sS {quote(url)} \\\n  -H {quote(f'Authorization: Bearer {secret}')} \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{{\n     {lines}\n  }}'"
    )
