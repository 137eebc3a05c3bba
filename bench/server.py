"""The real bot under load, with three routes beside it to compare with: `python -m bench.server DATABASE_URL PORT`.

`/bare` reads the body and answers 202; `/checked` verifies and parses it as the door does, and stores nothing;
`/single` does what the door does, but with a transaction for each request.
`/stats` tells what still waits to be applied.
"""

import asyncio
import subprocess
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import uvicorn
import zstandard
from pydantic import SecretStr

from bot.app import Bot, build
from bot.clock import utc_now
from bot.door import Receive, Scope, Send
from bot.interpreter import settle
from bot.settings import Settings
from handlers.digest_runs import run_digest
from handlers.ports import Posted
from handlers.views import Message, Modal
from handlers.webhooks import Parsed, WebhookRequest
from models.store.deliveries import NewDelivery
from models.topology import Bridge, DigestPlan, Service, Topology, WebhookSource

# Due at the same minute, each over these services with a year behind them (see bench.digests).
DIGESTS = 200
MANY = tuple(f"b0-s{n}" for n in range(40))
# A bridge for each: what was posted to one is not posted there again.
_BRIDGES = tuple(Bridge(name=f"all {n}", dev="#all-dev", ops="#all-ops", services=MANY) for n in range(DIGESTS))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "bench-secret"  # signs nothing but this benchmark


class Nowhere:
    """A Slack that takes everything at once."""

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        """Take a message."""
        return Posted(channel, "1.0")

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> Posted:
        """Take an edit."""
        return Posted(channel_id, ts)

    async def delete(self, channel_id: str, ts: str) -> None:
        """Delete nothing."""

    async def find(self, channel: str, *, key: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Find nothing."""
        return None

    async def open_modal(self, trigger_id: str, modal: Modal) -> None:
        """Open nothing."""

    async def update_modal(self, view_id: str, modal: Modal) -> None:
        """Show nothing."""

    async def publish_home(self, user_id: str, home: Modal) -> None:
        """Show nothing."""

    async def user_timezone(self, user_id: str) -> str | None:
        return None

    async def user_name(self, user_id: str) -> str:
        """Return the id."""
        return user_id


def plans() -> list[DigestPlan]:
    """Return plans that are all due at the same minute, each for a bridge with the most to compute."""
    return [
        DigestPlan(name=f"plan {n}", bridges=(bridge.name,), cron="0 9 * * mon", timezone="UTC", period="week")
        for n, bridge in enumerate(_BRIDGES)
    ]


def settings(database_url: str) -> Settings:
    """Return a bridge of one service, those of the digests, one GitHub source."""
    return Settings(
        database_url=database_url,
        slack_bot_token=SecretStr("xoxb-bench"),
        slack_signing_secret=SecretStr("bench"),
        topology=Topology(
            bridges=(
                Bridge(name="payments", dev="#dev", ops="#ops", services=("payments",)),
                *_BRIDGES,
            ),
            services=(
                Service(name="payments", repositories=("acme/payments",)),
                *(Service(name=name) for name in MANY),
            ),
            sources=(WebhookSource(name="github", kind="github", secrets=(SECRET,)),),
        ),
        queue_size=10_000,
    )


class Beside:
    """The bot, and the routes beside it."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.due: asyncio.Future[Any] | None = None
        self.compressor = zstandard.ZstdCompressor(level=1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path")
        if path == "/bare":
            await _body(receive)
            await _answer(send, 202, b"{}")
        elif path == "/checked":
            self.check(scope, await _body(receive))
            await _answer(send, 202, b"{}")
        elif path == "/single":
            await self.store_alone(scope, await _body(receive))
            await _answer(send, 202, b"{}")
        elif path == "/digests":
            self.start_digests()
            await _answer(send, 202, b"{}")
        elif path == "/stats":
            await _answer(send, 200, msgspec.json.encode(await self.stats()))
        else:
            await self.bot(scope, receive, send)

    def check(self, scope: Scope, body: bytes) -> tuple[WebhookRequest, Parsed]:
        """Verify and parse one request."""
        source = self.bot.ctx.topology.sources[0]
        kind = self.bot.door.kinds["github"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = WebhookRequest(headers, body, utc_now())
        kind.verify(request, source)
        return request, kind.parse(request, source)

    async def store_alone(self, scope: Scope, body: bytes) -> None:
        """Verify, parse and store one request in a transaction of its own."""
        request, parsed = self.check(scope, body)
        delivery = NewDelivery(
            source="single",
            key=parsed.key,
            event=parsed.event,
            received_at=request.at,
            headers={},
            body=self.compressor.compress(body),
        )
        async with self.bot.database.transaction() as store:
            await store.deliveries.add_group([delivery])

    def start_digests(self) -> None:
        """Let the digests of `DIGESTS` plans be due at this instant."""
        self.due = asyncio.gather(*(run_digest(self.bot.ctx, plan, NOW, NOW) for plan in plans()))

    async def stats(self) -> dict[str, int]:
        """Return how many deliveries and messages wait."""
        async with self.bot.database.reading() as store:
            counts = await store.deliveries.counts()
            counts["outbox"], _ = await store.outbox.backlog()
        counts["digests"] = DIGESTS if self.due is not None and self.due.done() else 0
        return counts


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start: MutableMapping[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until terminated."""
    url, port = sys.argv[1], int(sys.argv[2])
    # As in life: an earlier process did that, and this one never reads what it takes.
    subprocess.run([sys.executable, "-c", "import sys, bot.database as d; d.migrate(sys.argv[1])", url], check=True)
    settle()
    uvicorn.run(
        Beside(build(settings(url), messenger=Nowhere())),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
