"""A local server that answers like PagerDuty: its REST API for incidents, schedules and users, and the Events API v2.

https://developer.pagerduty.com/docs/errors , …/rest-api-rate-limits , …/events-api-v2-overview
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.serving import running


@dataclass
class PagerDutyServer:
    """What it knows. `answers` are given before anything else, one to each request (`None`: as usual)."""

    token: str = "token-1"
    routing_key: str = "R" * 32
    users: dict[str, str] = field(default_factory=lambda: {"PMIRA": "mira@acme.example", "PBOT": "bot@acme.example"})
    incidents: dict[str, str] = field(default_factory=lambda: {"Q2CKYRLH85UNN4": "triggered"})
    schedules: dict[str, list[Any]] = field(default_factory=dict)
    shifts: dict[str, list[Any]] = field(default_factory=dict)
    answers: list[Response | None] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    senders: list[str | None] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve for the length of a block; yields the address."""
        routes = [
            Route("/incidents/{id}", self._incident, methods=["PUT"]),
            Route("/schedules/{id}", self._schedule),
            Route("/v3/schedules/{id}", self._schedule_v3),
            Route("/users", self._users),
            Route("/users/{id}", self._user),
            Route("/v2/enqueue", self._enqueue, methods=["POST"]),
        ]
        async with running(Starlette(routes=routes)) as url:
            yield url

    async def _next(self, request: Request) -> Response | None:
        body = await request.json() if request.method != "GET" else None
        self.asked.append((request.method, request.url.path, body))
        self.senders.append(request.headers.get("from"))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None or request.url.path.startswith("/v2/"):
            return answer
        if request.headers.get("authorization") != f"Token token={self.token}":
            return error(401, 2006, "Authentication failed")
        return None

    async def _incident(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        if request.headers.get("from") not in self.users.values():
            return error(400, 1008, "Requester User Not Found")
        number, wanted = request.path_params["id"], (await request.json())["incident"]["status"]
        status = self.incidents.get(number)
        if status is None:
            return error(404, 2100, "Not Found")
        if status == "resolved":
            return error(400, 1001, "Incident Already Resolved")
        if status == wanted:
            return error(400, 1002, "Incident Already Acknowledged")
        self.incidents[number] = wanted
        return JSONResponse({"incident": {"id": number, "type": "incident", "status": wanted}})

    async def _schedule(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        entries = self.schedules.get(request.path_params["id"])
        if entries is None:
            return error(404, 2100, "Not Found")
        return JSONResponse(
            {"schedule": {"type": "schedule", "final_schedule": {"rendered_schedule_entries": entries}}}
        )

    async def _schedule_v3(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        assignments = self.shifts.get(request.path_params["id"])
        if assignments is None:
            return error(400, 2001, "Invalid Input Provided")
        final = {"type": "final_schedule", "computed_shift_assignments": assignments}
        return JSONResponse({"schedule": {"type": "schedule_v3", "final_schedule": final}})

    async def _user(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        number = request.path_params["id"]
        if number not in self.users:
            return error(404, 2100, "Not Found")
        return JSONResponse({"user": {"id": number, "name": "Somebody", "email": self.users[number]}})

    async def _users(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        wanted = request.query_params.get("query", "")
        found = [{"id": number, "email": email} for number, email in self.users.items() if wanted in email]
        return JSONResponse({"users": found, "limit": 100, "offset": 0, "more": False})

    async def _enqueue(self, request: Request) -> Response:
        if (answer := await self._next(request)) is not None:
            return answer
        event = await request.json()
        if event.get("routing_key") != self.routing_key:
            return JSONResponse({"status": "invalid event", "message": "Event object is invalid"}, 400)
        self.alerts[event["dedup_key"]] = event["event_action"]
        return JSONResponse({"status": "success", "dedup_key": event["dedup_key"]}, 202)


def error(status: int, code: int, message: str, **headers: str) -> Response:
    """Return an error as PagerDuty writes it."""
    body = {"error": {"message": message, "code": code, "errors": [message]}}
    return JSONResponse(body, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def rate_limited(seconds: int) -> Response:
    """Return the answer to one who asks too often."""
    return error(429, 2020, "Rate Limit Exceeded", ratelimit_limit="960", ratelimit_reset=str(seconds))
