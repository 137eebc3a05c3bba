"""The only composition root: turns settings into a running bot, and owns its life from start to stop."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
import uvicorn
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import handlers.webhooks as webhook_files
from bot import clock, periodic, sweeps
from bot.api.routes import Api
from bot.database import Database, with_schema
from bot.delivery_gauges import DeliveryGauges
from bot.door import PREFIX, Door, Receive, Scope, Send
from bot.elsewhere import HttpElsewhere
from bot.gate import PATH as GATE_PATH
from bot.gate import Gate
from bot.health import Health
from bot.pagers import writers
from bot.prometheus import operations
from bot.schedule import Schedule
from bot.settings import Settings
from bot.slack.failures import answered
from bot.slack.listener import build_listener
from bot.slack.messenger import web_client
from bot.slack.tasks import Tasks
from bot.slack.workspaces import Workspace, Workspaces, workspace
from bot.telemetry import Metrics
from handlers.apply import Apply
from handlers.context import Context
from handlers.intake import Intake
from handlers.links import load_links
from handlers.mirror_catch_up import Missed
from handlers.outbox import Dispatcher
from handlers.ports import Messenger
from handlers.registry import discover
from handlers.speech import render
from handlers.webhooks import SourceKind
from models.workspaces import HOME

_log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is not the same twice: time, chance, identity. Tests replace it; the program never does."""

    now: Callable[[], datetime] = clock.utc_now
    elapsed: Callable[[], float] = clock.monotonic
    sleep: Callable[[float], Awaitable[None]] = clock.sleep
    new_id: Callable[[], str] = clock.new_id
    jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)  # noqa: S311  # spreads retries, guards nothing


