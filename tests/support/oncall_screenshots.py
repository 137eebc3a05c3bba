"""Plays an incident across a shift's end in the demo, and takes its pictures for the documents.

`python -m tests.support.oncall_screenshots`
"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Page

from bot.clock import utc_now
from bot.demo import SECRET, Demo, demo
from bot.sandbox.state import Message
from handlers.incident_channels import IncidentChannels
from handlers.shift_handoffs import tend
from models.oncall import Layer, OnCallSchedule
from models.paging import PagingPlan
from models.response import ChannelPlan
from tests.support.browser import browsing
from tests.support.screenshots import IMAGES, is_silent

DEV, OPS, ROOM = "payments-dev", "payments-ops", "inc-1-payments"
_TITLE: Final = "7 % of charges fail"


async def take() -> None:
    """Write `incident.png`, `incident-channel.png`, `command.png`, `handoff.png` and `home.png`."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder) / "demo.db") as running:
            night = _Night(running)
            await night.incident()
            await night.picture("incident", f"?as=jun&left={DEV}&right={OPS}")
            await night.picture("incident-channel", f"?as=jun&left={ROOM}&right={OPS}&thread={night.thread()}")
            await night.command_changes_hands()
            await night.picture("command", f"?as=mira&left={night.direct('mira')}&right={OPS}")
            await night.shift_ends()
            await night.picture("handoff", f"?as=mira&left={night.direct('mira')}&right={OPS}")
            await night.home("mira")
            await night.picture("home", "?as=mira&left=payments-dev&right=home")


