"""The page's routes: look at the workspace, follow it, and act in it."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.actor import Actor
from bot.sandbox.page.day import DAY
from bot.sandbox.page.deeds import DEEDS, Deeds
from bot.sandbox.page.guard import HEADERS, check_host, checked_body
from bot.sandbox.page.look import arrival, look
from bot.sandbox.page.options import PageOptions
from bot.sandbox.page.painter import Painter
from bot.sandbox.page.scenario import Scenario
from bot.sandbox.page.stream import stream
from bot.sandbox.workspace import Workspace

Endpoint = Callable[[Request], Awaitable[Response]]

_STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def page_routes(
    workspace: Workspace, actor: Actor, options: PageOptions, scenario: Scenario | None = None
) -> list[Route]:
    """Every route of the page, for the workspace's own application: `/` and what lies under `/page/`."""
    scenario = scenario or Scenario(workspace, actor, options.door, DAY, pace=options.pace)
    painter = Painter(workspace, options, scenario)
    deeds = Deeds(workspace, actor, scenario)
    return [
        Route("/", _page(workspace, painter, options)),
        Route("/page/stream", _stream(workspace, painter, options)),
        Route("/page/static/{name}", _static),
        Route("/archives/{channel}/{message}", _archive(workspace, options)),
        *(Route(f"/page/{name}", _deed(deeds, act), methods=["POST"]) for name, act in DEEDS.items()),
    ]


def mount_page(
    app: Starlette, workspace: Workspace, actor: Actor, options: PageOptions, scenario: Scenario | None = None
) -> None:
    """Serve the page beside the Web API, in the workspace's own application."""
    app.router.routes.extend(page_routes(workspace, actor, options, scenario))


def _page(workspace: Workspace, painter: Painter, options: PageOptions) -> Endpoint:
    async def page(request: Request) -> Response:
        check_host(request)
        theme = request.cookies.get("theme", "")
        seen = look(workspace, options, request.query_params)
        return HTMLResponse(painter.page(seen, theme if theme in ("light", "dark") else ""), headers=HEADERS)

    return page


def _stream(workspace: Workspace, painter: Painter, options: PageOptions) -> Endpoint:
    async def follow(request: Request) -> Response:
        check_host(request)
        seen = look(workspace, options, request.query_params)
        events = stream(workspace, painter, seen)
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)

    return follow


def _archive(workspace: Workspace, options: PageOptions) -> Endpoint:
    async def archive(request: Request) -> Response:
        check_host(request)
        seen = look(workspace, options, request.query_params)
        where = arrival(seen, **request.path_params, thread=request.query_params.get("thread_ts", ""))
        return RedirectResponse(where, 303, HEADERS)

    return archive


async def _static(request: Request) -> Response:
    check_host(request)
    path = _STATIC / request.path_params["name"]
    if path.parent != _STATIC or not path.is_file():
        raise HTTPException(404)
    headers = {**HEADERS, "Cache-Control": "no-cache"}
    return FileResponse(path, media_type=_TYPES.get(path.suffix), headers=headers)


def _deed(deeds: Deeds, act: Callable[[Deeds, Mapping[str, Any]], Awaitable[dict[str, Any]]]) -> Endpoint:
    async def deed(request: Request) -> Response:
        body = await checked_body(request)
        try:
            answer = await act(deeds, body)
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(422, f"Not understood: {error}") from error
        return JSONResponse(answer, headers=HEADERS)

    return deed