@dataclass(kw_only=True)
class Bot:
    """A built bot. It is an ASGI application; its lifespan starts and stops the workers."""

    settings: Settings
    database: Database
    ctx: Context
    intake: Intake
    apply: Apply
    dispatcher: Dispatcher
    schedule: Schedule
    metrics: Metrics
    listener: AsyncApp
    tasks: Tasks
    door: Door
    gate: Gate
    missed: Missed
    now: Callable[[], datetime]
    elsewhere: Mapping[str, AsyncApp] = field(default_factory=dict)
    web: Starlette = field(init=False)
    _socket: AsyncSocketModeHandler | None = None
    _workers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the webhook path goes past every middleware."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.door(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == GATE_PATH:
            await self.gate(scope, receive, send)
        else:
            await self.web(scope, receive, send)

    def workers(self) -> Mapping[str, bool]:
        """Return whether each background worker runs."""
        running = {name: not task.done() for name, task in self._workers.items()}
        return running | {"schedule": self.schedule.is_running}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the workers for the length of a block; at its end nothing that was claimed stays claimed."""
        await self.check_schema()
        await sweeps.load_mappings(self.ctx)
        await load_links(self.ctx)
        await self.missed.begin(self.now())
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            stack.push_async_callback(self._close_slack)
            # The last to be stopped is started first: what the door stores on the way out is found at the next start.
            for name, work in (("inbox", self.apply.run()), ("door", self.intake.run()), ("gate", self.gate.run())):
                stack.push_async_callback(self._stop, self._start(name, work))
            outbox = self._start("outbox", self.dispatcher.run())
            stack.push_async_callback(self._stop, outbox)
            stack.push_async_callback(self.dispatcher.stop)
            await self.schedule.start()
            stack.push_async_callback(self.schedule.stop)
            stack.push_async_callback(self.tasks.finish, SHUTDOWN_SECONDS)
            self._connect_socket(stack)
            self.look_for_missed()
            self.tasks.start(self._retier(), "take over changed tiers")
            _log.info("ready", sources=[s.name for s in self.ctx.topology.sources])
            yield
            _log.info("stopping")

    def look_for_missed(self) -> None:
        """Make up for what people wrote while nothing was heard."""
        self.tasks.start(self._look_for_missed(), "look for what was missed")

    async def _retier(self) -> None:
        try:
            await sweeps.retier(self.ctx)
        except Exception:
            _log.exception("retier_failed")

    async def _look_for_missed(self) -> None:
        try:
            await self.missed.look(self.now())
        except Exception:
            _log.exception("catch_up_failed")

    def _start(self, name: str, work: Any) -> "asyncio.Task[None]":
        self._workers[name] = asyncio.create_task(work, name=name)
        return self._workers[name]

    async def _stop(self, worker: "asyncio.Task[None]") -> None:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

    async def check_schema(self) -> None:
        """Migrate a file of SQLite to the schema this release needs; elsewhere that is for a person to decide.

        Raises:
            OldSchema: a database that is not a file has another schema.
        """
        await with_schema(self.database)

    def _connect_socket(self, stack: AsyncExitStack) -> None:
        self._socket = self._connected(stack, self.listener, self.settings.slack_app_token)
        for name, listener in self.elsewhere.items():
            self._connected(stack, listener, self.settings.workspaces[name].app_token)

    def _connected(
        self, stack: AsyncExitStack, listener: AsyncApp, token: SecretStr | None
    ) -> AsyncSocketModeHandler | None:
        if token is None:
            return None
        socket = AsyncSocketModeHandler(listener, token.get_secret_value())
        stack.push_async_callback(socket.close_async)
        # It tries until Slack answers. Meanwhile the door is open, and a signal to stop is heard.
        connecting = asyncio.create_task(socket.connect_async())  # type: ignore[no-untyped-call]  # Bolt has no types here
        stack.push_async_callback(self._stop, connecting)
        return socket

    async def ask_slack(self) -> None:
        """Ask whether Slack can be reached both ways; raise what is wrong."""
        await answered(self.listener.client.auth_test())
        if self._socket is not None and not await self._socket.client.is_connected():
            raise ConnectionError("Socket Mode is not connected")

    async def _close_slack(self) -> None:
        for listener in (self.listener, *self.elsewhere.values()):
            session = listener.client.session
            if session is not None and not session.closed:
                await session.close()


def build(settings: Settings, *, world: World | None = None, messenger: Messenger | None = None) -> Bot:
    """Build a bot from its settings. `world` and `messenger` replace what touches the outside; tests use them."""
    world = world or World()
    database, metrics, tasks = Database(settings.database_url), Metrics(), Tasks()
    client = web_client(_secret(settings.slack_bot_token), settings.slack_api_url)
    home = workspace(HOME, client, world.now, messenger)
    others = {
        name: workspace(name, web_client(access.bot_token.get_secret_value(), access.api_url), world.now)
        for name, access in settings.workspaces.items()
    }
    everywhere = Workspaces({HOME: home, **others}) if others else None
    kinds = {kind.kind: kind for kind in discover(webhook_files, "SOURCE", SourceKind)}
    ctx = Context(
        transaction=database.transaction,
        reading=database.reading,
        at_once=database.at_once,
        aside=database.aside,
        topology=settings.topology,
        messenger=everywhere or home.messenger,
        telemetry=metrics,
        operations=operations(settings.prometheus),
        rooms=everywhere or home.rooms,
        directory=everywhere or home.directory,
        sharing=everywhere or home.sharing,
        conversation=everywhere or home.conversation,
        elsewhere=HttpElsewhere(pagerduty=settings.pagerduty, writers=writers(settings.pagers)),
    )
    intake = Intake(
        in_turn=database.in_turn,
        topology=lambda: ctx.topology,
        telemetry=metrics,
        elapsed=world.elapsed,
        on_stored=lambda: ctx.wake_apply(),
        queue_size=settings.queue_size,
    )
    apply = Apply(
        ctx=ctx,
        kinds=kinds,
        now=world.now,
        elapsed=world.elapsed,
        door_is_busy=intake.is_busy,
        door_is_open=intake.is_open,
    )
    dispatcher = Dispatcher(
        ctx=ctx,
        render=render,
        holder=world.new_id(),
        now=world.now,
        elapsed=world.elapsed,
        sleep=world.sleep,
        jitter=world.jitter,
        pace=settings.pace,
    )
    clients = {at.name: at.client for at in (home, *others.values())}
    ctx.wake_apply, ctx.wake_outbox = apply.wake, dispatcher.wake
    missed = Missed(ctx)
    ctx.hear = missed.hear

    def on_repeat(at: datetime) -> None:
        if missed.suspect(at):
            bot.look_for_missed()

    def hears(at: Workspace, signing_secret: SecretStr | None) -> AsyncApp:
        return build_listener(
            ctx,
            at.client,
            signing_secret=_secret(signing_secret),
            clock=world.now,
            new_ref=lambda: world.new_id()[-4:],
            tasks=tasks,
            on_repeat=on_repeat,
            edge=everywhere.edge(at.name) if everywhere else None,
        )

    bot = Bot(
        settings=settings,
        database=database,
        ctx=ctx,
        intake=intake,
        apply=apply,
        dispatcher=dispatcher,
        schedule=Schedule(ctx, world.now, periodic.sweeps_of(ctx, clients, world.now, settings.pagerduty, missed)),
        metrics=metrics,
        listener=hears(home, settings.slack_signing_secret),
        elsewhere={name: hears(at, settings.workspaces[name].signing_secret) for name, at in others.items()},
        tasks=tasks,
        door=Door(intake=intake, kinds=kinds, topology=lambda: ctx.topology, now=world.now),
        missed=missed,
        gate=Gate(ctx=ctx, now=world.now, tokens=settings.gate_tokens),
        now=world.now,
    )
    bot.web = _web(bot, world)
    return bot


def _secret(held: SecretStr | None) -> str:
    return held.get_secret_value() if held else ""


def _slack_route(path: str, listener: AsyncApp) -> Route:
    slack = AsyncSlackRequestHandler(listener)

    async def events(request: Request) -> Response:
        return await slack.handle(request)

    return Route(path, events, methods=["POST"])


def _web(bot: Bot, world: World) -> Starlette:
    """Return everything but the webhook path: Slack's requests, health, metrics."""
    # Without a signing secret nothing could be verified; over Socket Mode nothing comes this way.
    by_http = [_slack_route("/slack/events", bot.listener)] if bot.settings.slack_signing_secret else []
    by_http += [
        _slack_route(f"/slack/events/{name}", listener)
        for name, listener in bot.elsewhere.items()
        if bot.settings.workspaces[name].signing_secret
    ]

    gauges = DeliveryGauges(
        aside=bot.database.aside, topology=lambda: bot.ctx.topology, now=world.now, elapsed=world.elapsed
    )
    bot.metrics.registry.register(gauges)
    health = Health(
        reading=bot.database.reading,
        workers=bot.workers,
        slack=bot.ask_slack,
        metrics=bot.metrics,
        gauges=gauges,
        now=world.now,
        elapsed=world.elapsed,
    )

    api = Api(
        reading=bot.database.reading,
        aside=bot.database.aside,
        topology=lambda: bot.ctx.topology,
        tokens=bot.settings.api_tokens,
        now=world.now,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with bot.running():
            yield

    return Starlette(
        routes=[
            *by_http,
            Route("/livez", health.livez),
            Route("/readyz", health.readyz),
            Route("/metrics", health.prometheus),
            *api.routes(),
        ],
        lifespan=lifespan,
    )


async def serve(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT; requests under way are finished first."""
    bot = build(settings)
    # Before uvicorn, which would make a traceback of what is one line for a person.
    try:
        await bot.check_schema()
    except BaseException:
        await bot.database.close()
        raise
    config = uvicorn.Config(
        bot,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    await uvicorn.Server(config).serve()
