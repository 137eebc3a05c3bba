"""What is said of incidents: their cards, replies, command, action items and pages."""

from typing import Final

from handlers import reminders
from handlers.command_handoff import brief
from handlers.incident_shown import shown_with
from handlers.page_messages import mention_rendered, page_rendered
from handlers.paging import MENTION
from handlers.routing import CARD, LOUD
from handlers.speakers import Row, Speakers, elsewhere
from handlers.views import Message, action_items, command_handoff, incident_channel, incident_entries, incidents
from models.records import Incident
from models.words import IncidentStatus


async def _incident(row: Row) -> Message | None:
    leader = await row.store.incidents.get(int(row.name))
    if leader is None:
        return None
    if row.part == CARD:
        shown = await shown_with(row.store, row.topology, leader, elsewhere=await elsewhere(row), at=row.at)
        card = incidents.card(leader, row.side, shown)
        is_own = shown.response is not None and shown.response.channel_id == row.channel
        return incident_channel.card(card, await _cards(row)) if is_own else card
    if row.part.removeprefix(LOUD).startswith(f"{reminders.PART}:"):
        return await reminders.rendered(row.store, row.topology, leader, row.part, row.at)
    return await _reply(row, leader)


async def _reply(row: Row, leader: Incident) -> Message | None:
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


async def _cards(row: Row) -> list[tuple[str, str]]:
    """Return the links to a subject's cards in the channels of bridges."""
    names = dict.fromkeys(channel for b in row.topology.bridges for channel in (b.dev, b.ops))
    cards = [(name, await row.store.messages.card(row.subject, name)) for name in names]
    return [(card.permalink, name) for name, card in cards if card and card.permalink]


def _moved(row: Row, members: list[Incident]) -> Message | None:
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


async def _offer(row: Row) -> Message | None:
    offer = await row.store.oncall.offer(int(row.name))
    incident = await row.store.incidents.get(offer.incident_id) if offer else None
    if offer is None or incident is None:
        return None
    if row.part == "released":
        return command_handoff.released(offer, incident)
    return command_handoff.asked(offer, await brief(row.store, row.topology, incident, row.at))


async def _action(row: Row) -> Message | None:
    item = await row.store.responses.item(int(row.name))
    if item is None or (row.part != CARD and not item.is_open):
        return None
    incident = await row.store.incidents.get(item.incident_id)
    return action_items.item(item, incident, is_due=row.part != CARD)


async def _page(row: Row) -> Message | None:
    return await page_rendered(row.store, row.topology, int(row.name), row.part, row.params.get("why", ""))


SPEAKERS: Final[Speakers] = {
    "incident": _incident,
    "offer": _offer,
    "action": _action,
    "page": _page,
}
