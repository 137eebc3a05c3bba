"""Pages people for incidents that nobody has, step by step, until somebody has it or there is nobody left to page.

Nothing is scheduled: a sweep looks at what waits and at the escalations it has begun, so a restart loses nothing and
two processes page once. A step that reached nobody is followed by the next at once; every other keeps its distance to
the one before, also when the bot was away meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from handlers.acting import By
from handlers.calls import waits
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.incident_groups import Deed, locked_group, tell
from handlers.paging_targets import Reached, reach
from handlers.routing import CARD, CRITICAL, LOUD, Notice, incident_notices, ops_channels, subject_of
from handlers.where_said import without_history
from models.calls import PAGE_WITHIN, PAGER, TELL_WITHIN, Call, Verb
from models.paging import BY_HAND, Escalation, EscalationState, Page, Policy, have_all_failed
from models.people import Person
from models.records import Incident, TimelineEntry
from models.store import Store
from models.topology import Topology
from models.words import EntryKind, IncidentStatus

MENTION: Final = "paged:"
PHONE: Final = f"{LOUD}phone"
STEP: Final = "step:"
HAND_PART: Final = "hand:"
_PATIENCE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class _Desk:
    """What the steps of one sweep share. `people` is `None` where Slack does not tell who there is."""

    ctx: Context
    store: Store
    people: Sequence[Person] | None
    at: datetime
    notices: list[Notice] = field(default_factory=list)

    def show(self, leader: Incident) -> None:
        """Let the operators' cards say how far paging is."""
        cards = incident_notices(None, leader, self.ctx.topology)
        self.notices += [n for n in cards if n.part == CARD and n.side != "dev"]


async def page(ctx: Context, at: datetime) -> None:
    """Begin, continue and end escalations, as what waits says."""
    async with ctx.reading() as store:
        waiting = [i for i in await _leaders(store) if policy_for(ctx.topology, i)]
        if not await without_history(store, ctx.topology, waiting) and not await store.paging.open():
            return
    people = await _people(ctx)
    async with ctx.transaction() as store:
        desk = _Desk(ctx, store, people, at)
        going = await store.paging.open(lock=True)
        leaders = {i.id: i for i in await _leaders(store)}
        for escalation in going:
            await _go_on(desk, escalation, leaders.get(escalation.incident_id))
        still = {e.incident_id for e in await store.paging.open()}
        new = [i for i in leaders.values() if i.id not in still and policy_for(ctx.topology, i)]
        for leader in await without_history(store, ctx.topology, new):
            await _begin(desk, leader)
        await store.outbox.notify(desk.notices, at)
    if desk.notices:
        ctx.wake_outbox()


async def _leaders(store: Store) -> list[Incident]:
    return [i for i in await store.incidents.list_open() if i.id == (i.leader_id or i.id)]


async def _people(ctx: Context) -> Sequence[Person] | None:
    try:
        return await ctx.directory.people()
    except PostFailure:
        return None


def policy_for(topology: Topology, leader: Incident) -> Policy | None:
    """Return the policy that pages for an incident as it is now; `None`: nobody is paged for it."""
    policy = topology.policy_for(leader.services)
    return policy if policy and waits(leader) and policy.is_for(leader.severity) else None


async def _begin(desk: _Desk, leader: Incident) -> None:
    policy = policy_for(desk.ctx.topology, leader)
    if policy is None:
        return
    begun = Escalation(incident_id=leader.id, policy=policy.name, began_at=desk.at, next_at=desk.at + policy.gap(0))
    number = await desk.store.paging.begin(begun)
    if number is not None:
        desk.show(leader)
        await _run(desk, replace(begun, id=number), leader, policy)


async def _go_on(desk: _Desk, escalation: Escalation, leader: Incident | None) -> None:
    """Take one escalation as far as its incident says."""
    if leader is None or leader.status is IncidentStatus.RESOLVED:
        await _end(desk, escalation, EscalationState.OVER, "resolve")
        return
    policy = policy_for(desk.ctx.topology, leader)
    if escalation.policy == BY_HAND:
        await _take_up(desk, escalation, leader, policy)
        return
    is_awake = escalation.state in (EscalationState.RUNNING, EscalationState.EXHAUSTED)
    if policy is None:
        if is_awake:
            await _end(desk, escalation, EscalationState.STOPPED, "acknowledge")
    elif not is_awake or (escalation.ended_at and leader.status_at > escalation.ended_at):
        # Somebody had it, and gave it back: it begins anew, also with the pagers.
        await _end(desk, escalation, EscalationState.OVER, "resolve")
    elif escalation.state is EscalationState.RUNNING:
        named = desk.ctx.topology.paging.policy_named(escalation.policy) or policy
        await _run(desk, escalation, leader, named)


async def _take_up(desk: _Desk, escalation: Escalation, leader: Incident, policy: Policy | None) -> None:
    """Let a policy go on where people have paged by hand, once it is for the incident."""
    if policy is None:
        return
    begun = replace(
        escalation,
        policy=policy.name,
        state=EscalationState.RUNNING,
        began_at=desk.at,
        next_at=desk.at + policy.gap(0),
        ended_at=None,
    )
    await desk.store.paging.save(begun)
    desk.show(leader)
    await _run(desk, begun, leader, policy)


