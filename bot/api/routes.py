"""The routes of the API. Every answer is JSON with an ETag; every mistake is said with the parameter's name."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import asked
from bot.api.asked import Listing, cursor, listing, refuse_unknown
from bot.api.shapes import BothSides, Problem, Report, openapi, shown
from bot.asked import WrongParameter
from handlers.errors import NotAuthentic, Unavailable
from handlers.ports import Aside, Transaction
from handlers.signatures import check_bearer
from models.store import Store
from models.topology import Topology
from models.words import ChangeStatus, DeployStatus, IncidentStatus

_STATES: Final[dict[str, type[StrEnum]]] = {
    "deploys": DeployStatus,
    "changes": ChangeStatus,
    "incidents": IncidentStatus,
}
_PATHS: Final = ("/api/metrics", *(f"/api/{name}" for name in _STATES), "/api/openapi.json")
_ASKED: Final = ("service", "bridge", "team", "environment", "period", "date", "timezone", "as_of")
_HEADERS: Final = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "GET, HEAD"}, 503: {"Retry-After": "5"}}
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What the API reads from. `tokens` are accepted side by side; without any the API is closed."""

    reading: Transaction
    aside: Aside
    topology: Callable[[], Topology]
    tokens: tuple[str, ...]
    now: Callable[[], datetime]

    def routes(self) -> list[Route]:
        """Return the routes."""
        listed = [Route(f"/api/{name}", self._guarded(self._listing(name))) for name in _STATES]
        return [
            Route("/api/metrics", self._guarded(self._metrics)),
            *listed,
            Route("/api/openapi.json", self._guarded(self._document)),
            Route("/api/{rest:path}", self._guarded(_elsewhere), methods=_METHODS),
        ]

    def _guarded(self, answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            if not self.tokens:
                return _problem(404, "the API is closed", hint="Set `api.tokens` in twinspan.yaml.")
            try:
                check_bearer(request.headers.get("authorization"), self.tokens)
                found = await answer(request)
                return found if isinstance(found, Response) else _answered(request, found)
            except NotAuthentic:
                return _problem(401, "the token is missing or wrong", hint="Send `Authorization: Bearer …`.")
            except WrongParameter as error:
                return _problem(400, error.problem, error.field, error.hint)
            except Unavailable:
                return _problem(503, "the database does not answer", hint="Try again in a moment.")

        return guarded

    async def _metrics(self, request: Request) -> Report:
        query = request.query_params
        refuse_unknown(query, _ASKED)
        report = await self.aside(lambda store: asked.report(store, query, self.topology(), self.now()))
        window = report.window
        return Report(
            scope=report.scope.name,
            period=window.length,
            timezone=window.timezone,
            start=window.start,
            end=window.end,
            as_of=report.as_of,
            now=report.now,
            previous=report.previous,
            history=list(report.history),
            between=BothSides(now=report.between[-1], previous=report.between[-2], history=list(report.between)),
        )

    def _listing(self, name: str) -> Callable[[Request], Awaitable[dict[str, Any]]]:
        async def listed(request: Request) -> dict[str, Any]:
            page = listing(request.query_params, self.topology(), _STATES[name])
            async with self.reading() as store:
                records = await _page(store, name, page)
            is_full = len(records) > page.limit
            records = records[: page.limit]
            return {
                "items": [shown(record) for record in records],
                "next": cursor(records[-1].id) if is_full else None,
            }

        return listed

    async def _document(self, _request: Request) -> dict[str, Any]:
        return openapi(version("twinspan"))


async def _elsewhere(request: Request) -> Response:
    """Answer what no other route does: another path, or another method."""
    if request.url.path in _PATHS:
        return _problem(405, "the API is read-only", hint="Use GET.")
    return _problem(404, "there is no such path", hint=f"I know {', '.join(_PATHS)}.")


async def _page(store: Store, name: str, page: Listing) -> Sequence[Any]:
    """Return the records of a page and one more, if there is one. Cursors are numbers: new records move nothing."""
    nouns: dict[str, Any] = {"deploys": store.deploys, "changes": store.changes, "incidents": store.incidents}
    records: Sequence[Any] = await nouns[name].page(
        services=page.services,
        environment=page.environment,
        status=page.status,
        since=page.since,
        until=page.until,
        before=page.before,
        limit=page.limit + 1,
    )
    return records


def _answered(request: Request, value: Any) -> Response:
    body = msgspec.json.encode(value)
    etag = f'W/"{hashlib.sha256(_lasting(request, value, body)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    given = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag.removeprefix("W/") in given or "*" in given:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _lasting(request: Request, value: Any, body: bytes) -> bytes:
    """Return what of an answer its ETag stands for: not the instant of asking, which is another each time."""
    if isinstance(value, Report) and not request.query_params.get("as_of"):
        return msgspec.json.encode(msgspec.structs.replace(value, as_of=value.end))
    return body


def _problem(status: int, error: str, field: str | None = None, hint: str | None = None) -> Response:
    headers = _HEADERS.get(status, {})
    body = msgspec.json.encode(Problem(error=error, field=field, hint=hint))
    return Response(body, status_code=status, media_type="application/json", headers=headers)
