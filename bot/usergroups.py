"""Keeps Slack's user groups equal to who is on call. Needs usergroups:read and usergroups:write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from handlers.context import Context
from handlers.errors import PostFailure
from handlers.oncall import everybody, person_of, who
from handlers.routing import CARD, Notice
from models.oncall import OnCallSchedule
from models.people import Person, account_in
from models.workspaces import split, workspace_of

_AGAIN: Final = timedelta(hours=1)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Usergroups:
    """What was written last, so that Slack is asked only when somebody else is on call; once an hour all the same.

    The hour undoes what people did to a group by hand. `clients` are those of the workspaces, by name: a group is of
    the one that its name begins with, such as `partner/@payments-oncall`.
    """

    ctx: Context
    clients: Mapping[str, AsyncWebClient]
    _written: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def keep(self, at: datetime) -> None:
        """Write each schedule's group anew when somebody else is on call than was written."""
        wanted = [s for s in self.ctx.topology.schedules if s.usergroup]
        people = await everybody(self.ctx) if wanted else []
        for schedule in wanted:
            async with self.ctx.reading() as store:
                duty = await who(store, schedule, at)
            person = _on_call(duty.person, split(schedule.usergroup or "")[0], people) if duty else None
            # Slack refuses an empty group; while nobody is on call, who was last stays in it.
            written, until = self._written.get(schedule.name, (None, at))
            if person and (written != person.user_id or until <= at):
                await self._write(schedule, person, people, at)

    async def _write(self, schedule: OnCallSchedule, person: Person, people: Iterable[Person], at: datetime) -> None:
        user_id = person.user_id
        try:
            workspace, handle = split(schedule.usergroup or "")
            there = account_in(workspace, person, people)
            if there is None:
                raise PostFailure(f"{person.name} is not in that workspace", is_permanent=True)
            client = self.clients[workspace]
            group = await _id(client, handle)
            await answered(client.usergroups_users_update(usergroup=group, users=[split(there.user_id)[1]]))
        except PostFailure as failure:
            _log.warning("usergroup_not_kept", schedule=schedule.name, reason=failure.reason)
            if failure.is_permanent or failure.is_refusal:
                self._written[schedule.name] = user_id, at + _AGAIN
                await self._complain(schedule, failure, at)
            return
        self._written[schedule.name] = user_id, at + _AGAIN
        _log.info("usergroup_kept", schedule=schedule.name, user=user_id)

    async def _complain(self, schedule: OnCallSchedule, failure: PostFailure, at: datetime) -> None:
        words = f"the user group {schedule.usergroup} could not be kept equal to who is on call: {failure.reason}"
        channel = self.ctx.topology.admin_channel
        if channel is None:
            return
        notice = Notice(
            subject=f"usergroup:{schedule.name}", part=CARD, channel=channel, side="admin", params={"words": words}
        )
        async with self.ctx.transaction() as store:
            if await store.seen.first_time("usergroup", f"{schedule.name}:{failure.reason}", at):
                await store.outbox.notify([notice], at)
        self.ctx.wake_outbox()


def _on_call(member: str, workspace: str, people: Sequence[Person]) -> Person | None:
    """Return whom a schedule means: of several of that name in several workspaces, the one in the group's."""
    there = person_of(member, [p for p in people if workspace_of(p.user_id) == workspace])
    return there or person_of(member, people)


async def _id(client: AsyncWebClient, name: str) -> str:
    handle = name.removeprefix("@")
    groups = (await answered(client.usergroups_list())).get("usergroups") or []
    found = next((g["id"] for g in groups if handle in (g["id"], g["handle"])), None)
    if found is None:
        raise PostFailure("no_such_subteam", is_permanent=True)
    return str(found)
