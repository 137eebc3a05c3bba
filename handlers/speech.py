"""Finds the words for a row of the outbox: loads what a view needs, at the moment it is posted, and calls it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from handlers import reminders
from handlers.command_handoff import brief
from handlers.handoff_brief import gather
from handlers.incident_shown import owner_of, runbook_of, shown_with
from handlers.mirroring import ASK, NOTE
from handlers.oncall import around
from handlers.page_messages import mention_rendered, page_rendered
from handlers.paging import MENTION
from handlers.questions import ANSWERED, REMIND, UNANSWERED
from handlers.routing import CARD, HUNG, LINE, LOUD, SIDES, Audience
from handlers.silences import BACK
from handlers.suspects import suspected_of
from handlers.views import (
    Message,
    action_items,
    calls,
    changes,
    command_handoff,
    deploys,
    digests,
    failures,
    freezes,
    handoffs,
    incident_channel,
    incident_entries,
    incidents,
    links,
    mirroring,
    oncall,
    questions,
)
from handlers.views.failures import ChannelTrouble, UnknownName
from handlers.views.why import with_why
from models.mirroring import is_mirrored
from models.records import Deploy, Incident
from models.store import Store
from models.topology import Topology
from models.words import DeployStatus, IncidentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of the outbox, and where it finds what it tells of. `name` is what follows the subject's first colon."""

    store: Store
    topology: Topology
    subject: str
    name: str
    part: str
    side: Audience
    channel: str
    params: dict[str, str]
    at: datetime


async def render(
    store: Store,
    topology: Topology,
    *,
    subject: str,
    part: str,
    side: str,
    channel: str,
    params: dict[str, str],
    at: datetime,
) -> Message | None:
    """Return the message for one side as it should read at `at`; `None` when there is nothing to say any more."""
    kind, _, name = subject.partition(":")
    row = _Row(
        store=store,
        topology=topology,
        subject=subject,
        name=name,
        part=part,
        side=cast(Audience, side),
        channel=channel,
        params=params,
        at=at,
    )
    if part.startswith(LINE):
        line = await store.mirroring.get(int(part.removeprefix(LINE)))
        return mirroring.said(line) if line else None
    if part in (NOTE, ASK):
        return await _of_thread(row)
    speaker = _SPEAKERS.get(kind)
    said = await speaker(row) if speaker else None
    return with_why(said) if said else None


async def _of_thread(row: _Row) -> Message | None:
    """Return what is said in a thread of the thread itself: whether it is one conversation with the other side's."""
    bridge = next((b for b in row.topology.bridges if row.channel in (b.dev, b.ops)), None)
    if bridge is None:
        return None
    decided = await row.store.mirroring.decided(row.subject)
    if row.part == ASK:
        return mirroring.ask(bridge, row.side, row.subject) if decided is None else None
    is_on = is_mirrored(bridge.mirror, row.subject, decided)
    return mirroring.note(bridge, row.side, row.subject, is_on=is_on, params=row.params)


async def _deploy(row: _Row) -> Message | None:
    deploy = await row.store.deploys.get(int(row.name))
    if deploy and row.part == f"{LOUD}frozen":
        frozen = (await row.store.freezes.marks([deploy.id])).get(deploy.id)
        return freezes.during(deploy, *frozen, row.side) if frozen else None
    view = {CARD: deploys.card, "details": deploys.details, "failed": deploys.failed}.get(row.part)
    if deploy is None or (view is None and row.part != HUNG):
        return None
    if row.part == HUNG:
        usual = row.params.get("usual")
        before = await _last_good(row.store, deploy)
        return deploys.hung(deploy, row.side, usual_s=float(usual) if usual else None, previous=before)
    commits = await row.store.deploys.commits(deploy.id)
    previous = await _last_good(row.store, deploy)
    runbook = runbook_of(row.topology, (deploy.service,))
    if row.part == CARD:
        over = await _elsewhere(row)
        suspected, claims = await suspected_of(row.store, deploy)
        frozen = (await row.store.freezes.marks([deploy.id])).get(deploy.id)
        return deploys.card(
            deploy,
            row.side,
            commits=commits,
            previous=previous,
            runbook=runbook,
            elsewhere=over,
            suspected=suspected,
            claims=claims,
            frozen=freezes.mark(*frozen) if frozen else None,
            soak=await row.store.soaks.get(deploy.id),
            around=await around(row.store, row.topology, deploy.service, row.at),
            owner=owner_of(row.topology, deploy.service),
        )
    assert view is not None
    return view(deploy, row.side, commits=commits, previous=previous, runbook=runbook)


async def _change(row: _Row) -> Message | None:
    change = await row.store.changes.get(int(row.name))
    if change is None:
        return None
    return changes.card(
        change,
        row.side,
        at=row.at,
        undo_until=change.received_at + row.topology.undo_window,
        runbook=runbook_of(row.topology, (change.service,)),
        elsewhere=await _elsewhere(row),
    )


