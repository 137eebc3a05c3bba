"""The sandbox over real HTTP, with the real messenger, and with the real listener before a real database."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from starlette.applications import Starlette
from starlette.routing import Route

from bot.database import Database
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import running
from bot.sandbox.workspace import Workspace
from bot.slack.listener import build_listener
from bot.slack.messenger import SlackMessenger, web_client
from bot.slack.tasks import Tasks
from handlers.context import Context
from tests.support.world import Clock, context


@dataclass
class Slack:
    """A running sandbox, and a messenger that has its token."""

    sandbox: Sandbox
    url: str
    messenger: SlackMessenger
    clock: Clock

    @property
    def workspace(self) -> Workspace:
        return self.sandbox.workspace

    def id(self, channel: str) -> str:
        return self.workspace.channel(channel).id

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.workspace.calls)

    def other_messenger(self, token: str, seconds: int = 2) -> SlackMessenger:
        return SlackMessenger(web_client(token, f"{self.url}/api/", seconds), self.clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock, request: pytest.FixtureRequest) -> AsyncIterator[Slack]:
    """The demo's workspace without rate limits; parametrize "slack" indirectly to change its configuration."""
    changes = {"rates": None, "retry_delays": (0.0,), **getattr(request, "param", {})}
    sandbox = build_sandbox(SandboxConfig(clock=clock, **changes))
    async with sandbox.running() as url:
        token = sandbox.config.bot_token
        yield Slack(sandbox, url, SlackMessenger(web_client(token, f"{url}/api/", 2), clock), clock)


@dataclass
class Bot:
    """The listener, served to the sandbox."""

    slack: Slack
    ctx: Context
    tasks: Tasks
    database: Database

    async def settled(self) -> None:
        """Wait until everything that was started is done."""
        await self.slack.sandbox.idle()
        await self.tasks.finish(5)

    def whispers(self, user: str = "ada", channel: str = "payments-dev") -> list[str]:
        """Return what one person alone was shown in a channel."""
        seen = self.slack.workspace.timeline(channel, user)
        return [message.text for message in seen if message.ephemeral_to]


@pytest.fixture
async def bot(slack: Slack, sqlite_url: str) -> AsyncIterator[Bot]:
    database, tasks, refs = Database(sqlite_url), Tasks(), itertools.count(1)
    ctx = context(database, slack.messenger)
    app = build_listener(
        ctx,
        slack.messenger.client,
        signing_secret=slack.sandbox.config.signing_secret,
        clock=slack.clock,
        new_ref=lambda: f"ref{next(refs)}",
        tasks=tasks,
    )
    served = Starlette(routes=[Route("/slack/events", AsyncSlackRequestHandler(app).handle, methods=["POST"])])
    async with running(served) as url:
        slack.sandbox.bot.url = url
        yield Bot(slack, ctx, tasks, database)
        await slack.sandbox.idle()
        await tasks.finish(5)
    await database.close()