async def _run(desk: _Desk, escalation: Escalation, leader: Incident, policy: Policy) -> None:
    """Take the next step when it is due and nobody sleeps."""
    held_until = desk.ctx.topology.paging.quiet_until(leader.severity, desk.at)
    if held_until != escalation.held_until:
        escalation = replace(escalation, held_until=held_until)
        await desk.store.paging.save(escalation)
        desk.show(leader)
    if held_until:
        return
    pages = await desk.store.paging.pages([escalation.id])
    latest = [one for one in pages if one.step == escalation.step]
    # Slack may only have hiccuped: for a moment it is waited for, then those are paged who can be without it.
    patience = _PATIENCE if desk.people is None else timedelta()
    if escalation.next_at + patience > desk.at and (patience or not have_all_failed(latest)):
        return
    desk.show(leader)
    if escalation.step >= len(policy.steps):
        await _ask_to_phone(desk, escalation, leader)
        return
    step = escalation.step + 1
    await _take(desk, replace(escalation, step=step, next_at=desk.at + policy.gap(step)), leader, policy)


async def _take(desk: _Desk, escalation: Escalation, leader: Incident, policy: Policy) -> None:
    """Tell everybody whom a step names."""
    await desk.store.paging.save(escalation)
    reached: list[Reached] = []
    for target in policy.steps[escalation.step - 1].notify:
        reached += await reach(desk.store, desk.ctx.topology, desk.people, leader, target, desk.at)
    pages = [_sent(desk, escalation, one) for one in reached]
    await desk.store.paging.add_pages(pages)
    calls = [_call(escalation, one.target, "page", desk.at) for one in pages if one.via == "pager"]
    await desk.store.calls.add(calls)
    said = ", ".join(dict.fromkeys(one.who for one in pages if one.via != "nobody")) or "nobody could be told"
    entry = TimelineEntry(
        incident_id=leader.id,
        at=desk.at,
        kind=EntryKind.PAGED,
        actor=f"policy {policy.name}",
        text=f"{said} (step {escalation.step} of {len(policy.steps)})",
        via="paging",
    )
    await desk.store.incidents.add_entry(entry, key=f"paging:{escalation.id}:{escalation.step}")
    part = f"{MENTION}{escalation.id}:{escalation.step}"
    desk.notices += [_notice(subject_of(leader), part, where) for where in ops_channels(leader, desk.ctx.topology)]


def _sent(desk: _Desk, escalation: Escalation, one: Reached) -> Page:
    """Send what one target is told, and return what is kept of it."""
    sent = Page(
        escalation_id=escalation.id,
        step=escalation.step,
        target=one.target,
        who=one.who,
        via=one.via,
        user_id=one.user_id,
        phone=one.phone,
        reason=one.reason,
        at=desk.at,
    )
    if one.via == "pager":
        return replace(sent, ref=_call(escalation, one.target, "page", desk.at).key)
    if one.channel is None:
        return sent
    part = f"{STEP}{escalation.step}" if one.user_id else f"{LOUD}{STEP}{escalation.step}"
    notice = replace(_notice(f"page:{escalation.id}", part, one.channel), params={"why": one.why})
    desk.notices.append(notice)
    return replace(sent, ref=notice.key)


def _call(escalation: Escalation, target: str, what: Verb, at: datetime) -> Call:
    within = PAGE_WITHIN if what == "page" else TELL_WITHIN
    return Call(
        key=f"{PAGER}{target}:{escalation.id}:{what}",
        incident_id=escalation.incident_id,
        target=f"{PAGER}{target}",
        what=what,
        round=escalation.id,
        made_at=at,
        due_at=at,
        give_up_at=at + within,
    )


async def _ask_to_phone(desk: _Desk, escalation: Escalation, leader: Incident) -> None:
    """Every step was taken: the channel is told whom to phone."""
    done = replace(escalation, state=EscalationState.EXHAUSTED, ended_at=desk.at)
    await desk.store.paging.save(done)
    subject = f"page:{escalation.id}"
    desk.notices += [_notice(subject, PHONE, where) for where in ops_channels(leader, desk.ctx.topology)]


async def _end(desk: _Desk, escalation: Escalation, state: EscalationState, what: Verb) -> None:
    """Stop paging: what is on its way is withdrawn, pagers are told, what was said is edited."""
    await desk.store.paging.save(replace(escalation, state=state, ended_at=desk.at))
    await desk.store.calls.withdraw(escalation.incident_id, what=["page"])
    pages = await desk.store.paging.pages([escalation.id])
    paged = dict.fromkeys(one.target for one in pages if one.via == "pager")
    await desk.store.calls.add(_call(escalation, target, what, desk.at) for target in paged)
    was_awake = escalation.state in (EscalationState.RUNNING, EscalationState.EXHAUSTED)
    said = await desk.store.messages.of_subject(f"page:{escalation.id}")
    # Who was paged by hand may be wanted although somebody has it: that ends with the incident.
    desk.notices += [_notice(m.subject, m.part, m.channel) for m in said if was_awake or is_by_hand(m.part)]


def is_by_hand(part: str) -> bool:
    """Say whether a message is a page that a person sent, and not a policy."""
    return part.removeprefix(LOUD).startswith(HAND_PART)


def _notice(subject: str, part: str, channel: str) -> Notice:
    return Notice(subject=subject, part=part, channel=channel, side="ops", priority=CRITICAL)


async def pass_on(ctx: Context, number: int, by: By) -> Incident:
    """Say that one cannot take what one is paged for: the next is paged at once.

    Raises:
        UserError: nobody is paged for it any more.
    """
    async with ctx.transaction() as store:
        escalation = await store.paging.get(number, lock=True)
        group = await locked_group(store, escalation.incident_id) if escalation else []
        if escalation is None or escalation.state is not EscalationState.RUNNING or not waits(group[0]):
            raise UserError("Nobody is paged for this any more.")
        await store.paging.next_at(escalation.id, by.at)
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text="cannot take it; the next is paged"), by)
    ctx.wake_outbox()
    return group[0]
