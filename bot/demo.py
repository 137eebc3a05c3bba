"""`twinspan demo`: the bot and the sandbox workspace together, on SQLite, with nothing to install or to sign up for."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

import handlers.actions as action_files
import handlers.commands as command_files
from bot import clock
from bot.app import Bot, build
from bot.manifest import EVENT_SCOPES, scopes
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import DEMO_PEOPLE, SandboxConfig
from bot.sandbox.page.day import DAY
from bot.sandbox.page.options import CommandHint, PageOptions, ScenarioDoor, ShortcutHint
from bot.sandbox.page.routes import mount_page
from bot.sandbox.page.scenario import Scenario
from bot.sandbox.serving import free_port, is_taken, running
from bot.settings import load
from handlers.actions import Actions
from handlers.commands import Command
from handlers.registry import discover

SECRET: Final = "demo-secret"  # noqa: S105  # opens nothing but this demo, on this machine
_CONFIG: Final = Path(__file__).with_name("demo.yaml")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its two halves, and where they answer."""

    bot: Bot
    sandbox: Sandbox
    bot_url: str
    page_url: str


@asynccontextmanager
async def demo(database: Path, *, port: int = 0, page_port: int = 0, pace: float = 1.0) -> AsyncIterator[Demo]:
    """Run the bot against a sandbox for the length of a block; a port of 0 is any free one.

    `pace` stretches the day that the page can play: 1 is about a minute, 0 as fast as it goes.
    """
    port = port or free_port()
    bot_url = f"http://127.0.0.1:{port}"
    config = SandboxConfig(
        clock=clock.utc_now,
        people=DEMO_PEOPLE,
        bot_url=bot_url,
        commands=frozenset(c.name for c in _commands()),
        # The manifest subscribes to `message.channels`; the event itself is a `message`.
        events=frozenset(name.partition(".")[0] for name in EVENT_SCOPES),
        scopes=frozenset(scopes()),
    )
    sandbox = build_sandbox(config)
    mount_page(sandbox.app, sandbox.workspace, sandbox.actor, _options(bot_url, pace))
    async with sandbox.running(page_port) as page_url:
        bot = build(load(_environment(config, database, page_url), _CONFIG))
        async with running(bot, port, grace=3.0):
            yield Demo(bot, sandbox, bot_url, page_url)


def run_demo(port: int = 8080, page_port: int = 8081, scenario: bool = False) -> None:
    """Run until Ctrl-C; `scenario` plays the day at once. What an earlier demo remembered is forgotten.

    Raises:
        click.ClickException: a port is taken, by another demo perhaps: its database is left alone.
    """
    taken = [number for number in (port, page_port) if number and is_taken(number)]
    if taken:
        others = f"twinspan demo --port {port + 10} --page-port {page_port + 10}"
        raise click.ClickException(
            f"Port {taken[0]} of this machine is taken, by another demo perhaps. Stop that, or choose others: {others}"
        )
    database = Path("data/demo.db")
    for leftover in database.parent.glob("demo.db*"):
        leftover.unlink()
    asyncio.run(_run(database, port, page_port, scenario))


async def _run(database: Path, port: int, page_port: int, scenario: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with demo(database, port=port, page_port=page_port) as running_demo:
        click.echo(f"The sandbox workspace:  {running_demo.page_url}   <- open this in a browser")
        click.echo(f"The bot:                {running_demo.bot_url}   (webhooks, /readyz, /metrics)")
        click.echo("Type /change in a channel, or press “Play a day in a minute”. Ctrl-C ends it.")
        if scenario:
            await Scenario(
                running_demo.sandbox.workspace, running_demo.sandbox.actor, _door(running_demo.bot_url), DAY, pace=1.0
            ).run()
        await stopped.wait()
        click.echo("Stopping …")


def _commands() -> list[Command]:
    return discover(command_files, "COMMAND", Command)


def _options(bot_url: str, pace: float) -> PageOptions:
    families = discover(action_files, "ACTIONS", Actions)
    return PageOptions(
        commands=[CommandHint(c.name.removeprefix("/"), c.usage, c.summary) for c in _commands()],
        shortcuts=[ShortcutHint(s.callback_id, s.name) for family in families for s in family.shortcuts],
        door=_door(bot_url),
        pace=pace,
    )


def _door(bot_url: str) -> ScenarioDoor:
    return ScenarioDoor(bot_url, dict.fromkeys(("github", "gitlab", "alertmanager", "events"), SECRET))


def _environment(config: SandboxConfig, database: Path, page_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "SLACK_BOT_TOKEN": config.bot_token,
        "SLACK_SIGNING_SECRET": config.signing_secret,
        "SLACK_API_URL": f"{page_url}/api/",
        "DEMO_SECRET": SECRET,
    }
