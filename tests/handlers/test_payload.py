"""Payloads are read strictly, and what is wrong is said with its path."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.errors import MalformedPayload
from handlers.payload import clean, convert, decode, header, instant, not_ahead, utc

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Inner(msgspec.Struct):
    id: int


class Outer(msgspec.Struct):
    inner: Inner
    many: list[Inner] = []


OUTER = msgspec.json.Decoder(Outer)
ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def complaint(body: bytes) -> tuple[str, str]:
    with pytest.raises(MalformedPayload) as refused:
        decode(OUTER, body)
    return refused.value.path, refused.value.problem


def test_a_body_of_its_type_is_decoded_and_other_fields_are_passed_over() -> None:
    assert Outer(Inner(1)) == decode(OUTER, b'{"inner": {"id": 1, "new": [1, {}]}, "newer": null}')


@pytest.mark.parametrize(
    ("body", "path", "problem"),
    [
        (b"", "$", "the body is empty"),
        (b" \n", "$", "the body is empty"),
        (b"[]", "$", "Expected 'object', got 'array'"),
        (b"{}", "$.inner", "missing"),
        (b'{"inner": {}}', "$.inner.id", "missing"),
        (b'{"inner": {"id": "1"}}', "$.inner.id", "Expected 'int', got 'str'"),
        (b'{"inner": {"id": 1.5}}', "$.inner.id", "Expected 'int', got 'float'"),
        (b'{"inner": {"id": 1}, "many": [{"id": 1}, {"id": null}]}', "$.many[1].id", "Expected 'int', got 'null'"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(body: bytes, path: str, problem: str) -> None:
    assert (path, problem) == complaint(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"inner": {"id": 1}} x',
        b'{"inner": {"id": 1}, "x": NaN}',
        b'{"inner": {"id": 1}, "x": Infinity}',
        b'{"inner": {"id": 1}, "x": 01}',
        b'{"inner": {"id": 1}, "x": "\xff"}',
        b'{"inner": {"id": 1}, "x": "\xc0\x80"}',
        b'{"inner": {"id": 1}, "x": "\\ud800"}',
        b'{"inner": {"id": 1}, "x": "\x00"}',
        b"\xef\xbb\xbf" + b'{"inner": {"id": 1}}',
        '{"inner": {"id": 1}}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_not_read_even_where_nobody_looks(body: bytes) -> None:
    path, problem = complaint(body)
    assert "$" == path
    assert problem.startswith("not JSON: ")


def test_nesting_has_an_end() -> None:
    deep = b"[" * 100_000
    assert ("$", "nested too deeply") == complaint(b'{"inner": {"id": 1}, "x": ' + deep)
    with pytest.raises(MalformedPayload, match="nested too deeply"):
        decode(ANYTHING, deep + b"]" * 100_000)


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert Outer(Inner(2)) == decode(OUTER, b'{"inner": {"id": 1}, "inner": {"id": 1, "id": 2}}')


@given(st.binary())
def test_any_bytes_are_decoded_or_malformed(body: bytes) -> None:
    for decoder in (OUTER, ANYTHING):
        with suppress(MalformedPayload):
            decode(decoder, body)


def test_values_are_converted_with_the_path_at_which_they_stand() -> None:
    assert Inner(1) == convert({"id": 1}, Inner)
    with pytest.raises(MalformedPayload) as refused:
        convert({"id": "1"}, Inner, "$[3].data")
    assert "$[3].data.id" == refused.value.path


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:00.000Z",
        "2026-11-24T12:00:00.000000000Z",
        "2026-11-24T13:00:00+01:00",
        "2026-11-24T04:00:00-08:00",
        "2026-11-24 13:00:00 +0100",
        "2026-11-24 12:00:00 UTC",
        " 2026-11-24T12:00:00Z ",
    ],
)
def test_an_instant_is_given_in_utc_however_it_was_written(written: str) -> None:
    at = instant(written, "$.at")
    assert (AT, UTC) == (at, at.tzinfo)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2026-11-24T12:00:00", "has no offset from UTC"),
        ("2026-11-24 12:00:00", "has no offset from UTC"),
        ("2026-11-24", "has no offset from UTC"),
        ("", "is not an RFC 3339 time"),
        ("yesterday", "is not an RFC 3339 time"),
        ("1795521600", "is not an RFC 3339 time"),
        ("2026-02-30T12:00:00Z", "is not an RFC 3339 time"),
        ("2026-11-24T12:00:00+99:00", "is not an RFC 3339 time"),
        ("0001-01-01T00:00:00+01:00", "is out of range"),
        ("9999-12-31T23:59:59-01:00", "is out of range"),
        ("2026-11-24T12:00:00" + " " * 100 + "+00:00", "is not an RFC 3339 time"),
    ],
)
def test_an_instant_without_its_offset_is_refused_and_never_guessed(written: str, problem: str) -> None:
    with pytest.raises(MalformedPayload) as refused:
        instant(written, "$.at")
    assert "$.at" == refused.value.path
    assert problem in refused.value.problem


@pytest.mark.timeout(10)
def test_a_text_far_too_long_for_an_instant_is_refused_without_reading_it() -> None:
    with pytest.raises(MalformedPayload, match="is not an RFC 3339 time"):
        instant("a" + " " * 1_000_000 + "b", "$.at")


@given(st.text())
def test_any_text_is_an_instant_or_malformed(text: str) -> None:
    with suppress(MalformedPayload):
        assert UTC is instant(text, "$.at").tzinfo


@given(st.datetimes(), st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
def test_any_aware_instant_is_the_same_in_utc_or_out_of_range(local: datetime, offset: timedelta) -> None:
    at = local.replace(tzinfo=timezone(offset))
    with suppress(MalformedPayload):
        assert at == utc(at, "$.at")


def test_an_event_may_be_a_day_ahead_and_no_further() -> None:
    a_day_on = AT + timedelta(hours=24)
    assert a_day_on == not_ahead(a_day_on, AT, "$.at")
    with pytest.raises(MalformedPayload, match="more than 24 h in the future") as refused:
        not_ahead(a_day_on + timedelta(seconds=1), AT, "$.at")
    assert "$.at" == refused.value.path
    long_ago = AT - timedelta(days=400)
    assert long_ago == not_ahead(long_ago, AT, "$.at")


def test_a_missing_header_is_named() -> None:
    assert "1" == header({"x-id": "1"}, "x-id")
    assert 255 == len(header({"x-id": "1" * 300}, "x-id"))
    for headers in ({}, {"x-id": ""}):
        with pytest.raises(MalformedPayload, match="header x-id: missing"):
            header(headers, "x-id")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("plain", "plain"), ("größer →", "größer →"), ("a\0b", "a\ufffdb"), ("é\0", "é\ufffd"), ("a\ud800b", "a?b")],
)
def test_what_no_database_takes_is_replaced(text: str, cleaned: str) -> None:
    assert cleaned == clean(text)
