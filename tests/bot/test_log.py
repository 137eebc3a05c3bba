import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.log import STRUCK_OUT, Redactor, bind_request, set_up


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up(secrets=["s3cret-value", "x"], stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_away_from_a_terminal_a_line_is_json_with_its_request(out: io.StringIO) -> None:
    bind_request("7f3a")
    structlog.get_logger("bot.test").info("stored", delivery=7)
    (line,) = lines(out)
    assert ("stored", 7, "7f3a", "info", "bot.test") == (
        line["event"],
        line["delivery"],
        line["request_id"],
        line["level"],
        line["logger"],
    )
    assert line["timestamp"].endswith("Z")


def test_the_libraries_log_through_the_same_chain(out: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("token %s", "xoxb-12-abc")
    assert f"token {STRUCK_OUT}" == lines(out)[0]["event"]


def test_a_secret_in_an_exception_is_struck_out(out: io.StringIO) -> None:
    try:
        raise ValueError("cannot use s3cret-value")
    except ValueError:
        structlog.get_logger().exception("failed", error=ValueError("s3cret-value"))
    assert "ValueError" in lines(out)[0]["exception"]
    assert "s3cret-value" not in out.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        "xoxb-123-abcDEF",
        "xoxe.xoxp-1-abc",
        "xapp-1-A0-9-aa",
        "Authorization: Bearer abc.def",
        "authorization: Basic dXNlcjpwdw==",
        "postgresql://me:pw@host/db",
        {"deep": [{"er": ("xoxb-123-abcDEF",)}]},
        {"x-slack-signature": "v0=abc"},
        {"token": "pw"},
        {"xoxb-123-abcDEF": 1},
        {"secrets": ["pw", b"abc"]},
        {"headers": [("authorization", "Bearer abc.def")]},
        ValueError("xoxb-123-abcDEF"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out_however_deep(value: object) -> None:
    (shown,) = Redactor()(None, "info", {"event": value}).values()
    left = repr(shown)
    assert STRUCK_OUT in left
    assert not any(part in left for part in ("abc", "dXN", "pw", "aa"))


def test_a_registered_secret_goes_whole_even_where_a_part_of_it_looks_like_a_credential() -> None:
    shown = Redactor(["p@ss/w0rd", "xoxb-1/2=3"]).text("postgresql://me:p@ss/w0rd@host/db, xoxb-1/2=3")
    assert f"postgresql://{STRUCK_OUT}@host/db, {STRUCK_OUT}" == shown


def test_what_is_no_secret_stays_as_it_is() -> None:
    event = {"event": "posted", "count": 3, "token_age": 1.5, "ok": True, "where": ["#payments-dev"], "nothing": None}
    assert event == Redactor(["abcd"])(None, "info", dict(event))
