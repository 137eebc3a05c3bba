"""How senders prove who they are, and how they fail to."""

import base64
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.errors import NotAuthentic
from handlers.signatures import (
    check_basic,
    check_bearer,
    check_fresh,
    check_hmac,
    check_standard_webhook,
    check_timestamped,
    check_token,
)

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW = str(int(AT.timestamp()))
BODY = b'{"id": "1"}'
SECRETS = ("newer", "older")

# The worked example of the specification.
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
STANDARD_TIME = "1614265330"
STANDARD_AT = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def reason(check: Callable[[], None]) -> str | None:
    """Return why a check fails, or `None` where it does not."""
    try:
        check()
    except NotAuthentic as error:
        return error.reason
    return None


def timestamped(timestamp: str = NOW, secret: str = "newer", body: bytes = BODY) -> str:
    return f"t={timestamp},v1={hmac.digest(secret.encode(), timestamp.encode() + b'.' + body, 'sha256').hex()}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def standard(
    secrets: tuple[str, ...] = (STANDARD_SECRET,),
    *,
    given: str | None = STANDARD_SIGNATURE,
    message_id: str | None = STANDARD_ID,
    timestamp: str | None = STANDARD_TIME,
    at: datetime = STANDARD_AT,
) -> str | None:
    return reason(
        lambda: check_standard_webhook(
            STANDARD_BODY, message_id=message_id, timestamp=timestamp, given=given, secrets=secrets, at=at
        )
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("newer", None),
        ("older", None),
        ("new", "token_wrong"),
        ("newerr", "token_wrong"),
        ("\xe9", "token_wrong"),
        ("€", "token_wrong"),
        ("", "token_missing"),
        (None, "token_missing"),
    ],
)
def test_a_token_is_one_of_the_secrets(given: str | None, why: str | None) -> None:
    assert why == reason(lambda: check_token(given, SECRETS))


def test_a_secret_outside_ascii_is_compared_as_the_bytes_that_were_sent() -> None:
    sent = "gehéim".encode().decode("latin-1")
    check_token(sent, ["gehéim"])
    check_bearer(f"Bearer {sent}", ["gehéim"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("Bearer newer", None),
        ("bearer  newer ", None),
        ("Bearer wrong", "token_wrong"),
        ("Bearer ", "token_missing"),
        ("Bearer", "token_missing"),
        ("newer", "bearer_missing"),
        ("Basic newer", "bearer_missing"),
        (None, "bearer_missing"),
    ],
)
def test_a_bearer_token_is_one_of_the_secrets(given: str | None, why: str | None) -> None:
    assert why == reason(lambda: check_bearer(given, SECRETS))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (basic("ci", "newer"), None),
        (basic("ci", "older"), None),
        (basic("ci", "oldest"), "basic_wrong"),
        (basic("someone", "newer"), "basic_wrong"),
        ("Basic ci:newer", "basic_not_base64"),
        ("Basic \xe9", "basic_not_base64"),
        ("Basic", "basic_wrong"),
        ("Bearer newer", "basic_missing"),
        (None, "basic_missing"),
    ],
)
def test_basic_authentication_is_the_name_with_one_of_the_secrets(given: str | None, why: str | None) -> None:
    assert why == reason(lambda: check_basic(given, "ci", SECRETS))


def test_an_hmac_is_the_one_of_githubs_own_example() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check_hmac(b"Hello, World!", signature, ["It's a Secret to Everybody"], prefix="sha256=")


@pytest.mark.parametrize("secret", SECRETS)
def test_an_hmac_may_be_made_with_any_of_the_secrets(secret: str) -> None:
    check_hmac(BODY, hmac.digest(secret.encode(), BODY, "sha256").hex(), SECRETS)


@pytest.mark.parametrize(
    ("given", "why"), [(None, "signature_missing"), ("", "signature_missing"), ("00", "signature_wrong")]
)
def test_without_its_hmac_a_body_proves_nothing(given: str | None, why: str) -> None:
    assert why == reason(lambda: check_hmac(BODY, given, SECRETS))


