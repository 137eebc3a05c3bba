"""What is said of on-call: handoffs of shifts, swaps, what is wrong with a schedule."""

from typing import Final

from handlers.handoff_brief import gather
from handlers.oncall_troubles import NEW, OVER
from handlers.routing import CARD, LOUD
from handlers.speakers import Row, Speakers
from handlers.views import Message, handoffs, oncall


async def _handoff(row: Row) -> Message | None:
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


async def _oncall(row: Row) -> Message | None:
    found = row.params.get("words", "").splitlines()
    if row.part.startswith(NEW):
        return oncall.new_troubles(row.name, found)
    return oncall.troubles_over(row.name, found) if row.part.startswith(OVER) else oncall.troubles(row.name, found)


async def _swap(row: Row) -> Message | None:
    return oncall.swap(row.params)


async def _swapped(row: Row) -> Message | None:
    return oncall.swap_answered(row.params)


SPEAKERS: Final[Speakers] = {
    "handoff": _handoff,
    "oncall": _oncall,
    "swap": _swap,
    "swapped": _swapped,
}
