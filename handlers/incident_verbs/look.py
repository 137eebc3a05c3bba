"""Verbs that only show: list, show, timeline, mine."""

import re
from typing import Final

from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.incident_groups import group_of, leaders_of
from handlers.incident_shown import shown_with
from handlers.incident_which import which
from handlers.views import incident_answers as answers
from handlers.views import incidents
from handlers.views.text import plural
from handlers.wording import split_service
from models.records import Incident
from models.store import Store

_MOST: Final = 20
_ALERTS: Final = re.compile(r"(?:alerts?|signals?)(?:\s+(?P<rest>.+))?", re.IGNORECASE)


async def list_them(ctx: Context, _invocation: Invocation, _verb: str, text: str) -> Reply:
    """`list [service|tests|alerts [service]]`: what is open, the worst first."""
    alerts = _ALERTS.fullmatch(text)
    if alerts:
        of = [split_service(alerts["rest"], ctx.topology)[0].name] if alerts["rest"] else None
        async with ctx.reading() as store:
            return Reply(message=answers.signals(await store.incidents.signals(of, _MOST)))
    if text.casefold() in ("test", "tests", "drills"):
        async with ctx.reading() as store:
            return Reply(message=answers.listing(await store.incidents.tests(_MOST), "Test incidents"))
    services = [split_service(text, ctx.topology)[0].name] if text else None
    async with ctx.reading() as store:
        leaders = leaders_of(await store.incidents.list_open(services))
        signals = await store.incidents.signals(services, _MOST + 1)
    return Reply(message=answers.listing(leaders, "Open incidents", beside=_beside(len(signals))))


async def show(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`show [INC-12]`: the card and the timeline."""
    async with ctx.reading() as store:
        leader = await _leader(store, invocation, verb, text)
        shown = await shown_with(store, ctx.topology, leader, at=invocation.at)
        timeline = await store.incidents.timeline(leader.id)
        points = await store.points.of([member.id for member in shown.members])
    return Reply(message=incidents.detail(leader, shown, timeline, points))


async def timeline(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`timeline [INC-12]`: everything that happened, oldest first."""
    async with ctx.reading() as store:
        leader = await _leader(store, invocation, verb, text)
        entries = await store.incidents.timeline(leader.id)
    return Reply(message=incidents.history(leader, entries))


async def mine(ctx: Context, invocation: Invocation, _verb: str, _text: str) -> Reply:
    """`mine`: the open incidents in which one has a role."""
    async with ctx.reading() as store:
        held = await store.responses.held_by(invocation.user_id)
        known = await store.incidents.by_numbers({holder.incident_id for holder in held})
    return Reply(message=answers.mine([(h, known[h.incident_id]) for h in held if known[h.incident_id].is_open]))


def _beside(alerts: int) -> str | None:
    """Return the line that tells of alerts that opened no incident, where there are any."""
    if not alerts:
        return None
    many = f"more than {_MOST} alerts" if alerts > _MOST else plural(alerts, "alert")
    return f"{many} opened no incident: `/incident list alerts`"


async def _leader(store: Store, invocation: Invocation, verb: str, text: str) -> Incident:
    number, _ = await which(store, invocation, verb, text)
    return (await group_of(store, number))[0]
