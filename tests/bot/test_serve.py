"""`twinspan serve` as a process of its own: how it starts, answers, and ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy.engine import make_url

from bot.clock import utc_now
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import free_port

ROOT = Path(__file__).parents[2]
CONFIG = "bridges: {payments: {dev: '#payments-dev', ops: '#payments-ops'}}\nservices: [payments]\n"
NOWHERE = "http://127.0.0.1:1/api/"


@asynccontextmanager
async def serving(database: str, port: int, tmp_path: Path, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    (tmp_path / "twinspan.yaml").write_text(CONFIG)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "signing-s3cret",
        "SLACK_API_URL": NOWHERE,
        "TWINSPAN_LISTEN": f"127.0.0.1:{port}",
        **more,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", cwd=tmp_path, env=environ, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(30):
        _, said = await process.communicate()
    return process.returncode, said.decode()


async def until_alive(port: int) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/livez")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                assert 200 == answer.status_code
                return


async def test_the_door_opens_without_slack_and_a_signal_to_stop_is_heard(tmp_path: Path) -> None:
    port = free_port()
    async with serving(f"sqlite:///{tmp_path}/t.db", port, tmp_path, SLACK_APP_TOKEN="xapp-1") as process:
        await until_alive(port)
        process.send_signal(signal.SIGTERM)
        code, said = await ended(process)
    # uvicorn ends by the signal it was stopped with, once everything is put away.
    assert -signal.SIGTERM == code, said
    assert "Application shutdown complete" in said
    assert "warning" not in said.partition('"ready"')[0]


async def test_over_socket_mode_a_command_is_acknowledged(tmp_path: Path) -> None:
    config = SandboxConfig(clock=utc_now, mode="socket", rates=None)
    sandbox, port = build_sandbox(config), free_port()
    async with sandbox.running() as url:
        slack = {
            "SLACK_API_URL": f"{url}/api/",
            "SLACK_BOT_TOKEN": config.bot_token,
            "SLACK_APP_TOKEN": config.app_token,
        }
        async with serving(f"sqlite:///{tmp_path}/t.db", port, tmp_path, **slack) as process:
            await sandbox.workspace.until(lambda: sandbox.socket.connected == 1, within=30)
            outcome = await sandbox.actor.send_slash_command("ada", "payments-dev", "/deploys")
            process.send_signal(signal.SIGTERM)
            code, said = await ended(process)
    assert outcome.ok, (outcome, said)
    assert -signal.SIGTERM == code, said


async def test_an_address_that_is_taken_is_a_failure(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken, serving(f"sqlite:///{tmp_path}/t.db", taken.sockets[0].getsockname()[1], tmp_path) as process:
        code, said = await ended(process)
    assert (1, True) == (code, "address already in use" in said), said


async def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    async with serving("postgresql://me:db-s3cret@127.0.0.1:1/x", free_port(), tmp_path) as process:
        code, said = await ended(process)
    last = said.splitlines()[-1]
    assert (1, True) == (code, "Connection refused): check DATABASE_URL." in last), said
    assert "Traceback" not in said
    assert "s3cret" not in said


@pytest.mark.postgres
async def test_on_postgresql_an_old_schema_is_refused_with_the_command(postgres_server: str, tmp_path: Path) -> None:
    url = make_url(postgres_server).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        await connection.execute('CREATE DATABASE "twinspan_without_schema"')
        empty = url.set(database="twinspan_without_schema").render_as_string(hide_password=False)
        async with serving(empty, free_port(), tmp_path) as process:
            code, said = await ended(process)
        await connection.execute('DROP DATABASE "twinspan_without_schema" WITH (FORCE)')
    finally:
        await connection.close()
    assert (1, True) == (code, "run `twinspan migrate`, then start again" in said.splitlines()[-1]), said
    assert "Traceback" not in said
