"""Gives bad incidents a channel of their own: made, named, kept up to date, archived some time after the end.

Nothing is scheduled and every step may be done twice, so a restart at any point loses nothing: a channel that was made
but not written down is found by its name and its maker, and what was said there is remembered line by line. Of several
workspaces it is in that of the (first) ops channel of the incident.
"""

from collections.abc import Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure
from handlers.incident_groups import group_of, locked_group, notify
from handlers.oncall import everybody, on_call_for, person_of
from handlers.routing import CARD, CRITICAL, LOUD, Notice, ops_channels, subject_of
from handlers.views import incident_channel as views
from handlers.where_said import without_history
from models.people import account_in
from models.records import Incident, TimelineEntry
from models.response import ChannelPlan, Holder, Response
from models.words import EntryKind
from models.workspaces import HOME, joined, workspace_of

_log = structlog.get_logger(__name__)

BOT: Final = "twinspan"
_SAID: Final = "incident_channel"
_AGAIN: Final = timedelta(minutes=10)
_MOST_NAMES: Final = 5
_INVITING: Final = (EntryKind.ROLE, EntryKind.COMMAND)
# Somebody archived or deleted it by hand: it is theirs to decide.
_GONE: Final = frozenset({"is_archived", "channel_not_found", "not_in_channel"})


