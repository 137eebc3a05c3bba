"""Brings requests to the bot as Slack does: signed, with a deadline, events again where they were not acknowledged.

https://docs.slack.dev/authentication/verifying-requests-from-slack : `X-Slack-Signature: v0=` and the hex HMAC-SHA256
of `v0:{timestamp}:{body}`. https://docs.slack.dev/apis/events-api#retries : up to 3 more times, with
X-Slack-Retry-Num and X-Slack-Retry-Reason; `X-Slack-No-Retry: 1` in an answer ends it.
"""

import asyncio
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias
from urllib.parse import urlencode

import httpx

from bot.sandbox.config import SandboxConfig
from bot.sandbox.state import Delivery, Json
from bot.sandbox.workspace import Workspace
from bot.trust import trusted

Kind: TypeAlias = Literal["command", "interactivity", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bot said. `reason` says why it is no acknowledgement: http_timeout, connection_failed, http_error."""

    status: int | None = None
    body: str = ""
    is_json: bool = False
    reason: str | None = None
    final: bool = False
    milliseconds: float = 0.0

    @property
    def acknowledged(self) -> bool:
        """Whether the bot answered in time and with success."""
        return self.reason is None


class Door(Protocol):
    """A way to the bot."""

    async def bring(self, kind: Kind, payload: Json, retry: Mapping[str, Any]) -> Answer:
        """Deliver once, within the deadline. `retry` is empty or has `number` and `reason`."""


def signed(secret: str, body: bytes, at: float) -> dict[str, str]:
    """The two headers by which the bot knows that a request is from Slack; `at` is in epoch seconds."""
    timestamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def encoded(kind: Kind, payload: Json) -> tuple[bytes, str]:
    """The body and its content type: commands as a form, interactions as a form with one JSON field, events as JSON."""
    if kind == "event":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "command" else {"payload": json.dumps(payload)}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


class HttpDoor:
    """Posts to the bot's `/slack/events`. `url` is the bot's base URL; None: nobody is there."""

    def __init__(self, config: SandboxConfig) -> None:
        self.url = config.bot_url
        self._config = config
        self._client = httpx.AsyncClient(verify=trusted(), timeout=config.acknowledge_timeout + 1, trust_env=False)

    async def bring(self, kind: Kind, payload: Json, retry: Mapping[str, Any]) -> Answer:
        """Deliver once, within the deadline."""
        if self.url is None:
            return Answer(reason="connection_failed")
        body, content_type = encoded(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        headers |= signed(self._config.signing_secret, body, self._config.wall_clock())
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry["number"]), "X-Slack-Retry-Reason": str(retry["reason"])}
        try:
            async with asyncio.timeout(self._config.acknowledge_timeout):
                answer = await self._client.post(
                    f"{self.url.rstrip('/')}{self._config.events_path}", content=body, headers=headers
                )
        except TimeoutError:
            return Answer(reason="http_timeout")
        except httpx.HTTPError:
            return Answer(reason="connection_failed")
        final = answer.headers.get("x-slack-no-retry") == "1"
        reason = None if answer.is_success else "http_error"
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(status=answer.status_code, body=answer.text, is_json=is_json, reason=reason, final=final)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class Courier:
    """Delivers to the bot and keeps a record of it in the workspace."""

    def __init__(self, config: SandboxConfig, workspace: Workspace, door: Door) -> None:
        self._config = config
        self._workspace = workspace
        self._door = door
        self._underway: set[asyncio.Task[None]] = set()

    async def ask(self, kind: Kind, payload: Json, retry: Mapping[str, Any] | None = None) -> Answer:
        """Deliver once and wait for the acknowledgement."""
        started = asyncio.get_running_loop().time()
        answer = await self._door.bring(kind, payload, retry or {})
        took = (asyncio.get_running_loop().time() - started) * 1000
        number = int(retry["number"]) if retry else 0
        record = Delivery(kind=kind, payload=payload, status=answer.status, retry=number)
        self._workspace.deliveries.append(record)
        self._workspace.notify("delivery", status=answer.status)
        return dataclasses.replace(answer, milliseconds=took)

    def emit(self, event: Json) -> None:
        """Send an event in the background, again where it is not acknowledged; nothing where nobody subscribed."""
        if event["type"] in self._config.events:
            self._start(self._deliver(self._envelope(event)))

    async def idle(self) -> None:
        """Wait until no event is underway or to be sent again."""
        while self._underway:
            await asyncio.wait(self._underway)

    async def aclose(self) -> None:
        """Give up what is underway."""
        for task in self._underway:
            task.cancel()
        await asyncio.gather(*self._underway, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def _deliver(self, envelope: Json) -> None:
        answer = await self.ask("event", envelope)
        for number, delay in enumerate(self._config.retry_delays, start=1):
            if answer.acknowledged or answer.final:
                return
            await asyncio.sleep(delay)
            answer = await self.ask("event", envelope, {"number": number, "reason": answer.reason})

    def _envelope(self, event: Json) -> Json:
        workspace = self._workspace
        authorization = {
            "enterprise_id": None,
            "team_id": workspace.team_id,
            "user_id": workspace.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "type": "event_callback",
            "token": "sandbox",
            "team_id": workspace.team_id,
            "api_app_id": workspace.app_id,
            "event": event,
            "event_id": workspace.new_id("Ev"),
            "event_time": int(workspace.clock().timestamp()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
        }
