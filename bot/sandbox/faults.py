"""Faults that are switched on: which one hits a call, and how a connection is cut.

`POST /sandbox/faults` takes the fields of `Fault` as JSON, `GET` lists what is on, `DELETE` clears everything.
"""

import dataclasses
from typing import get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from bot.sandbox.state import Fault, FaultKind
from bot.sandbox.workspace import Workspace

# Put into each request's scope by bot/sandbox/serving.py: ASGI itself has no way to cut a connection.
CUT = "sandbox.cut"


def cut(scope: Scope) -> None:
    """Cut the connection of this request: the caller gets no answer at all."""
    scope["extensions"][CUT]["abort"]()


def hit(workspace: Workspace, method: str, channel: str) -> Fault | None:
    """The fault that hits a call of `method` about `channel` (id, name or ""), counted; None where none does."""
    for fault in workspace.faults:
        if fault.method in (None, method) and _same_channel(workspace, fault.channel, channel):
            if fault.remaining is not None:
                fault.remaining -= 1
                if fault.remaining <= 0:
                    workspace.faults.remove(fault)
                workspace.notify("fault")
            return fault
    return None


def is_down(workspace: Workspace) -> bool:
    """Whether all of Slack is down."""
    return any(fault.kind == "down" and fault.method is None for fault in workspace.faults)


def _same_channel(workspace: Workspace, wanted: str | None, named: str) -> bool:
    if wanted is None:
        return True
    try:
        return workspace.channel(wanted) is workspace.channel(named)
    except KeyError:
        return False


class FaultsEndpoint:
    """The faults over HTTP."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def answer(self, request: Request) -> Response:
        """GET, POST or DELETE `/sandbox/faults`."""
        if request.method == "DELETE":
            self._workspace.clear_faults()
        if request.method == "POST":
            # Asking for JSON keeps forms on other sites from switching faults: a browser asks before it sends that.
            if "json" not in request.headers.get("content-type", ""):
                return JSONResponse({"error": "send application/json"}, 415)
            fields = await request.json()
            known = {field.name for field in dataclasses.fields(Fault)} - {"id"}
            if not isinstance(fields, dict) or set(fields) - known or fields.get("kind") not in get_args(FaultKind):
                return JSONResponse({"error": f"a fault has {sorted(known)}; kinds: {get_args(FaultKind)}"}, 400)
            self._workspace.add_fault(**fields)
        return JSONResponse([dataclasses.asdict(fault) for fault in self._workspace.faults])