@dataclass(slots=True)
class IncidentChannels:
    """The sweep; what Slack refused is asked again after ten minutes."""

    ctx: Context
    _refused: dict[int, datetime] = field(default_factory=dict)
    _topics: dict[str, str] = field(default_factory=dict)

    async def tend(self, at: datetime) -> None:
        """Make the channels that are wanted, say in each what is new, archive those whose time is over."""
        plan = self.ctx.topology.response.channel
        for leader in await self._wanting(plan) if plan else []:
            if plan and self._refused.get(leader.id, at) <= at:
                await self._try(leader.id, self._make(plan, leader, at), at)
        async with self.ctx.reading() as store:
            in_use = await store.responses.channels_in_use()
        for response in in_use:
            if self._refused.get(response.incident_id, at) <= at:
                await self._try(response.incident_id, self._keep(response, plan or ChannelPlan(), at), at)

    async def _wanting(self, plan: ChannelPlan) -> list[Incident]:
        """Return the open incidents that are bad enough and have no channel. A drill gets none."""
        async with self.ctx.reading() as store:
            bad = [
                i
                for i in await store.incidents.list_open()
                if i.severity and i.severity <= plan.worst_from and i.id == (i.leader_id or i.id) and not i.is_test
            ]
            bad = await without_history(store, self.ctx.topology, bad)
            responses = await store.responses.of([i.id for i in bad])
        return [i for i in bad if _lacks_channel(i, responses.get(i.id))]

    async def _try(self, number: int, work: Coroutine[Any, Any, None], at: datetime) -> None:
        try:
            await work
        except PostFailure as failure:
            again = timedelta(seconds=failure.retry_after) if failure.retry_after else _AGAIN
            self._refused[number] = at + again
            _log.warning("incident_channel_refused", incident=number, reason=failure.reason)
            if failure.is_permanent or failure.is_refusal:
                await self._complain(number, failure.reason, at)

    async def _make(self, plan: ChannelPlan, leader: Incident, at: datetime) -> None:
        workspace = workspace_of(next(iter(ops_channels(leader, self.ctx.topology)), HOME))
        name, channel_id = await self._created(workspace, views.name(plan.name, leader), plan)
        async with self.ctx.transaction() as store:
            group = await locked_group(store, leader.id)
            response = await store.responses.get(leader.id)
            if not _lacks_channel(group[0], response):
                return
            made = replace(response, channel_id=channel_id, channel_name=joined(workspace, name), archived_at=None)
            await store.responses.save(made)
            entry = TimelineEntry(
                incident_id=leader.id,
                at=at,
                kind=EntryKind.CHANNEL,
                actor=None,
                text=joined(workspace, f"#{name}"),
                via=BOT,
            )
            number = await store.incidents.add_entry(entry, f"channel:{channel_id}")
            by = By(name=BOT, request_id=f"channel:{channel_id}", at=at)
            await notify(store, self.ctx, group, by, [f"entry:{number}"] if number else [])
        self.ctx.wake_outbox()

    async def _created(self, workspace: str, name: str, plan: ChannelPlan) -> tuple[str, str]:
        """Make a channel of that name, or of the first that is free; one that was made before is taken up."""
        for number in range(1, _MOST_NAMES + 1):
            tried = name if number == 1 else f"{name[:77]}-{number}"
            try:
                return tried, await self.ctx.rooms.create(joined(workspace, tried), is_private=plan.is_private)
            except PostFailure as failure:
                if failure.reason != "name_taken":
                    raise
            if found := await self.ctx.rooms.own(joined(workspace, tried)):
                return tried, found
        raise PostFailure("name_taken", is_permanent=True)

    async def _keep(self, response: Response, plan: ChannelPlan, at: datetime) -> None:
        channel = response.channel_id or ""
        async with self.ctx.reading() as store:
            group = await group_of(store, response.incident_id)
            entries = await store.incidents.timeline(group[0].id)
            known = await store.seen.known(_SAID, [_key(channel, entry) for entry in entries])
            holders = await store.responses.holders([group[0].id])
        fresh = [entry for entry in entries if _key(channel, entry) not in known]
        try:
            if fresh:
                await self._say(channel, group, holders, fresh, is_first=not known, plan=plan, at=at)
            elif _is_over(group[0], plan, at):
                await self.ctx.rooms.archive(channel)
                await self._archived(response.incident_id, at)
        except PostFailure as failure:
            if failure.reason not in _GONE:
                raise
            await self._archived(response.incident_id, at)

    async def _say(
        self,
        channel: str,
        group: Sequence[Incident],
        holders: Sequence[Holder],
        fresh: Sequence[TimelineEntry],
        *,
        is_first: bool,
        plan: ChannelPlan,
        at: datetime,
    ) -> None:
        """Say in the channel what is new; the card alone, when it is new itself."""
        topic = views.topic(group, holders)
        if self._topics.get(channel) != topic:
            await self.ctx.rooms.set_topic(channel, topic)
            self._topics[channel] = topic
        if is_first or any(entry.kind in _INVITING for entry in fresh):
            wanted = await self._wanted(group, holders, plan if is_first else None, at)
            await self._invite(channel, await self._accounts(workspace_of(channel), wanted))
        lines = [] if is_first else [e for e in fresh if not (e.message or "").startswith(f"{channel}:")]
        parts = [CARD, *(f"{LOUD}entry:{entry.id}" for entry in lines)]
        async with self.ctx.transaction() as store:
            await store.seen.remember([(_SAID, _key(channel, entry), at) for entry in fresh])
            await store.outbox.notify([_notice(group[0], part, channel) for part in parts], at)
        self.ctx.wake_outbox()

    async def _wanted(
        self, group: Sequence[Incident], holders: Iterable[Holder], plan: ChannelPlan | None, at: datetime
    ) -> list[str]:
        """Return who is to be in the channel: who has a role; at first also who is on call, and who always is."""
        ids = [holder.user_id for holder in holders if holder.user_id]
        if plan:
            people = await everybody(self.ctx)
            services = {name for member in group for name in member.services}
            async with self.ctx.reading() as store:
                duties = await on_call_for(store, self.ctx.topology.schedules_for(services), at)
            started = [name for name in (group[0].actor, group[0].acknowledged_by) if name]
            named = [*started, *(duty.person for duty in duties), *plan.invite]
            ids += [person.user_id for name in named if (person := person_of(name, people))]
        return list(dict.fromkeys(ids))

    async def _accounts(self, workspace: str, user_ids: Sequence[str]) -> list[str]:
        """Return people as the channel's workspace knows them; who has no account there is left out."""
        if all(workspace_of(user_id) == workspace for user_id in user_ids):
            return list(user_ids)
        people = await everybody(self.ctx)
        known = {person.user_id: person for person in people}
        found = [account_in(workspace, known[user_id], people) for user_id in user_ids if user_id in known]
        return list(dict.fromkeys(person.user_id for person in found if person))

    async def _invite(self, channel: str, user_ids: Collection[str]) -> None:
        """Invite people; who cannot be invited (a guest, somebody who has left) keeps nobody else out."""
        for user_id in user_ids:
            try:
                await self.ctx.rooms.invite(channel, user_id)
            except PostFailure as failure:
                if failure.is_refusal or not failure.is_permanent or failure.reason in _GONE:
                    raise
                _log.warning("incident_channel_not_invited", user=user_id, reason=failure.reason)

    async def _archived(self, number: int, at: datetime) -> None:
        async with self.ctx.transaction() as store:
            response = await store.responses.get(number)
            await store.responses.save(replace(response, archived_at=at))

    async def _complain(self, number: int, reason: str, at: datetime) -> None:
        """Tell the admins once, for each reason, in a line of its own."""
        channel = self.ctx.topology.admin_channel
        if channel is None:
            return
        words = views.not_made(f"INC-{number}", reason)
        notice = Notice(subject=f"rooms:{reason}", part=CARD, channel=channel, side="admin", params={"words": words})
        async with self.ctx.transaction() as store:
            if await store.seen.first_time(_SAID, f"refused:{reason}", at):
                await store.outbox.notify([notice], at)
        self.ctx.wake_outbox()


def _lacks_channel(leader: Incident, response: Response | None) -> bool:
    """Say whether an open incident has no channel: none was made, or it is archived and the incident began anew."""
    if response is None or response.channel_id is None:
        return True
    reopened = leader.reopened_at
    return bool(response.archived_at and reopened and reopened > response.archived_at)


def _is_over(leader: Incident, plan: ChannelPlan, at: datetime) -> bool:
    return bool(leader.is_closed and leader.closed_at and leader.closed_at + plan.archive_after <= at)


def _key(channel: str, entry: TimelineEntry) -> str:
    return f"{channel}:{entry.id}"


def _notice(leader: Incident, part: str, channel: str) -> Notice:
    return Notice(subject=subject_of(leader), part=part, channel=channel, side="ops", priority=CRITICAL)
