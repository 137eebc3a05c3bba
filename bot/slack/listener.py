"""Hears what people do in Slack: a Bolt app built from the registries. Acknowledges first, then runs, then answers.

In slack-bolt an acknowledgement that is followed at once by an exception is lost, so nothing runs inside Bolt's
listeners but the acknowledgement itself; the work is a task of ours in which everything is caught.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import requests
from bot.slack.answers import Whisperer, answer
from bot.slack.edge import Edge
from bot.slack.tasks import Tasks
from bot.slack.turns import Turns
from handlers import actions as action_files
from handlers import commands as command_files
from handlers import events as event_files
from handlers.actions import Actions, Handler, Outcome, Press
from handlers.commands import Command
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.events import Event
from handlers.home import publish
from handlers.registry import discover
from handlers.views import Message, Modal, help, modals
from handlers.views.menu import MENU

_log = structlog.get_logger(__name__)

# https://docs.slack.dev/reference/methods/views.open#errors : a trigger lives three seconds and opens one form.
_TOO_LATE: Final = frozenset({"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged"})
# The form was closed before its next page was there.
_CLOSED: Final = "not_found"
_NAME_PATIENCE: Final = 1.0

Body = Mapping[str, Any]


def build_listener(
    ctx: Context,
    client: AsyncWebClient,
    *,
    signing_secret: str,
    clock: Callable[[], datetime],
    new_ref: Callable[[], str],
    tasks: Tasks | None = None,
    on_repeat: Callable[[datetime], None] = lambda _: None,
    edge: Edge | None = None,
) -> AsyncApp:
    """Return the Bolt app with every command, button, modal, shortcut and event there is.

    `on_repeat` is called when Slack tells an event again: others may have been lost. `new_ref` returns a short, random
    reference that a person can quote. `tasks.finish()` waits for what is under way.
    """
    app = AsyncApp(client=client, signing_secret=signing_secret, name="twinspan")
    tasks = tasks or Tasks()
    listener = _Listener(
        ctx=ctx,
        whisperer=Whisperer(client),
        clock=clock,
        new_ref=new_ref,
        tasks=tasks,
        turns=Turns(tasks),
        on_repeat=on_repeat,
        edge=edge or Edge(),
    )
    for command in discover(command_files, "COMMAND", Command):
        app.command(command.name)(listener.on_command(command))
    families = discover(action_files, "ACTIONS", Actions)
    menu = {value: handler for family in families for value, handler in family.menu.items()}
    app.action(MENU)(listener.on_press(MENU, _chosen(menu), requests.button_press))
    for family in families:
        for action_id, handler in family.buttons.items():
            app.action(action_id)(listener.on_press(action_id, handler, requests.button_press))
        for callback_id, handler in family.modals.items():
            app.view(callback_id)(listener.on_submit(callback_id, handler))
        for shortcut in family.shortcuts:
            hear = listener.on_press(shortcut.callback_id, shortcut.run, requests.shortcut_press)
            app.message_shortcut(shortcut.callback_id)(hear)
    app.event("member_joined_channel")(listener.on_joined)
    for event in discover(event_files, "EVENT", Event):
        app.event(event.type)(listener.on_event(event))
    return app


def _chosen(menu: Mapping[str, Handler]) -> Handler:
    """Return what does what was chosen from a message's menu."""

    async def choose(ctx: Context, press: Press) -> Outcome:
        handler = menu.get(press.value)
        if handler is None:
            raise UserError("That menu is of another version.")
        return await handler(ctx, press)

    return choose


