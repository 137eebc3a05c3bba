"""Makes the calls that are due: claimed first, each on its own, tried again with growing pauses, then given up."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from handlers.context import Context
from handlers.errors import CallFailure
from handlers.oncall import everybody
from handlers.routing import CARD, Notice, incident_notices, subject_of
from handlers.sender_calls import pager_key
from models.calls import Call, CallState, Matter, pause_after
from models.paging import EscalationState
from models.records import Incident
from models.store import Store
from models.words import IncidentStatus, Severity

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 8
# Longer than any call takes; after a crash the call is made again, which does no harm.
_CLAIMED_FOR: Final = timedelta(seconds=60)
_LONGEST_REASON: Final = 300


async def make_calls(ctx: Context, now: Callable[[], datetime]) -> int:
    """Make the calls that are due; return how many were made."""
    at = now()
    async with ctx.reading() as store:
        if not await store.calls.is_any_due(at):
            return 0
    async with ctx.transaction() as store:
        claimed = await store.calls.claim(at, at + _CLAIMED_FOR, _AT_ONCE)
        wanted = [call for call in claimed if await _is_wanted(store, call)]
    await asyncio.gather(*(_make(ctx, call, now) for call in wanted))
    return len(wanted)


async def _is_wanted(store: Store, call: Call) -> bool:
    """Say whether a call is still to be made: nobody is paged for what somebody has, nor by what is over."""
    if call.what != "page":
        return True
    incident = await store.incidents.get(call.incident_id)
    if incident is not None and incident.is_open and call.is_by_hand:
        return True
    escalation = await store.paging.get(call.round)
    is_over = escalation is None or escalation.state in (EscalationState.STOPPED, EscalationState.OVER)
    if incident is not None and waits(incident) and not is_over:
        return True
    await store.calls.save(replace(call, state=CallState.WITHDRAWN, claimed_until=None))
    return False


async def _make(ctx: Context, call: Call, now: Callable[[], datetime]) -> None:
    try:
        matter = await _matter(ctx, call)
        is_new = await ctx.elsewhere.call(call.target, call.what, matter)
    except CallFailure as failure:
        await _keep(ctx, call, failure, now())
        return
    at = now()
    # What changed nothing there is not told back.
    heard = None if is_new else at
    await _record(ctx, replace(call, state=CallState.DONE, reason=None, done_at=at, heard_at=heard), at)
    _log.info("call_made", target=call.target, what=call.what, incident=call.incident_id, is_new=is_new)


async def _keep(ctx: Context, call: Call, failure: CallFailure, at: datetime) -> None:
    """Keep a call that was not taken, for later or for a person."""
    _log.warning("call_failed", target=call.target, what=call.what, reason=failure.reason, attempts=call.attempts)
    reason = f"{failure.reason}: {failure.detail}" if failure.detail else failure.reason
    due = at + pause_after(call.attempts, failure.retry_after)
    is_over = failure.is_permanent or due > call.give_up_at
    state = CallState.FAILED if is_over else CallState.WAITING
    await _record(ctx, replace(call, state=state, reason=reason[:_LONGEST_REASON], due_at=due), at)


async def _record(ctx: Context, call: Call, at: datetime) -> None:
    """Write down what became of a call; where people can see it, it is shown."""
    async with ctx.transaction() as store:
        known = await store.calls.get(call.id)
        heard_at = (known.heard_at if known else None) or call.heard_at
        await store.calls.save(replace(call, claimed_until=None, heard_at=heard_at))
        incident = await store.incidents.get(call.incident_id)
        notices = await _notices(store, ctx, call, incident, at) if incident else []
        await store.outbox.notify(notices, at)
    if notices:
        ctx.wake_outbox()


async def _notices(store: Store, ctx: Context, call: Call, incident: Incident, at: datetime) -> list[Notice]:
    """Return the cards that show the call, and a word to the admins when a person has to mend something."""
    notices = [n for n in incident_notices(None, incident, ctx.topology) if n.part == CARD and n.side != "dev"]
    admin = ctx.topology.admin_channel
    if call.state is not CallState.FAILED or admin is None:
        return notices
    key = sha256(f"{call.target}:{call.reason}:{at.date()}".encode()).hexdigest()
    if await store.seen.first_time("call-failed", key, at):
        words = {"target": call.target, "what": call.what, "reason": call.reason or ""}
        notices.append(Notice(subject=f"call:{call.target}", part=CARD, channel=admin, side="admin", params=words))
    return notices


async def _matter(ctx: Context, call: Call) -> Matter:
    async with ctx.reading() as store:
        incident = await store.incidents.get(call.incident_id)
        if incident is None:
            raise CallFailure("not_found", is_permanent=True)
        message = next((m for m in await store.messages.of_subject(subject_of(incident)) if m.permalink), None)
    person = next((p for p in await everybody(ctx) if p.user_id == call.user_id), None) if call.user_id else None
    return Matter(
        number=incident.leader_id or incident.id,
        key=pager_key(incident, call.round),
        sender_id=incident.incident_id,
        title=incident.headline,
        severity=incident.severity or Severity.SEV3,
        services=incident.services,
        environment=incident.environment,
        started_at=incident.started_at,
        link=(message.permalink if message else None) or incident.url,
        person=call.person,
        email=person.email if person and person.email else None,
    )


def waits(incident: Incident) -> bool:
    """Say whether an incident waits for somebody to take it."""
    return incident.status in (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED) and not incident.is_signal
