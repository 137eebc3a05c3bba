"""A running sandbox and the real slack_sdk client, over real HTTP on loopback."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import running


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Slack:
    """A running sandbox with a client that has its token."""

    sandbox: Sandbox
    url: str
    client: AsyncWebClient
    clock: Clock

    def id(self, name: str) -> str:
        return self.sandbox.workspace.channel(name).id

    def other_client(self, token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=f"{self.url}/api/")


async def refused(call: Awaitable[object]) -> str:
    """The code with which Slack refuses this call."""
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock, request: pytest.FixtureRequest) -> AsyncIterator[Slack]:
    """The default workspace without rate limits; parametrize "slack" indirectly to change its configuration."""
    changes = {"rates": None, "retry_delays": (0.0, 0.01, 0.02), **getattr(request, "param", {})}
    sandbox = build_sandbox(SandboxConfig(clock=clock, **changes))
    async with sandbox.running() as url:
        client = AsyncWebClient(token=sandbox.config.bot_token, base_url=f"{url}/api/", timeout=5)
        client.retry_handlers.clear()
        yield Slack(sandbox, url, client, clock)


@dataclass
class Bot:
    """A small Bolt app behind the sandbox. `heard` are the bodies of all requests, `headers` theirs."""

    app: AsyncApp
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[Bot]:
    """A Bolt app that verifies signatures, served over HTTP, with the sandbox pointed at it."""
    app = AsyncApp(signing_secret=slack.sandbox.config.signing_secret, client=slack.client)
    made = Bot(app)

    @app.middleware
    async def listen(body: dict[str, Any], request: AsyncBoltRequest, next: Any) -> None:
        made.heard.append(body)
        made.headers.append(dict(request.headers))
        await next()

    handler = AsyncSlackRequestHandler(app)
    served = Starlette(routes=[Route("/slack/events", handler.handle, methods=["POST"])])
    async with running(served) as url:
        slack.sandbox.bot.url = url
        yield made
        await slack.sandbox.idle()