@dataclass(frozen=True, slots=True)
class _Heard:
    """One thing that happened: its name for the log, Slack's payload, when, and how to answer (if anybody asked)."""

    name: str
    body: Body
    at: datetime
    respond: AsyncRespond | None = None
    edge: Edge = field(default_factory=Edge)

    @property
    def identity(self) -> str:
        """What is the same when Slack tells it again."""
        return str(self.body.get("event_id") or self.body.get("trigger_id") or "")

    @property
    def view_id(self) -> str | None:
        """The open form it was pressed in, if any: Slack gives no address to answer such a press."""
        view_id = (self.body.get("container") or {}).get("view_id")
        return str(view_id) if view_id and not self.home_of else None

    @property
    def home_of(self) -> str | None:
        """Whose home it was pressed in, if it was: it is shown anew, with the answer on top."""
        is_home = (self.body.get("view") or {}).get("type") == "home"
        return str(self.body["user"]["id"]) if is_home else None

    async def answer(self, message: Message, *, in_channel: bool = False) -> None:
        """Say something to whom it came from."""
        if self.respond:
            await answer(self.respond, await self.edge.shown(message), in_channel=in_channel)


_Work = Callable[[_Heard], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class _Listener:
    """What Bolt's listeners share."""

    ctx: Context
    whisperer: Whisperer
    clock: Callable[[], datetime]
    new_ref: Callable[[], str]
    tasks: Tasks
    turns: Turns
    on_repeat: Callable[[datetime], None]
    edge: Edge

    def on_command(self, command: Command) -> Callable[..., Awaitable[None]]:
        """Return Bolt's listener for a slash command."""

        async def work(heard: _Heard) -> None:
            name = await self._name({"id": heard.body["user_id"], "name": heard.body.get("user_name")})
            reply = await command.run(self.ctx, requests.invocation(heard.body, user_name=name, at=heard.at))
            await self._open(reply.modal, heard)
            if reply.message:
                await heard.answer(reply.message, in_channel=reply.in_channel)

        return self._acknowledging(command.name, work)

    def on_press(self, name: str, handler: Handler, read: Callable[..., Press]) -> Callable[..., Awaitable[None]]:
        """Return Bolt's listener for a button or a message shortcut; `read` reads its payload."""

        async def work(heard: _Heard) -> None:
            press = read(heard.body, user_name=await self._name(heard.body["user"]), at=heard.at)
            outcome = await handler(self.ctx, press)
            await self._open(outcome.modal, heard)
            if outcome.message:
                await self._tell(heard, outcome.message)
            elif heard.home_of and not outcome.modal:
                await publish(self.ctx, heard.home_of, heard.at)

        return self._acknowledging(name, work)

    def on_submit(self, name: str, handler: Handler) -> Callable[..., Awaitable[None]]:
        """Return Bolt's listener for a modal's submit: it runs first, so that the form can show what is wrong."""

        async def hear(ack: AsyncAck, body: dict[str, Any]) -> None:
            body = self.edge.seen(body)
            try:
                press = requests.submission(body, user_name=await self._name(body["user"]), at=self.clock())
                outcome = await handler(self.ctx, press)
            except UserError as error:
                await _complain(ack, body, str(error))
            except Exception:
                await _complain(ack, body, help.went_wrong(self._logged(name)).text)
            else:
                await self._close(ack, press, outcome)

        return hear

    async def on_joined(self, event: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
        """Try again what a channel refused, as soon as the bot is invited to it. Bolt has acknowledged already."""
        if event.get("user") == context.get("bot_user_id"):
            heard = _Heard("member_joined_channel", body, self.clock())
            self.tasks.start(self._guarded(heard, self._joined), heard.name)

    def on_event(self, kind: Event) -> Callable[..., Awaitable[None]]:
        """Return Bolt's listener for a type of event. Bolt has acknowledged already, and leaves out what we said."""

        async def hear(event: dict[str, Any], body: dict[str, Any], req: AsyncBoltRequest) -> None:
            event, heard = self.edge.seen(event), _Heard(kind.type, body, self.clock())
            # https://docs.slack.dev/apis/events-api#retries
            if req.headers.get("x-slack-retry-num"):
                self.on_repeat(heard.at)
            channel = str(event.get("channel") or (event.get("item") or {}).get("channel") or "")
            happened = float(event.get("event_ts") or event.get("ts") or 0)
            self.turns.put(channel, happened, lambda: self._repeatable(heard, kind, event))

        return hear

    async def _repeatable(self, heard: _Heard, kind: Event, event: Body) -> None:
        """Do what may be done twice: it is not marked as seen before it is done, so that a crash loses nothing."""
        try:
            await kind.run(self.ctx, event, heard.at)
        except Exception:
            self._logged(heard.name)

    def _acknowledging(self, name: str, work: _Work) -> Callable[..., Awaitable[None]]:
        async def hear(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
            await ack()
            heard = _Heard(name, self.edge.seen(body), self.clock(), respond, self.edge)
            self.tasks.start(self._guarded(heard, work), name)

        return hear

    async def _guarded(self, heard: _Heard, work: _Work) -> None:
        """Do something once, and tell the person what went wrong, if anything."""
        try:
            if await self._is_first(heard):
                await work(heard)
        except UserError as error:
            await self._apologize(heard, help.problem(str(error)))
        except Exception as error:
            if isinstance(error, PostFailure) and error.reason == _CLOSED and heard.view_id:
                return
            if isinstance(error, PostFailure) and error.reason in _TOO_LATE:
                await self._apologize(heard, help.too_late())
            else:
                await self._apologize(heard, help.went_wrong(self._logged(heard.name)))

    async def _apologize(self, heard: _Heard, message: Message) -> None:
        try:
            await self._tell(heard, message)
        except Exception:
            _log.exception("answer_failed", name=heard.name)

    async def _tell(self, heard: _Heard, message: Message) -> None:
        """Say something where the person is looking."""
        if heard.home_of:
            await publish(self.ctx, heard.home_of, heard.at, message)
        elif heard.view_id:
            await self.ctx.messenger.update_modal(heard.view_id, modals.notice(message))
        else:
            await heard.answer(message)

    async def _is_first(self, heard: _Heard) -> bool:
        if not heard.identity:
            return True
        async with self.ctx.transaction() as store:
            return await store.seen.first_time("slack", heard.identity, heard.at)

    async def _open(self, modal: Modal | None, heard: _Heard) -> None:
        if modal and heard.view_id:
            await self.ctx.messenger.update_modal(heard.view_id, modal)
        elif modal:
            await self.ctx.messenger.open_modal(heard.body["trigger_id"], modal)

    async def _close(self, ack: AsyncAck, press: Press, outcome: Outcome) -> None:
        if outcome.errors:
            await ack(response_action="errors", errors=dict(outcome.errors))
        elif outcome.modal:
            await ack(response_action="update", view=outcome.modal.view)
        else:
            await ack()
        if outcome.message:
            self.tasks.start(self._whisper(press, outcome.message), "whisper")

    async def _whisper(self, press: Press, message: Message) -> None:
        channel, user = self.edge.bare(press.channel_id), self.edge.bare(press.user_id)
        await self.whisperer.whisper(channel, user or "", await self.edge.shown(message))

    async def _joined(self, heard: _Heard) -> None:
        names = await self.whisperer.channel_names(heard.body["event"]["channel"])
        async with self.ctx.transaction() as store:
            for channel in self.ctx.topology.channels:
                if self.edge.is_here(channel) and str(self.edge.bare(channel)).removeprefix("#") in names:
                    await store.outbox.retry(channel, heard.at)
        self.ctx.wake_outbox()

    async def _name(self, user: Body) -> str:
        """Return what a person is called; the handle in the payload where Slack takes too long to say."""
        handle = str(user.get("name") or user.get("username") or user["id"])
        try:
            async with asyncio.timeout(_NAME_PATIENCE):
                name = await self.ctx.messenger.user_name(user["id"])
        except (TimeoutError, PostFailure):
            return handle
        return handle if name == user["id"] else name

    def _logged(self, name: str) -> str:
        ref = self.new_ref()
        _log.exception("handler_failed", handler=name, ref=ref)
        return ref


async def _complain(ack: AsyncAck, body: Body, words: str) -> None:
    """Keep a form open, with what is wrong under its first field."""
    await ack(response_action="errors", errors={requests.first_field(body): words})