def test_without_a_secret_nothing_is_authentic() -> None:
    made_with_nothing = hmac.digest(b"", BODY, "sha256").hex()
    assert "signature_wrong" == reason(lambda: check_hmac(BODY, made_with_nothing, ()))
    assert "token_wrong" == reason(lambda: check_token("x", ()))
    assert "signature_wrong" == standard(())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (timestamped(), None),
        (timestamped(secret="older"), None),
        (timestamped() + ",v2=abc", None),
        (timestamped(secret="other"), "signature_wrong"),
        (timestamped(body=b"other"), "signature_wrong"),
        (f"t={int(NOW) + 1}," + timestamped().partition(",")[2], "signature_wrong"),
        (timestamped("now"), "timestamp_malformed"),
        (timestamped("9" * 30), "timestamp_malformed"),
        (timestamped("9" * 5000), "timestamp_malformed"),
        (f"t={NOW}", "signature_missing"),
        ("v1=abc", "signature_missing"),
        ("abc", "signature_missing"),
        ("", "signature_missing"),
        (None, "signature_missing"),
    ],
)
def test_a_timestamped_signature_covers_its_instant_and_the_body(given: str | None, why: str | None) -> None:
    assert why == reason(lambda: check_timestamped(BODY, given, SECRETS, at=AT))


@pytest.mark.parametrize(
    ("seconds", "why"), [(-301, "timestamp_stale"), (-300, None), (300, None), (301, "timestamp_stale")]
)
def test_an_instant_is_fresh_for_five_minutes_either_way(seconds: int, why: str | None) -> None:
    sent = str(int((AT + timedelta(seconds=seconds)).timestamp()))
    assert why == reason(lambda: check_fresh(sent, at=AT))


def test_the_window_can_be_made_narrower() -> None:
    sent = str(int((AT - timedelta(seconds=61)).timestamp()))
    assert "timestamp_stale" == reason(lambda: check_fresh(sent, at=AT, window=timedelta(minutes=1)))


def test_a_standard_webhook_is_the_one_of_the_specification() -> None:
    assert standard() is None
    assert standard(("whsec_AAAA", STANDARD_SECRET)) is None
    assert standard(given=f"v1a,key v1,AAAA {STANDARD_SIGNATURE}") is None


def test_a_standard_webhook_may_have_a_plain_secret() -> None:
    for secret in ("plain", "whsec_not base64", "whsec_\xe9", "whsec_"):
        made = hmac.digest(secret.encode(), f"{STANDARD_ID}.{STANDARD_TIME}.".encode() + STANDARD_BODY, "sha256")
        assert standard((secret,), given="v1," + base64.b64encode(made).decode()) is None


def test_a_standard_secret_that_is_only_its_prefix_is_no_empty_key() -> None:
    made = hmac.digest(b"", f"{STANDARD_ID}.{STANDARD_TIME}.".encode() + STANDARD_BODY, "sha256")
    assert "signature_wrong" == standard(("whsec_",), given="v1," + base64.b64encode(made).decode())


def test_a_standard_webhook_without_one_of_its_parts_proves_nothing() -> None:
    assert "signature_missing" == standard(given=None)
    assert "signature_missing" == standard(message_id=None)
    assert "signature_missing" == standard(timestamp=None)
    assert "signature_wrong" == standard(message_id="another")
    assert "signature_wrong" == standard(given=STANDARD_SIGNATURE.removeprefix("v1,"))
    assert "timestamp_stale" == standard(at=AT)
    assert "timestamp_malformed" == standard(timestamp="soon")


@given(st.text(), st.binary())
def test_whatever_a_header_holds_it_is_only_refused(header: str, body: bytes) -> None:
    assert reason(lambda: check_token(header, SECRETS)) or header in SECRETS
    assert reason(lambda: check_bearer(f"Bearer {header}", SECRETS)) or header.strip() in SECRETS
    assert reason(lambda: check_basic(f"Basic {header}", "ci", SECRETS))
    assert reason(lambda: check_hmac(body, header, SECRETS))
    assert reason(lambda: check_timestamped(body, header, SECRETS, at=AT))
    assert reason(lambda: check_timestamped(body, f"t={header},v1={header}", SECRETS, at=AT))
    assert reason(
        lambda: check_standard_webhook(body, message_id=header, timestamp=header, given=header, secrets=SECRETS, at=AT)
    )


def test_a_refusal_says_nothing_of_the_secret() -> None:
    with pytest.raises(NotAuthentic) as refused:
        check_token("guess", SECRETS)
    assert "signature or token missing or wrong" == str(refused.value)
