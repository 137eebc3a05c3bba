"""A running sandbox and the real slack_sdk client, over real HTTP on loopback."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig


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


Start = Callable[..., Any]


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
