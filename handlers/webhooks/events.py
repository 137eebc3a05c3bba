"""Generic events: our own form, alone or in an array, and CloudEvents that carry it or a CDEvent.

The form is described in `handlers.generic_shapes`. A sender proves itself with a bearer token, or with
`X-Twinspan-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec

from handlers import cloudevents
from handlers.cdevents import PREFIX, read_cdevent
from handlers.cloudevents import CloudEvent
from handlers.errors import MalformedPayload
from handlers.generic_event import GenericReport, is_generic, read_generic
from handlers.payload import decode
from handlers.signatures import check_bearer, check_timestamped
from handlers.webhooks import Parsed, Rejection, SourceKind, WebhookRequest
from models.topology import WebhookSource

SIGNATURE: Final = "x-twinspan-signature"
MOST_EVENTS: Final = 500

_ANY_JSON: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
# What one event says, or why it says nothing that is used.
_Told: TypeAlias = GenericReport | str
_Read: TypeAlias = Callable[[object, str], _Told]


def _verify(request: WebhookRequest, source: WebhookSource) -> None:
    signature = request.headers.get(SIGNATURE)
    if signature is None:
        check_bearer(request.headers.get("authorization"), source.secrets)
    else:
        check_timestamped(request.body, signature, source.secrets, at=request.at)


def _parse(request: WebhookRequest, source: WebhookSource) -> Parsed:
    def read_cloud(value: object, path: str) -> _Told:
        return _carried(cloudevents.of_value(value, path), request, source)

    def read_plain(value: object, path: str) -> _Told:
        return read_generic(value, request.at, path)

    if cloudevents.is_binary(request.headers):
        return _single(_carried(cloudevents.of_headers(request.headers, request.body), request, source), request)
    media_type = cloudevents.media_type(request.headers)
    is_cloud = media_type in (cloudevents.STRUCTURED, cloudevents.BATCHED)
    read = read_cloud if is_cloud else read_plain
    value = decode(_ANY_JSON, request.body)
    if media_type == cloudevents.BATCHED or (isinstance(value, list) and not is_cloud):
        return _batch(value, read)
    return _single(read(value, "$"), request)


def _carried(event: CloudEvent, request: WebhookRequest, source: WebhookSource) -> _Told:
    """Return what a CloudEvent carries; its attributes stand in for what a generic event in it leaves out."""
    if event.type.startswith(PREFIX):
        return read_cdevent(event.type, event.data, request.at, source.deploy_workflows, event.path)
    if isinstance(event.data, dict) and is_generic(event.data):
        attributes = {"id": event.id, "source": event.source, **({"occurred_at": event.time} if event.time else {})}
        return read_generic({**attributes, **event.data}, request.at, event.path)
    return f"event {event.type[:128]!r} is not used"


def _single(told: _Told, request: WebhookRequest) -> Parsed:
    if isinstance(told, str):
        return Parsed(key=hashlib.sha256(request.body).hexdigest(), event="event", ignored=told)
    assert told.event_id is not None  # every form needs an id
    return Parsed(key=told.event_id, event="event", reports=(told,))


def _batch(values: object, read: _Read) -> Parsed:
    """Read every event of an array for itself.

    Raises:
        MalformedPayload: it is no array of 1 to 500 events, or every event that could be used is malformed (the path
            is the first one's).
    """
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_EVENTS:
        raise MalformedPayload("$", f"expected an array of 1 to {MOST_EVENTS} events")
    reports: list[GenericReport] = []
    unused: dict[str, None] = {}
    rejected: list[Rejection] = []
    for index, value in enumerate(values):
        try:
            told = read(value, f"$[{index}]")
        except MalformedPayload as error:
            rejected.append(Rejection(index, error.path, error.problem))
            continue
        if isinstance(told, str):
            unused[told] = None
        else:
            reports.append(told)
    if rejected and not reports:
        raise MalformedPayload(rejected[0].path, rejected[0].problem)
    return Parsed(
        key=_key(report.event_id for report in reports),
        event="events",
        reports=tuple(reports),
        ignored=None if reports else "; ".join(unused),
        rejected=tuple(rejected),
        warnings=tuple(unused) if reports else (),
    )


def _key(ids: Iterable[str | None]) -> str:
    """Return what the same array has again. Only good events count: a mended one makes another delivery."""
    return hashlib.sha256(msgspec.json.encode(list(ids))).hexdigest()


SOURCE = SourceKind(
    kind="events",
    events=("event", "events"),
    headers=cloudevents.HEADERS,
    verify=_verify,
    parse=_parse,
)
