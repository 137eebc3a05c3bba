"""`POST /webhooks/{source}` as a bare ASGI endpoint: the one path that thousands of requests a second take.

| status | when |
|---|---|
| 202 | stored |
| 200 | stored before, or an event that is not ours |
| 401 | signature or token wrong, missing or outside its replay window |
| 404, 413, 415 | unknown source, body too large, not JSON |
| 422 | authentic but malformed |
| 503 | not stored: overloaded, or the database does not answer |
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from handlers.errors import MalformedPayload, NotAuthentic, Overloaded
from handlers.intake import Intake, Receipt
from handlers.webhooks import SourceKind, WebhookRequest
from models.topology import Topology, WebhookSource

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX: Final = "/webhooks/"
_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class Refusal(Exception):
    """A request that gets no further than the door: its status, and what to tell the sender."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The ASGI endpoint. `topology` is asked for each request, so that a mapped name is known at once."""

    intake: Intake
    kinds: Mapping[str, SourceKind]
    topology: Callable[[], Topology]
    now: Callable[[], datetime]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            receipt = await self._take_in(scope, receive)
        except Refusal as refusal:
            more = [(b"allow", b"POST")] if refusal.status == 405 else []
            await _answer(send, refusal.status, {"error": str(refusal)}, *more)
        except NotAuthentic as error:
            _log.warning("webhook_not_authentic", path=scope["path"], reason=error.reason)
            await _answer(send, 401, {"error": str(error)})
        except MalformedPayload as error:
            await _answer(send, 422, {"error": error.problem, "path": error.path})
        except Overloaded as error:
            await _answer(send, 503, {"error": str(error)}, (b"retry-after", str(error.retry_after).encode()))
        else:
            await _answer(send, 202 if receipt.status == "accepted" else 200, _told(receipt))

    async def _take_in(self, scope: Scope, receive: Receive) -> Receipt:
        if scope["method"] != "POST":
            raise Refusal(405, "POST a webhook here")
        source = self._source(scope["path"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        _expect_json(headers)
        body = await _read(receive, headers, source.max_bytes)
        request = WebhookRequest(headers=headers, body=body, at=self.now())
        return await self.intake.receive(source, self.kinds[source.kind], request)

    def _source(self, path: str) -> WebhookSource:
        name = path[len(PREFIX) :]
        source = self.topology().source_named(name)
        if source is None:
            raise Refusal(404, f"no source {name[:64]!r} is configured")
        return source


def _expect_json(headers: Mapping[str, str]) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Refusal(415, f"send JSON; the content type was {media_type[:64] or 'missing'!r}")


async def _read(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """Read the whole body, but never more than the source's limit."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the connection was closed before the body ended")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"the body is larger than this source's limit of {limit} bytes")


def _told(receipt: Receipt) -> dict[str, Any]:
    told: dict[str, Any] = {"status": receipt.status}
    if receipt.delivery is not None:
        told["delivery"] = receipt.delivery
    if receipt.reason:
        told["reason"] = receipt.reason
    if receipt.warnings:
        told["warnings"] = list(receipt.warnings)
    if receipt.rejected:
        told["rejected"] = [{"index": r.index, "path": r.path, "error": r.problem} for r in receipt.rejected]
    return told


async def _answer(send: Send, status: int, body: Mapping[str, Any], *more: tuple[bytes, bytes]) -> None:
    encoded = _encode(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(encoded)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": encoded})
