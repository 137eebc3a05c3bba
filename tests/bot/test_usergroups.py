"""Slack's user groups follow who is on call, in the sandbox over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.database import Database
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import ALL_SCOPES, SandboxConfig
from bot.slack.directory import Directory
from bot.slack.messenger import SlackMessenger, web_client
from bot.usergroups import Usergroups
from handlers.acting import By
from handlers.context import Context
from handlers.shift_handoffs import accept, tend
from models.oncall import Layer, OnCallSchedule
from models.people import Person
from models.workspaces import HOME
from tests.support.world import TOPOLOGY, Clock, context

BOUNDARY = datetime(2026, 3, 9, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEKLY = Layer(name="weekly", members=("@jun", "@mira"), starts=date(2026, 1, 5))
SCHEDULE = OnCallSchedule(
    name="ops", timezone="Europe/Berlin", layers=(WEEKLY,), bridge="payments", usergroup="@payments-oncall"
)


@dataclass
class Groups:
    """The sandbox, and what keeps its groups."""

    ctx: Context
    sandbox: Sandbox
    sweep: Usergroups

    def members(self) -> list[str]:
        [group] = self.sandbox.workspace.usergroups.values()
        return [self.sandbox.workspace.users[user].name for user in group.users]

    def writes(self) -> int:
        return sum(call.method == "usergroups.users.update" for call in self.sandbox.workspace.calls)

    async def complaints(self) -> int:
        async with self.ctx.reading() as store:
            return sum(queue.waiting for queue in await store.outbox.queues() if queue.channel == "#twinspan-admin")


@pytest.fixture
async def groups(sqlite_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Groups]:
    changes = getattr(request, "param", {})
    clock, database = Clock(), Database(sqlite_url)
    sandbox = build_sandbox(SandboxConfig(clock=clock, rates=None, scopes=changes.get("scopes", ALL_SCOPES)))
    schedule = replace(SCHEDULE, usergroup=changes.get("usergroup", SCHEDULE.usergroup))
    async with sandbox.running() as url:
        client = web_client(sandbox.config.bot_token, f"{url}/api/", 20)
        ctx = context(database, SlackMessenger(client, clock), replace(TOPOLOGY, schedules=(schedule,)))
        ctx.directory = Directory(client, clock)
        yield Groups(ctx, sandbox, Usergroups(ctx, {HOME: client}))
    await database.close()


async def test_a_group_is_who_is_on_call_and_changes_with_the_acceptance(groups: Groups) -> None:
    await groups.sweep.keep(BOUNDARY - MINUTE)
    await groups.sweep.keep(BOUNDARY - MINUTE)
    first = groups.members()
    assert (["jun"], 1) == (first, groups.writes())
    await tend(groups.ctx, BOUNDARY - MINUTE)
    await tend(groups.ctx, BOUNDARY)
    await groups.sweep.keep(BOUNDARY + MINUTE)
    assert first == groups.members(), "until it is accepted"
    mira = groups.sandbox.workspace.user("mira").id
    at = BOUNDARY + 2 * MINUTE
    by = By(name="mira", request_id="a", at=at, user_id=mira)
    await accept(groups.ctx, 1, Person(user_id=mira, name="mira", handle="mira"), by)
    await groups.sweep.keep(at)
    assert ["mira"] == groups.members()


async def test_what_people_did_to_it_by_hand_is_undone_within_the_hour(groups: Groups) -> None:
    await groups.sweep.keep(BOUNDARY - 120 * MINUTE)
    [group] = groups.sandbox.workspace.usergroups.values()
    group.users = [groups.sandbox.workspace.user("ada").id]
    await groups.sweep.keep(BOUNDARY - 61 * MINUTE)
    assert ["ada"] == groups.members()
    await groups.sweep.keep(BOUNDARY - 60 * MINUTE)
    assert ["jun"] == groups.members()


@pytest.mark.parametrize(
    "groups",
    [{"scopes": ALL_SCOPES - {"usergroups:write"}}, {"usergroup": "@nobody"}, {"usergroup": "partner/@x"}],
    indirect=True,
)
async def test_a_group_that_cannot_be_kept_is_told_to_the_admins_once(groups: Groups) -> None:
    for hour in range(3):
        await groups.sweep.keep(BOUNDARY - timedelta(hours=5 - hour))
    assert 1 == await groups.complaints()
