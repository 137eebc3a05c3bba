"""Plays a day: one step after another through the bot's real webhook door, and as people in the workspace."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from bot.sandbox.actor import Actor
from bot.sandbox.page.curl import github_signature
from bot.sandbox.page.options import ScenarioDoor
from bot.sandbox.workspace import Message, Outcome, Workspace

_PRESS_WITHIN_SECONDS = 10.0


class DoorError(Exception):
    """The bot's door refused an event of the day, or did not answer."""


class Hands:
    """What a step can do. `run` is a number that no other run of the day has; every id of the run is made from it.

    `began` is when this run began.
    """

    def __init__(self, workspace: Workspace, actor: Actor, door: ScenarioDoor, client: httpx.AsyncClient) -> None:
        self._workspace = workspace
        self.actor = actor
        self._door = door
        self._client = client
        self._sent = 0
        self.began = workspace.clock()
        self.run = int(self.began.timestamp())

    def now(self) -> datetime:
        """The workspace's own time."""
        return self._workspace.clock()

    async def github(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send one GitHub delivery, signed as GitHub signs."""
        body = _body(payload)
        self._sent += 1
        signature = github_signature(self._door.secrets["github"], body)
        delivery = str(uuid5(NAMESPACE_URL, f"day {self.run} {self._sent}"))
        headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": signature}
        await self._post("github", body, headers)

    async def gitlab(self, payload: Mapping[str, Any]) -> None:
        """Send one GitLab Deployment Hook with its secret token."""
        self._sent += 1
        identity = str(uuid5(NAMESPACE_URL, f"day {self.run} {self._sent}"))
        headers = {
            "X-Gitlab-Event": "Deployment Hook", "X-Gitlab-Token": self._door.secrets["gitlab"],
            "X-Gitlab-Event-UUID": identity, "Idempotency-Key": identity,
        }  # fmt: skip
        await self._post("gitlab", _body(payload), headers)

    async def bearer(self, source: str, payload: Mapping[str, Any]) -> None:
        """Send to a source that knows its sender by a bearer token."""
        await self._post(source, _body(payload), {"Authorization": f"Bearer {self._door.secrets[source]}"})

    async def press(self, user: str, channel: str, words: str) -> Outcome:
        """Press the newest button in the channel whose words begin so, waiting for it to appear. TimeoutError if it
        does not.
        """
        await self._workspace.until(
            lambda: _button(self._workspace.timeline(channel, user), words), within=_PRESS_WITHIN_SECONDS
        )
        message, action = _button(self._workspace.timeline(channel, user), words) or ("", "")
        if not isinstance(message, Message):
            return Outcome(ok=False)
        return await self.actor.click(user, action, channel=message.channel, ts=message.ts)

    async def _post(self, source: str, body: bytes, headers: Mapping[str, str]) -> None:
        url = f"{self._door.base_url}/webhooks/{source}"
        try:
            answer = await self._client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
        except httpx.HTTPError as error:
            raise DoorError(f"The bot's door at {url} did not answer ({type(error).__name__}).") from error
        if answer.is_error:
            raise DoorError(f"{url} answered {answer.status_code}: {answer.text[:200]}")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: after how many seconds, what the page says meanwhile, and what is done."""

    after: float
    saying: str
    act: Callable[[Hands], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the day has come; `failure` says why it stopped early, if it did."""

    running: bool = False
    step: int = 0
    total: int = 1
    saying: str = ""
    failure: str = ""


class Scenario:
    """The day: started, stopped, watched. One at a time."""

    def __init__(
        self,
        workspace: Workspace,
        actor: Actor,
        door: ScenarioDoor | None,
        steps: Sequence[Step],
        *,
        pace: float = 1.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.progress = Progress(total=len(steps))
        self._workspace = workspace
        self._actor = actor
        self._door = door
        self._steps = steps
        self._pace = pace
        self._transport = transport
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin the day in the background, unless it is already going on or there is no door."""
        if self._door is not None and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """End the day where it stands."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run(self) -> None:
        """The whole day; a refusal at the door ends it, and is shown."""
        if self._door is None:
            return
        try:
            async with httpx.AsyncClient(transport=self._transport, trust_env=False, timeout=10.0) as client:
                await self._play(Hands(self._workspace, self._actor, self._door, client))
        except DoorError as error:
            self._show(Progress(step=self.progress.step, total=len(self._steps), failure=str(error)))
        except asyncio.CancelledError:
            self._show(Progress(step=self.progress.step, total=len(self._steps), saying="Stopped."))
            raise
        else:
            self._show(Progress(step=len(self._steps), total=len(self._steps), saying="The day is done."))

    async def _play(self, hands: Hands) -> None:
        for number, step in enumerate(self._steps):
            self._show(Progress(running=True, step=number, total=len(self._steps), saying=step.saying))
            await asyncio.sleep(step.after * self._pace)
            try:
                await step.act(hands)
            except TimeoutError:
                continue  # nothing to press: a bot that is slow, or a fault that is on, does not end the day

    def _show(self, progress: Progress) -> None:
        self.progress = progress
        self._workspace.notify("scenario")


def _body(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def _button(messages: Sequence[Message], words: str) -> tuple[Message, str] | None:
    for message in reversed(messages):
        for block in message.blocks:
            for element in (*block.get("elements", ()), block.get("accessory") or {}):
                if element.get("type") == "button" and str(element["text"]["text"]).startswith(words):
                    return message, str(element["action_id"])
    return None
