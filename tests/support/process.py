"""The bot as a process of its own, which can be killed, before a local Slack in the test's process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.sandbox.app import Sandbox
from bot.sandbox.state import Json
from tests.support.stage import environment

ROOT = Path(__file__).parents[2]


@dataclass
class Process:
    """A running `twinspan serve`."""

    running: asyncio.subprocess.Process
    url: str
    log: Path

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.running.returncode is None:
            self.running.kill()

    async def terminate(self, within: float = 60.0) -> int:
        """Ask it to end; return how it did."""
        self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(within):
            return await self.running.wait()

    async def until_alive(self) -> None:
        """Wait until it answers; fail with its log if it ends before."""
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while not await self._is_alive(client):
                assert self.running.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def _is_alive(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/livez")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def serving(
    sandbox: Sandbox, slack_url: str, database_url: str, port: int, folder: Path
) -> AsyncIterator[Process]:
    """Run `twinspan serve` until the block ends, whatever has become of it by then."""
    log = folder / "bot.log"
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            env={**environment(sandbox, slack_url, database_url, port), "PATH": os.environ["PATH"]},
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    process = Process(running, f"http://127.0.0.1:{port}", log)
    try:
        await process.until_alive()
        yield process
    finally:
        process.kill()
        await running.wait()


class Assassin:
    """A reader of the workspace that kills the bot in the instant a message is in Slack, before Slack answers."""

    def __init__(self, sandbox: Sandbox, process: Process, channel: str) -> None:
        self._channel = sandbox.workspace.channel(channel).id
        self._process = process
        self.has_struck = False
        sandbox.workspace._readers.add(self)  # type: ignore[arg-type]  # a reader is whatever can be told

    def put(self, notice: Json) -> None:
        """Hear of a change; called in the middle of the Web API's work."""
        if notice["kind"] == "message" and notice["channel"] == self._channel and not self.has_struck:
            self.has_struck = True
            self._process.kill()

    def close(self) -> None:
        """Nothing is left to end."""
