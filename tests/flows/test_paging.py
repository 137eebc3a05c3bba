"""Paging in the real bot: by direct message, then through PagerDuty, with a restart in each wait."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from bot.app import Bot, World, build
from bot.sandbox.app import build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.serving import running
from bot.settings import load
from bot.settings_paging import Pager
from handlers.paging import page
from models.paging import PagingPlan, Policy, Step
from tests.flows.test_night import NIGHT, Night, shown
from tests.support.pagerduty import PagerDutyServer
from tests.support.stage import OPS, QUICK, SOON, environment, until
from tests.support.world import Clock

POLICY = Policy(
    name="night",
    steps=(Step(after=timedelta(), notify=("on_call",)), Step(after=timedelta(minutes=5), notify=("backup", "pd"))),
)
PLAN = PagingPlan(policies=(POLICY,), default="night", pagers={"pd": "pagerduty"})


class Paged(Night):
    """A night in which people are paged."""

    pager: Pager

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Bot]:
        settings = load(environment(self.sandbox, self.slack_url, self.database_url, self.port))
        topology = replace(settings.topology, paging=PLAN)
        bot = build(
            replace(settings, pace=QUICK, topology=topology, pagers={"pd": self.pager}), world=World(now=self.clock)
        )
        async with running(bot, self.port, grace=3.0):
            yield bot
            await self.settle(bot)

    def room(self, user: str) -> str:
        person = self.sandbox.workspace.user(user).id
        return next(c.id for c in self.sandbox.workspace.channels.values() if c.is_im and person in c.members)


async def test_the_one_on_call_is_told_then_the_next_and_the_pager_until_one_takes_it(sqlite_url: str) -> None:
    clock, server = Clock(NIGHT), PagerDutyServer()
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, retry_delays=SOON))
    async with sandbox.running() as slack_url, server.running() as pagerduty:
        night = Paged(sandbox, slack_url, sqlite_url, clock)
        sandbox.bot.url = f"http://127.0.0.1:{night.port}"
        night.pager = Pager(kind="pagerduty", url=pagerduty, key=server.routing_key)
        async with night.bot() as bot:
            await night.alert()
            await night.settle(bot)
            await page(bot.ctx, clock())
        (asked,) = [text for text in night.direct("jun") if "You are paged" in text]
        assert "INC-1 7 % of charges fail" in asked
        assert "step 1 of 2" in shown(night.card(OPS, "7 % of charges fail"))

        clock.forward(300)
        async with night.bot() as bot:
            await page(bot.ctx, clock())
            await until(lambda: _is(server, "trigger"))
        assert [text for text in night.direct("ada") if "You are paged" in text]

        async with night.bot() as bot:
            await night.press("ada", "incident_acknowledge", night.room("ada"), "You are paged")
            await night.settle(bot)
            await page(bot.ctx, clock())
            await until(lambda: _is(server, "acknowledge"))
        for user in ("jun", "ada"):
            assert [text for text in night.direct(user) if "somebody has it now, ada" in text.casefold()]
            assert not [text for text in night.direct(user) if "You are paged" in text]


async def _is(server: PagerDutyServer, action: str) -> bool:
    return action in server.alerts.values()
