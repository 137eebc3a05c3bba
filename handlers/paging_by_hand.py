"""Pages that a person sends by hand, beside what the policies do: to people, schedules, channels and pagers.

What applies to policies applies here: quiet hours hold back what is not bad, drills page nobody, each page has a state
that people can see. Those who are paged say whether they are on it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from handlers.acting import By
from handlers.calls import waits
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.incident_groups import Deed, open_group, tell
from handlers.incident_moves import move
from handlers.paging import HAND_PART
from handlers.paging_targets import Reached, reach
from handlers.people import person_named
from handlers.routing import CRITICAL, LOUD, Notice
from handlers.suggest import did_you_mean
from handlers.views.times import in_utc
from models.calls import HAND, PAGE_WITHIN, PAGER, Call
from models.paging import BACKUP, BY_HAND, LEAD, ON_CALL, TAKEN, Escalation, EscalationState, Page
from models.people import Person
from models.records import Incident
from models.store import Store
from models.topology import Topology
from models.words import EntryKind

REFUSAL: Final = "refused:"
_ALIKE: Final = {"oncall": ON_CALL, "on-call": ON_CALL, "on_call": ON_CALL, "backup": BACKUP, "lead": LEAD}
_CHANNEL: Final = re.compile(r"<#(?P<id>[CG][A-Z0-9]+)(?:\|[^>]*)?>")
_MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """What became of a page by hand: of which incident, whom it was sent to."""

    incident: Incident
    pages: Sequence[Page]


def split_targets(text: str, topology: Topology) -> tuple[list[str], str]:
    """Return whom a text begins with, as policies call them or as people write them, and the rest: why.

    `@bob #payments-ops the pool is gone`, `payments-ops`, `on_call, pd`.
    """
    known = _known(topology)
    words, targets = text.split(), list[str]()
    while words:
        word = words[0].rstrip(",")
        channel = _CHANNEL.fullmatch(word)
        named = channel["id"] if channel else known.get(word.casefold())
        if named is None and not word.startswith(("@", "<@", "#")):
            break
        targets.append(named or word)
        words.pop(0)
    return list(dict.fromkeys(targets)), " ".join(words)


def known_targets(topology: Topology) -> list[str]:
    """Return the words that mean somebody beside people and channels: roles, schedules, pagers."""
    return list(dict.fromkeys(_known(topology).values()))


def _known(topology: Topology) -> dict[str, str]:
    schedules = {schedule.name.casefold(): schedule.name for schedule in topology.schedules}
    return {**_ALIKE, **schedules, **{name.casefold(): name for name in topology.paging.pagers}}


async def page_by_hand(ctx: Context, number: int, targets: Sequence[str], why: str, by: By) -> Paged:
    """Page people for an incident that is open, whoever has it.

    Raises:
        UserError: there is no such incident or person, it is over or a drill, quiet hours hold it back, or too many
            are named.
    """
    if len(targets) > _MOST:
        raise UserError(f"Those are {len(targets)}: at most {_MOST} are paged at once, and nobody was so far.")
    whom = [await _meant(ctx, target, by) for target in targets]
    people = await _people(ctx)
    async with ctx.transaction() as store:
        group = await open_group(store, number, "page for")
        leader = group[0]
        _refuse(ctx, group, by)
        if not await store.seen.first_time("page-by-hand", by.request_id, by.at):
            raise UserError(f"They are paged already; `/incident show INC-{leader.id}` says how far that is.")
        escalation = await _escalation(store, leader, by)
        reached = [r for one in whom for r in await reach(store, ctx.topology, people, leader, one, by.at)]
        sent = [_sent(escalation, one, why, by) for one in {(r.channel or r.target): r for r in reached}.values()]
        await store.paging.add_pages([page for page, _ in sent])
        await store.calls.add([_call(escalation, page) for page, _ in sent if page.via == "pager"])
        said = ", ".join(page.who for page, _ in sent if page.via != "nobody") or "nobody could be told"
        deed = Deed(kind=EntryKind.PAGED, text=said + (f": {why}" if why else ""))
        await tell(store, ctx, group, deed, by)
        await store.outbox.notify([notice for _, notice in sent if notice], by.at)
    ctx.wake_outbox()
    return Paged(incident=leader, pages=[page for page, _ in sent])


async def answer_page(ctx: Context, ref: str, answer: str, by: By) -> Incident:
    """Say that one is on it, or cannot; who paged is told of that. Who is on it has what nobody had.

    Raises:
        UserError: it was answered already, is for somebody else, or is over.
    """
    async with ctx.transaction() as store:
        page = await store.paging.page_with(ref)
        escalation = await store.paging.get(page.escalation_id) if page else None
        if page is None or escalation is None:
            raise UserError("Nobody is paged for this any more.")
        if page.answer:
            raise UserError(f"{page.answered_by} said already: {page.answer}.")
        if page.user_id and page.user_id != by.user_id:
            raise UserError(f"That page is for {page.who}.")
        group = await open_group(store, escalation.incident_id, "answer for")
        if not any(member.is_open for member in group):
            raise UserError(f"INC-{group[0].id} is {group[0].status.value}: nobody is wanted any more.")
        await store.paging.answer(ref, answer, by.name, by.at)
        words = f"{answer}, paged by {page.by}" if answer == TAKEN else f"{answer} take what {page.by} paged for"
        await tell(store, ctx, group, Deed(kind=EntryKind.NOTE, text=words), by)
        await store.outbox.notify(_answered(ref, page), by.at)
    ctx.wake_outbox()
    if answer == TAKEN and waits(group[0]):
        await _acknowledge(ctx, group[0], by)
    return group[0]


async def _acknowledge(ctx: Context, leader: Incident, by: By) -> None:
    try:
        await move(ctx, leader.id, "acknowledge", by)
    except UserError:
        # Somebody was faster: it has somebody, which is all that was wanted.
        return


async def _meant(ctx: Context, target: str, by: By) -> str:
    """Return a target as policies call it; a person by their id."""
    known = known_targets(ctx.topology)
    if target in known or target.startswith("#") or _CHANNEL.fullmatch(f"<#{target}>"):
        return target
    return (await person_named(ctx, target, by)).user_id


def nobody_meant(word: str, topology: Topology) -> UserError:
    """Return the complaint about a word that means nobody who could be paged."""
    known = known_targets(topology)
    close = did_you_mean(word, known, "{}")
    meant = close if "Did you mean" in close else ""
    return UserError(f"“{word[:60]}” is nobody I can page: @person, #channel, {', '.join(known[:12])}.{meant}")


async def _people(ctx: Context) -> Sequence[Person] | None:
    try:
        return await ctx.directory.people()
    except PostFailure:
        return None


def _refuse(ctx: Context, group: Sequence[Incident], by: By) -> None:
    leader = group[0]
    if not any(member.is_open for member in group):
        raise UserError(f"INC-{leader.id} is {leader.status.value}: nobody is paged for what is over.")
    if leader.is_test:
        raise UserError(f"INC-{leader.id} is a drill: it pages nobody.")
    worst = min((m.severity for m in group if m.severity), key=lambda one: one.value, default=None)
    held = ctx.topology.paging.quiet_until(worst, by.at)
    if held:
        raise UserError(
            f"Quiet hours until {in_utc(held)}: {worst.value if worst else 'what is not rated'} wakes nobody. "
            f"If it is worse than that, say so: `/incident severity INC-{leader.id} sev2`, then page."
        )


async def _escalation(store: Store, leader: Incident, by: By) -> Escalation:
    """Return the escalation of an incident, a new one that takes no steps where there is none."""
    known = await store.paging.open_for(leader.id)
    if known:
        return known
    made = Escalation(
        incident_id=leader.id,
        policy=BY_HAND,
        state=EscalationState.STOPPED,
        began_at=by.at,
        next_at=by.at,
        ended_at=by.at,
    )
    number = await store.paging.begin(made)
    known = None if number else await store.paging.open_for(leader.id)
    return known or replace(made, id=number or 0)


def _sent(escalation: Escalation, one: Reached, why: str, by: By) -> tuple[Page, Notice | None]:
    """Return what is kept of a page, and the message that carries it, if one does."""
    mark = sha256(f"{by.request_id}{one.target}{one.channel}".encode()).hexdigest()[:12]
    page = Page(
        escalation_id=escalation.id,
        step=0,
        target=one.target,
        who=one.who,
        via=one.via,
        user_id=one.user_id,
        phone=one.phone,
        reason=one.reason,
        at=by.at,
        by=by.name,
        by_id=by.user_id,
        why=why[:500] or None,
    )
    if one.via == "pager":
        return replace(page, ref=f"{PAGER}{one.target}:{escalation.id}{HAND}{mark}"), None
    if one.channel is None:
        return page, None
    part = f"{HAND_PART}{mark}" if one.user_id else f"{LOUD}{HAND_PART}{mark}"
    subject = f"page:{escalation.id}"
    notice = Notice(subject=subject, part=part, channel=one.channel, side="ops", priority=CRITICAL)
    return replace(page, ref=notice.key), notice


def _call(escalation: Escalation, page: Page) -> Call:
    return Call(
        key=page.ref or "",
        incident_id=escalation.incident_id,
        target=f"{PAGER}{page.target}",
        what="page",
        round=escalation.id,
        made_at=page.at,
        due_at=page.at,
        give_up_at=page.at + PAGE_WITHIN,
    )


def _answered(ref: str, page: Page) -> list[Notice]:
    """Return what is to be said of an answer: the page is edited, who paged is told."""
    subject, channel, part = ref.split("|", 2)
    notices = [Notice(subject=subject, part=part, channel=channel, side="ops", priority=CRITICAL)]
    if page.by_id and page.by_id != page.user_id:
        mark = part.removeprefix(LOUD).removeprefix(HAND_PART)
        told = Notice(subject=subject, part=f"{REFUSAL}{mark}", channel=page.by_id, side="ops", priority=CRITICAL)
        notices.append(told)
    return notices