class _Night:
    """The demo, and what happens in it."""

    def __init__(self, running: Demo) -> None:
        self.running, self.bot, self.actor = running, running.bot, running.sandbox.actor
        self.began = utc_now()
        response = replace(self.bot.ctx.topology.response, channel=ChannelPlan())
        self.bot.ctx.topology = replace(self.bot.ctx.topology, schedules=(), response=response, paging=PagingPlan())

    async def incident(self) -> None:
        """From a deploy to a mitigated incident with a channel of its own."""
        await self.deploy("2.4.0", "ben", 300)
        await self.deploy("2.5.0", "ada", 12)
        await self.alert()
        await self.press("jun", "incident_acknowledge")
        await self.type("jun", "/incident assign INC-1 lead @jun")
        await self.press("ada", "deploy_rolling_back", DEV, "2.5.0")
        await self.settle(IncidentChannels(self.bot.ctx).tend)
        await self.type("jun", "/incident update half of the charges fail, rolling back, next 30m", ROOM)
        await self.type("jun", "/incident action INC-1 @ada by tomorrow alert on the share of declined charges")
        await self.deploy("2.4.0-back", "ada", 0)
        await self.press("jun", "incident_mitigate")
        await self.settle(IncidentChannels(self.bot.ctx).tend)

    async def command_changes_hands(self) -> None:
        """What is known is written down, Ben is called by hand, Mira is offered the command."""
        for words in (
            "hypothesis @ada: 2.5.0 leaks connections, next heap dump in 20m",
            "ruled out: the card network, its status page is green",
            "running @ben: drain the old pool until it is empty",
            "decide: refund the double charges? by 23:30",
        ):
            await self.type("jun", f"/incident note INC-1 {words}")
        await self.type("jun", "/incident page INC-1 @ben can you drain the old pool?")
        await self.actor.click("ben", "page_on_it", channel=self.direct("ben"), ts=self.last(self.direct("ben")).ts)
        await self.bot.tasks.finish(5)
        await self.settle()
        await self.type("jun", "/incident handoff INC-1 @mira my shift ends")

    def last(self, room: str) -> Message:
        return list(self.running.sandbox.workspace.channels[room].messages.values())[-1]

    async def shift_ends(self) -> None:
        """Jun's shift ends this minute; Mira is next."""
        await self.type("jun", "/freeze payments for 3h until 2.5.1 is out")
        await self.type("ada", "/change payments switched new-checkout off for 3h revert: switch it on", DEV)
        day = self.began.date() - timedelta(days=1)
        boundary = self.began.time().replace(second=0, microsecond=0)
        members = ("Jun Takeda", "Mira Lindqvist")
        turns = Layer(name="days", members=members, unit="day", handoff=boundary, starts=day)
        schedule = OnCallSchedule(name=OPS, layers=(turns,), bridge="payments", backup="Ada Okafor", lead="Ben Hartley")
        self.bot.ctx.topology = replace(self.bot.ctx.topology, schedules=(schedule,))
        await tend(self.bot.ctx, utc_now())
        await self.type("jun", "/handoff note if charges fail again, do not wait: 2.4.0 is known to be good")
        await self.settle(lambda at: tend(self.bot.ctx, at))

    async def home(self, user: str) -> None:
        await self.actor.open_home(user)
        await self.bot.tasks.finish(5)

    async def settle(self, sweep: Callable[[datetime], Awaitable[None]] | None = None) -> None:
        """Let a sweep pass, and wait until all that is to be said is said."""
        if sweep:
            await sweep(utc_now())
            await sweep(utc_now())
        async with asyncio.timeout(60):
            while not (await self._is_applied() and await is_silent(self.running)):
                await asyncio.sleep(0.3)

    async def _is_applied(self) -> bool:
        async with self.bot.database.reading() as store:
            return (await store.deliveries.counts())["waiting"] == 0

    async def send(self, source: str, payload: dict[str, Any]) -> None:
        async with httpx.AsyncClient(base_url=self.running.bot_url, trust_env=False) as http:
            headers = {"Authorization": f"Bearer {SECRET}"}
            (await http.post(f"/webhooks/{source}", json=payload, headers=headers)).raise_for_status()
        await self.settle()

    async def deploy(self, version: str, actor: str, minutes_ago: int) -> None:
        at = (utc_now() - timedelta(minutes=minutes_ago)).isoformat()
        told: dict[str, Any] = {"deploy_id": version, "status": "succeeded", "version": version, "started_at": at}
        if version.endswith("-back"):
            told["kind"] = "rollback"
        await self.send("events", {
            "id": version, "source": "ci", "type": "deploy", "occurred_at": at, "service": "payments",
            "environment": {"id": "production"}, "actor": actor, "deploy": told,
        })  # fmt: skip

    async def alert(self) -> None:
        labels = {"alertname": "ErrorRate", "severity": "critical", "service": "payments", "env": "production"}
        alert = {
            "status": "firing", "labels": labels, "annotations": {"summary": _TITLE},
            "startsAt": utc_now().isoformat(), "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1",
        }  # fmt: skip
        await self.send("alertmanager", {"version": "4", "groupKey": "g", "status": "firing", "alerts": [alert]})

    def card(self, channel: str, *words: str) -> Message:
        said = self.running.sandbox.workspace.timeline(channel)
        return next(m for m in said if all(one in json.dumps(m.blocks, ensure_ascii=False) for one in words))

    def thread(self) -> str:
        card = self.card(OPS, _TITLE, "incident_update")
        return f"{card.channel}:{card.ts}"

    def direct(self, user: str) -> str:
        person = self.running.sandbox.workspace.user(user).id
        rooms = self.running.sandbox.workspace.channels.values()
        return next(room.id for room in rooms if room.is_im and person in room.members)

    async def press(self, user: str, action: str, channel: str = OPS, words: str = _TITLE) -> None:
        await self.actor.click(user, action, channel=channel, ts=self.card(channel, words, action).ts)
        await self.bot.tasks.finish(5)
        await self.settle()

    async def type(self, user: str, text: str, channel: str = OPS) -> None:
        outcome = await self.actor.send_slash_command(user, channel, text)
        assert outcome.ok, outcome.shown
        await self.bot.tasks.finish(5)
        await self.settle()

    async def picture(self, name: str, look: str) -> None:
        async with browsing(f"{self.running.page_url}/{look}", width=1600, height=1000) as page:
            await page.wait_for_timeout(1000)
            await page.evaluate(TO_THE_END)
            await page.wait_for_timeout(500)
            await _shot(page, IMAGES / f"{name}.png")


async def _shot(page: Page, path: Path) -> None:
    await page.screenshot(path=path)


TO_THE_END: Final = """
for (const region of document.querySelectorAll(".pane .scroll")) {
  region.style.scrollBehavior = "auto";
  region.scrollTop = region.scrollHeight;
}
"""


if __name__ == "__main__":
    asyncio.run(take())
