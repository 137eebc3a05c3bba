"""Puts the local Slack workspace together: state, Web API, doors to the bot, people. See also workspace.py.

sandbox = build_sandbox(SandboxConfig(clock=utc_now))
async with sandbox.running() as url:                        # e.g. http://127.0.0.1:41235
    client = AsyncWebClient(token=sandbox.config.bot_token, base_url=f"{url}/api/")
    sandbox.bot.url = "http://127.0.0.1:8080"               # where the bot's /slack/events is
    await sandbox.actor.send_slash_command("ada", "payments-dev", "/deploys")
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from bot.sandbox.actor import Actor
from bot.sandbox.config import SandboxConfig
from bot.sandbox.delivery import Courier, HttpDoor
from bot.sandbox.faults import FaultsEndpoint
from bot.sandbox.feed import Feed
from bot.sandbox.limits import RateLimits
from bot.sandbox.payloads import Payloads
from bot.sandbox.responses import Responses
from bot.sandbox.seed import seeded
from bot.sandbox.serving import running
from bot.sandbox.socket import SocketDoor
from bot.sandbox.triggers import Triggers
from bot.sandbox.web import WebApi
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A local Slack. `bot.url` (HTTP) may be set at any time; `socket` are the bot's Socket Mode connections."""

    config: SandboxConfig
    workspace: Workspace
    actor: Actor
    bot: HttpDoor
    socket: SocketDoor
    courier: Courier
    payloads: Payloads
    app: Starlette

    @contextlib.asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """Serve on loopback and yield the base URL, without a slash at the end; ends every subscription at last."""
        async with running(self.app, port, before_stop=self.workspace.close) as url:
            self.payloads.base_url = url
            yield url

    async def idle(self) -> None:
        """Wait until no event is underway to the bot or to be sent again."""
        await self.courier.idle()


def build_sandbox(config: SandboxConfig) -> Sandbox:
    """A workspace with its people and channels. More routes (the page's) may be added to `app.router.routes`."""
    workspace = seeded(config)
    bot, socket = HttpDoor(config), SocketDoor(config, workspace)
    courier = Courier(config, workspace, socket if config.mode == "socket" else bot)
    feed, triggers = Feed(workspace, courier.emit), Triggers(workspace)
    payloads, responses = Payloads(workspace, triggers), Responses(workspace, feed, triggers)
    limits = RateLimits(config.rates, config.clock)
    api = WebApi(config, workspace, feed, triggers, limits, socket.ticket)
    files = _Files(workspace, config)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await courier.aclose()
        await bot.aclose()

    app = Starlette(
        routes=[
            Route("/api/{method}", api),
            Route("/response/{id}", responses.receive, methods=["POST"]),
            Route("/upload/{id}", files.receive, methods=["POST"]),
            Route("/files/{id}/{name}", files.show),
            Route("/files-pri/{id}/{name}", files.give),
            Route("/sandbox/faults", FaultsEndpoint(workspace).answer, methods=["GET", "POST", "DELETE"]),
            WebSocketRoute("/socket", socket.serve),
        ],
        # A page elsewhere on the web must not reach the sandbox through a name that resolves to loopback.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        lifespan=lifespan,
    )
    actor = Actor(workspace, payloads, courier, feed, responses, config.commands)
    return Sandbox(config, workspace, actor, bot, socket, courier, payloads, app)


class _Files:
    """The content of uploaded files."""

    def __init__(self, workspace: Workspace, config: SandboxConfig) -> None:
        self._workspace = workspace
        self._config = config

    async def receive(self, request: Request) -> Response:
        """Step two of an upload."""
        file, content = self._workspace.files.get(request.path_params["id"]), await request.body()
        if file is None or file.content is not None:
            return PlainTextResponse("no such upload", 404)
        if len(content) != file.length:
            return PlainTextResponse("not the announced length", 400)
        file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    async def give(self, request: Request) -> Response:
        """A file at its private address: without a good token or the scope Slack shows its page to sign in."""
        is_known = request.headers.get("authorization") == f"Bearer {self._config.bot_token}"
        if not is_known or "files:read" not in self._config.scopes:
            return HTMLResponse("<title>Sign in to Slack</title>")
        return await self.show(request)

    async def show(self, request: Request) -> Response:
        """An uploaded file."""
        file = self._workspace.files.get(request.path_params["id"])
        if file is None or file.content is None or not file.complete:
            return PlainTextResponse("no such file", 404)
        return Response(file.content, media_type=file.mimetype, headers={"Content-Security-Policy": "sandbox"})