async def _incident(row: _Row) -> Message | None:
    leader = await row.store.incidents.get(int(row.name))
    if leader is None:
        return None
    if row.part == CARD:
        shown = await shown_with(row.store, row.topology, leader, elsewhere=await _elsewhere(row), at=row.at)
        card = incidents.card(leader, row.side, shown)
        is_own = shown.response is not None and shown.response.channel_id == row.channel
        return incident_channel.card(card, await _cards(row)) if is_own else card
    if row.part.removeprefix(LOUD).startswith(f"{reminders.PART}:"):
        return await reminders.rendered(row.store, row.topology, leader, row.part, row.at)
    return await _reply(row, leader)


async def _reply(row: _Row, leader: Incident) -> Message | None:
    """Return what is said in the thread of an incident's card."""
    if row.part.startswith(MENTION):
        return await mention_rendered(row.store, row.topology, leader, row.part)
    if row.part.removeprefix(LOUD).startswith("entry:"):
        entry = await row.store.incidents.entry(int(row.part.removeprefix(LOUD).removeprefix("entry:")))
        return incident_entries.reply(leader, entry) if entry else None
    members = [m for m in await row.store.incidents.members(leader.id) if not m.is_signal] or [leader]
    if row.part.startswith("note:"):
        return incidents.note(leader, by=row.params.get("by", ""), text=row.params.get("text", ""))
    return _moved(row, members)


async def _cards(row: _Row) -> list[tuple[str, str]]:
    """Return the links to a subject's cards in the channels of bridges."""
    names = dict.fromkeys(channel for b in row.topology.bridges for channel in (b.dev, b.ops))
    cards = [(name, await row.store.messages.card(row.subject, name)) for name in names]
    return [(card.permalink, name) for name, card in cards if card and card.permalink]


def _moved(row: _Row, members: list[Incident]) -> Message | None:
    """Return the reply for a change of state: one for a whole group, when its last member got there."""
    word, number = row.part.split(":")[:2]
    incident = next((member for member in members if member.id == int(number)), None)
    if incident is None or word not in set(IncidentStatus):
        return None
    status = IncidentStatus(word)
    if status is IncidentStatus.RESOLVED and not _is_last_resolved(incident, members):
        return None
    return incidents.moved(incident, status, row.side, members=members)


def _is_last_resolved(incident: Incident, members: list[Incident]) -> bool:
    """Of a group that resolves alert by alert only the end of the last one is worth a reply; the card counts them."""
    if len(members) == 1:
        return True
    is_over = not any(member.status.is_open for member in members)
    return is_over and incident.id == max(members, key=lambda m: (m.status_at, m.id)).id


async def _channel(row: _Row) -> Message | None:
    queue = next((q for q in await row.store.outbox.queues() if q.channel == row.name), None)
    if queue is None:
        return None
    return failures.channel(
        ChannelTrouble(
            channel=queue.channel,
            failed=queue.failed,
            waiting=queue.waiting,
            oldest_at=queue.oldest_at,
            reason=queue.failed_reason,
        )
    )


async def _held(row: _Row) -> Message | None:
    names = await row.store.names.held()
    return failures.unknown_names(
        [UnknownName(kind=n.kind, name=n.name, service=n.service, deliveries=n.deliveries) for n in names]
    )


async def _digest(row: _Row) -> Message | None:
    snapshot = await row.store.digests.get(int(row.name))
    if snapshot is None:
        return None
    links = await _links(row, digests.subjects(snapshot))
    return digests.digest(snapshot, row.side, by=row.params.get("by"), links=links)


async def _links(row: _Row, subjects: Iterable[str]) -> dict[str, str]:
    """Return where this channel's messages about some subjects are."""
    cards = {subject: await row.store.messages.card(subject, row.channel) for subject in subjects}
    return {subject: card.permalink for subject, card in cards.items() if card and card.permalink}


async def _last_good(store: Store, deploy: Deploy) -> Deploy | None:
    """Return the last deployment before this one, of its service and environment, that one may go back to.

    It succeeded, and nothing is held against it.
    """
    before = deploy.finished_at or deploy.latest_at
    recent = await store.deploys.recent(
        services=[deploy.service], environment=deploy.environment, until=before, limit=20
    )
    succeeded = [d for d in recent if d.id != deploy.id and d.status is DeployStatus.SUCCEEDED]
    bad = {held.deploy_id for held in await store.blames.against([d.id for d in succeeded])}
    return next((d for d in succeeded if d.id not in bad), None)


async def _elsewhere(row: _Row) -> str | None:
    """Return the link to the same subject's message in the other channel of a bridge this channel belongs to."""
    for bridge in row.topology.bridges:
        for side in SIDES:
            other = bridge.channel("ops" if side == "dev" else "dev")
            if bridge.channel(side) != row.channel or other == row.channel:
                continue
            message = await row.store.messages.card(row.subject, other)
            if message and message.permalink:
                return message.permalink
    return None


