"""The page in a running sandbox, and a small bot that answers it, all over real HTTP on loopback."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import DEMO_PEOPLE, SandboxConfig
from bot.sandbox.page import CommandHint, PageOptions, ScenarioDoor, ShortcutHint, mount_page
from bot.sandbox.serving import running

SECRETS = {"github": "g-secret", "gitlab": "l-secret", "alertmanager": "a-secret", "events": "e-secret"}
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Log a change"},
    "submit": {"type": "plain_text", "text": "Log it"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What was changed"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "who",
            "optional": True,
            "label": {"type": "plain_text", "text": "Approved by"},
            "element": {"type": "users_select", "action_id": "person"},
        },
    ],
}


@dataclass
class Bot:
    """Acknowledges everything, opens a modal for an empty /change, shows an alert with a button, keeps what it got."""

    client: AsyncWebClient | None = None
    commands: list[dict[str, str]] = field(default_factory=list)
    interactions: list[dict[str, Any]] = field(default_factory=list)
    webhooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: int = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/slack/events", self.slack, methods=["POST"]),
                Route("/webhooks/{source}", self.webhook, methods=["POST"]),
            ]
        )

    async def slack(self, request: Request) -> Response:
        if request.headers["content-type"].startswith("application/json"):
            return Response()
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        return await (self._interaction(json.loads(form["payload"])) if "payload" in form else self._command(form))

    async def _command(self, form: dict[str, str]) -> Response:
        self.commands.append(form)
        if form["command"] == "/change" and not form.get("text"):
            await self._client.views_open(trigger_id=form["trigger_id"], view=MODAL)
            return Response()
        if form["command"] == "/broken":
            return Response(status_code=500)
        return JSONResponse({"response_type": "ephemeral", "text": f"Heard {form['command']}"})

    async def _interaction(self, payload: dict[str, Any]) -> Response:
        self.interactions.append(payload)
        if payload["type"] == "view_submission":
            said = payload["view"]["state"]["values"]["what"]["text"]["value"]
            if said == "nonsense":
                return JSONResponse({"response_action": "errors", "errors": {"what": "Say what was changed."}})
            await self._client.chat_postMessage(channel="payments-dev", text=f"Changed: {said}")
        return Response()

    async def webhook(self, request: Request) -> Response:
        source, body = request.path_params["source"], await request.body()
        if not _authentic(source, request.headers, body):
            self.refused += 1
            return JSONResponse({"error": "no"}, 401)
        self.webhooks.append((source, json.loads(body)))
        if source == "alertmanager" and self.webhooks[-1][1]["status"] == "firing":
            element = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}
            blocks = [{"type": "actions", "elements": [element]}]
            await self._client.chat_postMessage(channel="payments-ops", text="An alert", blocks=blocks)
        return JSONResponse({"status": "accepted"}, 202)

    @property
    def _client(self) -> AsyncWebClient:
        assert self.client is not None
        return self.client


def _authentic(source: str, headers: Mapping[str, str], body: bytes) -> bool:
    if source == "github":
        digest = hmac.new(SECRETS["github"].encode(), body, hashlib.sha256).hexdigest()
        return headers.get("x-hub-signature-256") == f"sha256={digest}" and bool(headers.get("x-github-delivery"))
    if source == "gitlab":
        return headers.get("x-gitlab-token") == SECRETS["gitlab"]
    return headers.get("authorization") == f"Bearer {SECRETS[source]}"


@dataclass
class Stage:
    """A running sandbox with its page, the bot behind it, and a browser's view of both by HTTP."""

    sandbox: Sandbox
    bot: Bot
    url: str
    bot_url: str
    http: httpx.AsyncClient
    slack: AsyncWebClient

    def id(self, name: str) -> str:
        return self.sandbox.workspace.channel(name).id

    def user(self, name: str) -> str:
        return self.sandbox.workspace.user(name).id

    async def post(self, deed: str, user: str = "ada", **body: Any) -> httpx.Response:
        """Do something on the page, as its script does."""
        return await self.http.post(f"/page/{deed}", json={"as": self.user(user), **body})

    def texts(self, channel: str, viewer: str | None = None) -> list[str]:
        return [message.text for message in self.sandbox.workspace.timeline(channel, viewer)]


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Everything started, with the real clock: the day's signatures and the page's times are of now."""
    config = SandboxConfig(clock=lambda: datetime.now(UTC), rates=None, people=DEMO_PEOPLE)
    sandbox, bot = build_sandbox(config), Bot()
    async with AsyncExitStack() as stack:
        bot_url = await stack.enter_async_context(running(bot.app()))
        sandbox.bot.url = bot_url
        options = PageOptions(
            commands=[CommandHint("change", "<service>: <what>", "Log a small change"), CommandHint("deploys")],
            shortcuts=[ShortcutHint("log_change", "Log as change")],
            door=ScenarioDoor(bot_url, SECRETS),
            pace=0,
        )
        mount_page(sandbox.app, sandbox.workspace, sandbox.actor, options)
        url = await stack.enter_async_context(sandbox.running())
        bot.client = AsyncWebClient(token=config.bot_token, base_url=f"{url}/api/")
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        yield Stage(sandbox, bot, url, bot_url, http, bot.client)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as started:
        yield started
