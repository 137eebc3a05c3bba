"""CloudEvents 1.0 over HTTP: reads the binary, the structured and the batched mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md .
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from handlers.errors import MalformedPayload
from handlers.payload import convert, decode

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
# The attributes that the binary mode carries as headers, with the media type of the data beside them.
ATTRIBUTES: Final = ("id", "source", "type", "specversion", "time", "subject", "datacontenttype")
HEADERS: Final = ("content-type", *(f"ce-{name}" for name in ATTRIBUTES))

_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
_ANY_JSON: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_QUOTED: Final = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"', re.DOTALL)


class _Envelope(Struct):
    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    type: _Name
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    data: Any = None
    data_base64: str | None = None


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event: what its sender calls it, and its data as plain JSON values, which stand at `path` of the body.

    `time` is as written, where it is given at all.
    """

    id: str
    source: str
    type: str
    time: str | None
    data: object
    path: str


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a request without its parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_binary(headers: Mapping[str, str]) -> bool:
    """Say whether a request is a CloudEvent in the binary mode."""
    return "ce-specversion" in headers or "ce-type" in headers


def of_headers(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Read an event in the binary mode: its attributes are headers, the body is its data.

    Raises:
        MalformedPayload: an attribute is missing or wrong (the path names the header), or the body is not JSON.
    """
    given = {name: _header_text(headers[f"ce-{name}"], name) for name in ATTRIBUTES if f"ce-{name}" in headers}
    try:
        envelope = convert(given, _Envelope)
    except MalformedPayload as error:
        raise MalformedPayload(f"header ce-{error.path.removeprefix('$.')}", error.problem) from error
    return _event(envelope, decode(_ANY_JSON, body), "$")


def of_value(value: object, path: str = "$") -> CloudEvent:
    """Read an event in the structured mode, or one of a batch: everything is in the body.

    Raises:
        MalformedPayload: an attribute is missing or wrong, or the data is said to be JSON and is not.
    """
    envelope = convert(value, _Envelope, path)
    if envelope.data_base64 is not None:
        place = f"{path}.data_base64"
        is_json = "json" in (envelope.datacontenttype or "json")
        return _event(envelope, _of_base64(envelope.data_base64, place) if is_json else None, place)
    return _event(envelope, envelope.data, f"{path}.data")


def _event(envelope: _Envelope, data: object, path: str) -> CloudEvent:
    return CloudEvent(envelope.id, envelope.source, envelope.type, envelope.time, data, path)


def _of_base64(text: str, path: str) -> object:
    try:
        return decode(_ANY_JSON, base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise MalformedPayload(path, "not base64") from error
    except MalformedPayload as error:
        raise MalformedPayload(path, error.problem) from error


def _header_text(written: str, name: str) -> str:
    """Return the text of a header: quotes first, then percent signs (section 3.1.3.2 of the binding)."""
    quoted = _QUOTED.fullmatch(written.strip())
    text = re.sub(r"\\(.)", r"\1", quoted["text"]) if quoted else written.strip()
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedPayload(f"header ce-{name}", "not UTF-8 in percent-encoding") from error
    if "\0" in decoded:
        raise MalformedPayload(f"header ce-{name}", "a text holds the character NUL")
    return decoded