async def _handoff(row: _Row) -> Message | None:
    handoff = await row.store.oncall.handoff(int(row.name))
    schedule = row.topology.schedule_named(handoff.schedule) if handoff else None
    if handoff is None or schedule is None:
        return None
    if row.part == f"{LOUD}late":
        return handoffs.late(handoff)
    outgoing = row.params.get("outgoing")
    brief = await gather(row.store, row.topology, schedule, handoff, row.at, outgoing_id=outgoing)
    after = {"done": handoffs.done, "mine": handoffs.mine}.get(row.part)
    if after:
        return after(handoff, [incident for incident, _, _ in brief.incidents if incident.id in brief.moving])
    if row.part == CARD:
        return handoffs.card(handoff, brief, row.topology.handoffs)
    if row.part == "draft":
        return handoffs.draft(handoff, brief)
    return handoffs.ask(handoff, brief, int(row.part.partition(":")[2]))


async def _offer(row: _Row) -> Message | None:
    offer = await row.store.oncall.offer(int(row.name))
    incident = await row.store.incidents.get(offer.incident_id) if offer else None
    if offer is None or incident is None:
        return None
    if row.part == "released":
        return command_handoff.released(offer, incident)
    return command_handoff.asked(offer, await brief(row.store, row.topology, incident, row.at))


async def _freeze(row: _Row) -> Message | None:
    one = await row.store.freezes.get(int(row.name))
    if one is None:
        return None
    word, _, number = row.part.removeprefix(LOUD).partition(":")
    if word == "pass":
        through = await row.store.freezes.get_pass(int(number))
        return freezes.passed(one, through) if through else None
    if word == "over":
        return freezes.over(one) if one.stands(row.at) else None
    held = await row.store.freezes.held_by(one.id)
    if word == "ended":
        return freezes.ended(one, held)
    if word == CARD:
        return freezes.card(one, row.side, held=held, passes=await row.store.freezes.passes_through(one.id), at=row.at)
    return freezes.taken(one) if word == "taken" else freezes.extended(one)


async def _question(row: _Row) -> Message | None:
    question = await row.store.questions.get(int(row.name))
    if question is None:
        return None
    if row.part == CARD:
        return questions.card(question, row.side, elsewhere=await _elsewhere(row))
    there = await row.store.messages.card(row.subject, question.channel)
    link = there.permalink if there else None
    if row.part == ANSWERED:
        return questions.answered(question, link, row.params.get("answer") or question.answer or "")
    if row.part == UNANSWERED:
        return questions.unanswered(question, link)
    return questions.reminder(question, link) if row.part.startswith(REMIND) else None


async def _link(row: _Row) -> Message | None:
    link = await row.store.links.get(int(row.name))
    if link is None:
        return None
    if row.part == CARD:
        return links.card(link, row.side)
    return links.ended(link, row.side)


async def _action(row: _Row) -> Message | None:
    item = await row.store.responses.item(int(row.name))
    if item is None or (row.part != CARD and not item.is_open):
        return None
    incident = await row.store.incidents.get(item.incident_id)
    return action_items.item(item, incident, is_due=row.part != CARD)


async def _oncall(row: _Row) -> Message | None:
    return oncall.troubles(row.name, row.params.get("words", "").splitlines())


async def _source(row: _Row) -> Message | None:
    last, missed, usual = (row.params.get(name, "") for name in ("last", "missed", "usual"))
    heard = datetime.fromisoformat(last) if last else None
    if heard is None:
        return None
    if row.part.startswith(BACK):
        return failures.back(row.name, heard, datetime.fromisoformat(missed) if missed else None)
    return failures.silent(row.name, heard, float(usual) if usual else None)


async def _usergroup(row: _Row) -> Message | None:
    return failures.notice(row.params.get("words", ""))


async def _call(row: _Row) -> Message | None:
    return calls.trouble(row.name, row.params)


async def _page(row: _Row) -> Message | None:
    return await page_rendered(row.store, row.topology, int(row.name), row.part, row.params.get("why", ""))


async def _swap(row: _Row) -> Message | None:
    return oncall.swap(row.params)


async def _swapped(row: _Row) -> Message | None:
    return oncall.swap_answered(row.params)


_SPEAKERS: Final[dict[str, Callable[[_Row], Awaitable[Message | None]]]] = {
    "deploy": _deploy,
    "change": _change,
    "incident": _incident,
    "channel": _channel,
    "held": _held,
    "digest": _digest,
    "oncall": _oncall,
    "offer": _offer,
    "action": _action,
    "handoff": _handoff,
    "freeze": _freeze,
    "link": _link,
    "question": _question,
    "source": _source,
    "usergroup": _usergroup,
    "rooms": _usergroup,
    "call": _call,
    "page": _page,
    "swap": _swap,
    "swapped": _swapped,
}
