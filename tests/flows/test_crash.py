"""`kill -9` at the worst moments, and a polite end: nothing is missing after the restart, nothing is said twice."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from bot import clock
from bot.database import Database
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import free_port
from tests.bot.test_door import deployed
from tests.support.process import Assassin, Process, serving
from tests.support.stage import DEV, OPS, Channels, github_headers, until


@dataclass
class Scene:
    """A sandbox and a database that outlive the bot."""

    sandbox: Sandbox
    slack_url: str
    database: Database
    port: int
    folder: Path

    @property
    def seen(self) -> Channels:
        return Channels(self.sandbox)

    def bot(self) -> AbstractAsyncContextManager[Process]:
        return serving(self.sandbox, self.slack_url, self.database.url, self.port, self.folder)

    async def send(self, process: Process, number: int = 1) -> httpx.Response:
        body = json.dumps(deployed(number=number)).encode()
        headers = github_headers("deployment_status", body, f"delivery-{number}")
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(f"{process.url}/webhooks/github", content=body, headers=headers)

    async def let_half_a_minute_pass(self) -> None:
        """End the leases that the dead process held, as time would."""
        async with self.database.transaction() as store:
            await store.outbox._connection.execute(text("UPDATE channels SET leased_until = NULL, leased_by = NULL"))

    async def is_silent(self) -> bool:
        async with self.database.reading() as store:
            return not (await store.deliveries.counts())["waiting"] and not (await store.outbox.backlog())[0]

    async def leases(self) -> int:
        async with self.database.reading() as store:
            rows = await store.outbox._connection.execute(text("SELECT name FROM channels WHERE leased_by IS NOT NULL"))
            return len(list(rows))

    def said(self) -> list[int]:
        """Return how many messages each channel shows, and how many replies."""
        counts = []
        for channel in (DEV, OPS):
            messages = self.sandbox.workspace.channel(channel).messages.values()
            counts += [sum(not m.is_reply for m in messages), sum(m.is_reply for m in messages)]
        return counts


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    sandbox = build_sandbox(SandboxConfig(clock=clock.utc_now, rates=None))
    async with sandbox.running() as slack_url:
        yield Scene(sandbox, slack_url, database, free_port(), tmp_path)


ONCE_ON_EACH_SIDE = [1, 1, 1, 1]


async def test_killed_between_the_post_and_its_record(scene: Scene) -> None:
    async with scene.bot() as process:
        assassin = Assassin(scene.sandbox, process, DEV)
        assert 202 == (await scene.send(process)).status_code
        assert -signal.SIGKILL == await asyncio.wait_for(process.running.wait(), 60)
    assert assassin.has_struck
    posted = [message.ts for message in scene.seen.messages(DEV)]
    assert 1 == len(posted)

    await scene.let_half_a_minute_pass()
    async with scene.bot():
        await until(scene.is_silent, 100)
    assert ONCE_ON_EACH_SIDE == scene.said()
    assert posted == [message.ts for message in scene.seen.messages(DEV)], "the same message, found again"


async def test_killed_between_the_commit_and_the_post(scene: Scene) -> None:
    scene.sandbox.workspace.add_fault("down")
    async with scene.bot() as process:
        assert 202 == (await scene.send(process)).status_code
        await scene.sandbox.workspace.until(lambda: scene.seen.called("chat.postMessage"), 60)
        process.kill()
    assert [0, 0, 0, 0] == scene.said()

    scene.sandbox.workspace.clear_faults()
    await scene.let_half_a_minute_pass()
    async with scene.bot():
        await until(scene.is_silent, 100)
    assert ONCE_ON_EACH_SIDE == scene.said()


async def test_killed_the_moment_after_it_answered_the_sender(scene: Scene) -> None:
    async with scene.bot() as process:
        answers = await asyncio.gather(*(scene.send(process, number) for number in range(1, 4)))
        process.kill()
        assert [202] * 3 == [answer.status_code for answer in answers]

    await scene.let_half_a_minute_pass()
    async with scene.bot():
        await until(scene.is_silent, 100)
    assert [3, 3, 3, 3] == scene.said()


async def test_a_polite_end_finishes_the_request_under_way_and_gives_everything_back(scene: Scene) -> None:
    body = json.dumps(deployed()).encode()
    may_end = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:100]
        await may_end.wait()
        yield body[100:]

    async with scene.bot() as process, httpx.AsyncClient(trust_env=False, timeout=20) as client:
        headers = github_headers("deployment_status", body, "slow")
        sending = asyncio.create_task(client.post(f"{process.url}/webhooks/github", content=slowly(), headers=headers))
        await asyncio.sleep(0.5)
        ending = asyncio.create_task(process.terminate())
        await asyncio.sleep(0.5)
        may_end.set()
        assert 202 == (await sending).status_code
        # uvicorn ends by the signal it was stopped with, once everything is put away.
        assert await ending in (0, -signal.SIGTERM)
    assert 0 == await scene.leases()

    async with scene.bot():
        await until(scene.is_silent, 100)
    assert ONCE_ON_EACH_SIDE == scene.said()


async def test_a_polite_end_in_the_middle_of_a_post_records_it(scene: Scene) -> None:
    scene.sandbox.workspace.add_fault("hang", "chat.postMessage", DEV, seconds=1.0, remaining=1)
    async with scene.bot() as process:
        await scene.send(process)
        await scene.sandbox.workspace.until(lambda: not scene.sandbox.workspace.faults, 60)
        assert await process.terminate() in (0, -signal.SIGTERM)
    assert 0 == await scene.leases()

    async with scene.bot():
        await until(scene.is_silent, 100)
    assert ONCE_ON_EACH_SIDE == scene.said()


async def test_two_bots_on_one_postgres_say_everything_once(scene: Scene) -> None:
    if scene.database.is_sqlite:
        return
    other = Scene(scene.sandbox, scene.slack_url, scene.database, free_port(), scene.folder)
    async with scene.bot() as one, other.bot() as two:
        processes = [one, two] * 4
        await asyncio.gather(*(scene.send(process, number) for number, process in enumerate(processes, 1)))
        await until(scene.is_silent, 100)
    assert [8, 8, 8, 8] == scene.said()


HALF_A_MINUTE = timedelta(seconds=30)


async def test_what_a_dead_process_held_is_free_after_half_a_minute(scene: Scene) -> None:
    at, database = clock.utc_now(), scene.database
    async with database.transaction() as store:
        await store.channels.lease(f"#{DEV}", "dead", at=at, until=at + HALF_A_MINUTE)
    async with database.transaction() as store:
        assert not await store.channels.lease(f"#{DEV}", "new", at=at + timedelta(seconds=29), until=at + HALF_A_MINUTE)
        assert await store.channels.lease(f"#{DEV}", "new", at=at + HALF_A_MINUTE, until=at + 2 * HALF_A_MINUTE)
