"""Finds the words for what paging says, as it is at the moment it is said: what is over is not said, but edited."""

from handlers.calls import waits
from handlers.paging import HAND_PART, MENTION, PHONE, is_by_hand
from handlers.paging_by_hand import REFUSAL
from handlers.paging_told import told_of
from handlers.routing import LOUD
from handlers.views import Message, paging
from models.paging import Escalation, EscalationState
from models.records import Incident
from models.store import Store
from models.topology import Topology


async def page_rendered(store: Store, topology: Topology, number: int, part: str, why: str) -> Message | None:
    """Return a page (a direct message, a channel's), or whom to phone; `None` where it needs not be said any more."""
    escalation = await store.paging.get(number)
    leader = await store.incidents.get(escalation.incident_id) if escalation else None
    if escalation is None or leader is None:
        return None
    if is_by_hand(part) or part.startswith(REFUSAL):
        return await _by_hand(store, leader, escalation, part)
    if not waits(leader) or escalation.state is EscalationState.OVER:
        was_said = any(m.part == part for m in await store.messages.of_subject(f"page:{number}"))
        return paging.over(leader) if was_said else None
    told = await told_of(store, topology, escalation)
    if part == PHONE:
        return paging.phone(leader, told, topology.paging.phones)
    step = int(part.removeprefix(LOUD).partition(":")[2])
    return paging.page(leader, told, step, why, is_channel=part.startswith(LOUD))


async def _by_hand(store: Store, leader: Incident, escalation: Escalation, part: str) -> Message | None:
    """Return a page that a person sent, or what tells them how it was answered."""
    mark = part.removeprefix(LOUD).partition(":")[2]
    pages = await store.paging.pages([escalation.id])
    page = next((one for one in pages if (one.ref or "").endswith(f"{HAND_PART}{mark}")), None)
    if page is None:
        return None
    if part.startswith(REFUSAL):
        return paging.answered(leader, page)
    was_said = any(m.part == part for m in await store.messages.of_subject(f"page:{escalation.id}"))
    if not leader.is_open:
        return paging.over(leader) if was_said else None
    return paging.by_hand(leader, page, is_channel=part.startswith(LOUD))


async def mention_rendered(store: Store, topology: Topology, leader: Incident, part: str) -> Message | None:
    """Return the line of the ops thread that names those who are paged."""
    number, _, step = part.removeprefix(MENTION).partition(":")
    escalation = await store.paging.get(int(number))
    if escalation is None or not waits(leader):
        return None
    told = await told_of(store, topology, escalation)
    return paging.mention(leader, told, int(step))
