"""How senders prove who they are. Every comparison takes the same time whatever is wrong."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from handlers.errors import NotAuthentic

# A signed instant may lie this far from ours: the window of Standard Webhooks and of Slack
# (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
REPLAY_WINDOW: Final = timedelta(minutes=5)


def check_token(given: str | None, secrets: Iterable[str]) -> None:
    """Check a token that is sent as it is.

    Raises:
        NotAuthentic: it is missing, or none of the secrets.
    """
    if not given:
        raise NotAuthentic("token_missing")
    if not _is_any(_raw(given), (secret.encode() for secret in secrets)):
        raise NotAuthentic("token_wrong")


def check_bearer(authorization: str | None, secrets: Iterable[str]) -> None:
    """Check `Authorization: Bearer …`.

    Raises:
        NotAuthentic: it is missing, of another scheme, or none of the secrets.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthentic("bearer_missing")
    check_token(token.strip(), secrets)


def check_basic(authorization: str | None, username: str, secrets: Iterable[str]) -> None:
    """Check `Authorization: Basic …`; the secrets are the passwords.

    Raises:
        NotAuthentic: it is missing, not base64, or not this name with one of the passwords.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise NotAuthentic("basic_missing")
    try:
        given = base64.b64decode(_raw(encoded.strip()), validate=True)
    except binascii.Error as error:
        raise NotAuthentic("basic_not_base64") from error
    if not _is_any(given, (f"{username}:{secret}".encode() for secret in secrets)):
        raise NotAuthentic("basic_wrong")


def check_hmac(body: bytes, given: str | None, secrets: Iterable[str], *, prefix: str = "") -> None:
    """Check a hexadecimal HMAC-SHA256 of the raw body, written after `prefix`.

    Raises:
        NotAuthentic: it is missing, or made with none of the secrets.
    """
    if not given:
        raise NotAuthentic("signature_missing")
    made = [(prefix + hmac.digest(secret.encode(), body, "sha256").hex()).encode() for secret in secrets]
    if not _is_any(_raw(given), made):
        raise NotAuthentic("signature_wrong")


def check_any_hmac(body: bytes, given: str | None, secrets: Iterable[str], *, prefix: str) -> None:
    """Check comma-separated signatures as `check_hmac` does: one for each secret while the sender replaces its own.

    Raises:
        NotAuthentic: they are missing, or none is made with one of the secrets.
    """
    candidates = [_raw(part.strip()) for part in (given or "").split(",") if part.strip().startswith(prefix)]
    if not candidates:
        raise NotAuthentic("signature_missing")
    made = [(prefix + hmac.digest(secret.encode(), body, "sha256").hex()).encode() for secret in secrets]
    if not any([_is_any(candidate, made) for candidate in candidates]):  # noqa: C419  # all of them, in the same time
        raise NotAuthentic("signature_wrong")


def check_timestamped(
    body: bytes, given: str | None, secrets: Iterable[str], *, at: datetime, window: timedelta = REPLAY_WINDOW
) -> None:
    """Check `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, within the replay window around `at`.

    Raises:
        NotAuthentic: it is missing, malformed, stale, or made with none of the secrets.
    """
    parts = dict(part.split("=", 1) for part in (given or "").split(",") if "=" in part)
    if "t" not in parts or "v1" not in parts:
        raise NotAuthentic("signature_missing")
    check_fresh(parts["t"], at=at, window=window)
    check_hmac(_raw(parts["t"]) + b"." + body, parts["v1"], secrets)


def check_standard_webhook(
    body: bytes,
    *,
    message_id: str | None,
    timestamp: str | None,
    given: str | None,
    secrets: Iterable[str],
    at: datetime,
) -> None:
    """Check a Standard Webhooks signature: space-separated `v1,<base64>`, over `id.timestamp.body`.

    Raises:
        NotAuthentic: a part is missing, the timestamp is stale, or no signature is made with one of the secrets.
    """
    if not (message_id and timestamp and given):
        raise NotAuthentic("signature_missing")
    check_fresh(timestamp, at=at)
    signed = _raw(f"{message_id}.{timestamp}.") + body
    made = [base64.b64encode(hmac.digest(_standard_key(secret), signed, "sha256")) for secret in secrets]
    candidates = [_raw(part.removeprefix("v1,")) for part in given.split() if part.startswith("v1,")]
    if not any([_is_any(candidate, made) for candidate in candidates]):  # noqa: C419  # all of them, in the same time
        raise NotAuthentic("signature_wrong")


def check_fresh(timestamp: str, *, at: datetime, window: timedelta = REPLAY_WINDOW) -> None:
    """Check that unix seconds lie within the window around `at`.

    Raises:
        NotAuthentic: they are no number, or too far off.
    """
    try:
        sent = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotAuthentic("timestamp_malformed") from error
    if abs(at - sent) > window:
        raise NotAuthentic("timestamp_stale")


def _standard_key(secret: str) -> bytes:
    """Return the key of a `whsec_` secret, which is base64, or of a plain one."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        # Anybody could sign with the empty key of a bare prefix.
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True) or secret.encode()
    except ValueError:
        return secret.encode()


def _raw(header: str) -> bytes:
    """Return a header as it was sent: a server reads any byte as one character."""
    return header.encode("latin-1", "replace")


def _is_any(given: bytes, expected: Iterable[bytes]) -> bool:
    """Compare with every one, also after a match."""
    return any([hmac.compare_digest(given, one) for one in expected])  # noqa: C419  # a generator would stop early
