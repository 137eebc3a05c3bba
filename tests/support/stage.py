"""The real bot and the local Slack, both over HTTP, on a database of the test's choice."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx

from bot import clock
from bot.app import Bot, World, build
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import free_port, running
from bot.sandbox.state import Message
from bot.settings import Settings, load
from bot.trust import trusted
from models.pace import Pace
from models.paging import PagingPlan

SECRET: Final = "demo-secret"
DEV, OPS, ADMIN = "payments-dev", "payments-ops", "twinspan-admin"
CONFIG: Final = Path(__file__).parents[2] / "bot" / "demo.yaml"
# Everything but the lease is quick: it must outlive a post where every processor runs tests.
QUICK: Final = Pace(gather=0.0, between_messages=0.01, poll=0.02, first_retry=0.1, lease=30.0)

# Slack sends an event again after a minute when nothing answered, as between two bots; a test need not wait for that.
SOON: Final = (0.0, 0.5, 2.0)


def github_headers(event: str, body: bytes, delivery: str, secret: str = SECRET) -> dict[str, str]:
    """Sign as GitHub does: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5f9ac1c",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def environment(sandbox: Sandbox, slack_url: str, database_url: str, port: int) -> dict[str, str]:
    """Return what a bot is told by its environment to work with a running sandbox."""
    return {
        "DATABASE_URL": database_url,
        "SLACK_BOT_TOKEN": sandbox.config.bot_token,
        "SLACK_SIGNING_SECRET": sandbox.config.signing_secret,
        "SLACK_API_URL": f"{slack_url}/api/",
        "TWINSPAN_CONFIG": str(CONFIG),
        "TWINSPAN_LISTEN": f"127.0.0.1:{port}",
        "DEMO_SECRET": SECRET,
    }


@dataclass
class Channels:
    """What people see in the sandbox."""

    sandbox: Sandbox

    def messages(self, channel: str) -> list[Message]:
        return self.sandbox.workspace.timeline(channel)

    def texts(self, channel: str) -> list[str]:
        return [message.text for message in self.messages(channel)]

    def shown(self, channel: str) -> list[str]:
        """Return everything that each message shows: its text and the words of its blocks."""
        return [f"{m.text} {json.dumps(m.blocks, ensure_ascii=False)}" for m in self.messages(channel)]

    def replies(self, channel: str, number: int = 0) -> list[Message]:
        return self.sandbox.workspace.thread(channel, self.messages(channel)[number].ts)[1:]

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.sandbox.workspace.calls)


@dataclass
class Stage:
    """A bot with its sandbox, and a sender before its door."""

    bot: Bot
    sandbox: Sandbox
    bot_url: str
    slack_url: str
    http: httpx.AsyncClient
    seen: Channels
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def github(
        self, event: str, payload: Mapping[str, Any] | bytes, delivery: str | None = None, secret: str = SECRET
    ) -> httpx.Response:
        """Send one delivery, signed as GitHub signs."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = github_headers(event, body, delivery or f"delivery-{next(self._numbers)}", secret)
        return await self.http.post("/webhooks/github", content=body, headers=headers)

    async def events(self, payload: Any, source: str = "events") -> httpx.Response:
        """Send generic events, with a bearer token."""
        return await self.http.post(f"/webhooks/{source}", json=payload, headers={"Authorization": f"Bearer {SECRET}"})

    async def is_settled(self) -> bool:
        """Say whether everything that was stored is applied, and everything that is to be said is said."""
        async with self.bot.database.reading() as store:
            waiting = (await store.deliveries.counts())["waiting"]
            return not waiting and not (await store.outbox.backlog())[0]

    async def settled(self, within: float = 60.0) -> None:
        await until(self.is_settled, within)

    async def is_applied(self) -> bool:
        async with self.bot.database.reading() as store:
            return not (await store.deliveries.counts())["waiting"]

    async def applied(self, within: float = 60.0) -> None:
        """Wait until everything that was stored is applied."""
        await until(self.is_applied, within)


def _without_paging(settings: Settings) -> Settings:
    """Return the demo's settings without its paging, which would speak in between; a test that wants some adds it."""
    return replace(settings, topology=replace(settings.topology, paging=PagingPlan()))


async def until(seen: Callable[[], Awaitable[bool]], within: float = 60.0) -> None:
    """Wait until something is seen."""
    async with asyncio.timeout(within):
        while not await seen():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def stage(
    database_url: str,
    change: Callable[[Settings], Settings] = lambda s: s,
    *,
    port: int = 0,
    now: Callable[[], datetime] = clock.utc_now,
) -> AsyncIterator[Stage]:
    """Run the bot against a sandbox without rate limits for the length of a block; `change` adjusts its settings."""
    port = port or free_port()
    sandbox = build_sandbox(SandboxConfig(clock=now, rates=None, retry_delays=SOON, bot_url=f"http://127.0.0.1:{port}"))
    async with sandbox.running() as slack_url:
        settings = _without_paging(replace(load(environment(sandbox, slack_url, database_url, port)), pace=QUICK))
        bot = build(change(settings), world=World(now=now))
        async with (
            running(bot, port, grace=3.0) as bot_url,
            httpx.AsyncClient(base_url=bot_url, trust_env=False, timeout=20, verify=trusted()) as http,
        ):
            yield Stage(bot, sandbox, bot_url, slack_url, http, Channels(sandbox))
            await sandbox.idle()
