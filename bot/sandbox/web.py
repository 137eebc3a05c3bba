"""The Web API over HTTP: reads a call, checks token, scope and rate, lets the method answer.

https://docs.slack.dev/apis/web-api : arguments come in the query, as a form or as JSON; errors are HTTP 200 with
`{"ok": false}`, except rate limits (429 with Retry-After).
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from bot.sandbox import faults
from bot.sandbox.api import METHODS
from bot.sandbox.api.request import ApiError, Arguments, Method, Request
from bot.sandbox.config import SandboxConfig
from bot.sandbox.feed import Feed
from bot.sandbox.limits import RateLimits
from bot.sandbox.state import Call, Fault, Json
from bot.sandbox.triggers import Triggers
from bot.sandbox.workspace import Workspace


async def read_arguments(request: HttpRequest) -> Json:
    """The arguments of a call, wherever they are. ApiError invalid_json, invalid_form_data."""
    values: Json = dict(request.query_params)
    body = await request.body()
    if not body:
        return values
    if "json" in request.headers.get("content-type", ""):
        try:
            values |= json.loads(body)
        except (ValueError, TypeError):
            raise ApiError("invalid_json") from None
    else:
        try:
            values |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            raise ApiError("invalid_form_data") from None
    return values


@dataclass(frozen=True, slots=True)
class WebApi:
    """An ASGI endpoint for `/api/{method}`."""

    config: SandboxConfig
    workspace: Workspace
    feed: Feed
    triggers: Triggers
    limits: RateLimits
    ticket: Callable[[], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or do what a fault says."""
        request = HttpRequest(scope, receive)
        name = scope["path_params"]["method"]
        try:
            values = await read_arguments(request)
        except ApiError as error:
            await self._respond(name, {}, _failure(error))(scope, receive, send)
            return
        token = _token(request, values)
        channel = str(values.get("channel") or values.get("channel_id") or "")
        fault = faults.hit(self.workspace, name, channel)
        if fault is not None and fault.kind in ("hang", "cut_before", "down"):
            await _silence(fault, receive)
            self._record(name, values, 0, fault.kind, {})
            faults.cut(scope)
            return
        answer = _fault_answer(fault) or self._answer(name, values, token, str(request.base_url))
        response = self._respond(name, values, answer)
        if fault is not None and fault.kind == "cut_after":
            faults.cut(scope)
            return
        await response(scope, receive, send)

    def _answer(self, name: str, values: Json, token: str, base_url: str) -> tuple[int, Json]:
        method = METHODS.get(name)
        try:
            if method is None:
                raise ApiError("unknown_method", req_method=name)
            self._authorize(method, token)
            if (wait := self.limits.retry_after(name, method.tier, self._channel_id(values))) is not None:
                return 429, {"ok": False, "error": "ratelimited", "retry_after": wait}
            request = Request(
                workspace=self.workspace,
                feed=self.feed,
                triggers=self.triggers,
                arguments=Arguments(values),
                scopes=self.config.scopes,
                base_url=base_url,
                ticket=self.ticket,
            )
            return 200, {"ok": True, **method.answer(request)}
        except ApiError as error:
            return _failure(error)

    def _channel_id(self, values: Json) -> str:
        """The id of the channel that a call names, so that a name and an id count together."""
        wanted = str(values.get("channel") or "")
        try:
            return self.workspace.channel(wanted).id
        except KeyError:
            return wanted

    def _authorize(self, method: Method, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in (self.config.bot_token, self.config.app_token):
            raise ApiError("invalid_auth")
        if (token == self.config.app_token) != method.app_level:
            raise ApiError("not_allowed_token_type")
        if method.scopes and not self.config.scopes.intersection(method.scopes):
            provided = ",".join(sorted(self.config.scopes))
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=provided)

    def _respond(self, name: str, values: Json, answer: tuple[int, Json]) -> Response:
        status, body = answer
        self._record(name, values, status, body.get("error"), body)
        if status == 500:
            return PlainTextResponse("Internal Server Error", 500)
        headers = {"x-oauth-scopes": ",".join(sorted(self.config.scopes))}
        if method := METHODS.get(name):
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        if status == 429:
            headers["retry-after"] = str(body.pop("retry_after"))
        return JSONResponse(body, status, headers)

    def _record(self, name: str, values: Json, status: int, error: Any, answer: Json) -> None:
        arguments = {key: value for key, value in values.items() if key != "token"}
        call = Call(method=name, arguments=arguments, status=status, error=error, answer=dict(answer))
        self.workspace.calls.append(call)
        self.workspace.notify("call", method=name, status=status)


def _token(request: HttpRequest, values: Json) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else str(values.get("token") or "")


def _failure(error: ApiError) -> tuple[int, Json]:
    return 200, {"ok": False, "error": error.code, **error.more}


def _fault_answer(fault: Fault | None) -> tuple[int, Json] | None:
    if fault is None or fault.kind == "cut_after":
        return None
    if fault.kind == "ratelimited":
        return 429, {"ok": False, "error": "ratelimited", "retry_after": fault.retry_after}
    if fault.kind == "server_error":
        return 500, {"ok": False, "error": "server_error"}
    return 200, {"ok": False, "error": fault.error}


async def _silence(fault: Fault, receive: Receive) -> None:
    """Say nothing for a while where the fault is a hang; a caller that gives up ends it."""
    if fault.kind != "hang":
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(fault.seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
