"""Keeps the messages of suspect deployments true: whatever changes what they are suspected of, edits them."""

from collections.abc import Collection, Mapping
from typing import Final

from handlers.routing import CARD, Notice, deploy_notices, incident_notices, subject_of
from handlers.views.causes import Suspicion
from handlers.where_said import card_channels
from models.records import Deploy, Incident, TimelineEntry
from models.store import Store
from models.store.blames import INCIDENT
from models.topology import Topology
from models.words import BlameReason, EntryKind

_CLAIMS: Final = (EntryKind.LOOKING, EntryKind.ROLLING_BACK)


async def suspicion_of(store: Store, topology: Topology, incident: Incident) -> Suspicion:
    """Return what an incident is held against, and who looks after that."""
    blame = (await store.blames.of(INCIDENT, [incident.id])).get(incident.id)
    deploys = await store.deploys.by_numbers(blame.deploy_ids) if blame else {}
    return Suspicion(
        reason=blame.reason if blame else None,
        deploys=[deploys[number] for number in sorted(deploys)],
        within=topology.suspect_within,
        claims=[e for e in await store.incidents.timeline(incident.id) if e.kind in _CLAIMS],
    )


async def suspected_of(store: Store, deploy: Deploy) -> tuple[list[tuple[Incident, BlameReason]], list[TimelineEntry]]:
    """Return the incidents that are held against a deployment, the open ones first, and who looks after it."""
    held = {h.blamer_id: h.reason for h in await store.blames.against([deploy.id]) if h.blamer == INCIDENT}
    incidents = (await store.incidents.by_numbers(held)).values() if held else ()
    ordered = sorted(incidents, key=lambda i: (not i.is_open, i.id))
    leaders = dict.fromkeys(i.leader_id or i.id for i in ordered if i.is_open)
    claims = [e for n in leaders for e in await store.incidents.timeline(n) if _is_claim(e, deploy.id)]
    return [(i, held[i.id]) for i in ordered], list({(e.kind, e.actor): e for e in claims}.values())


def _is_claim(entry: TimelineEntry, deploy_id: int) -> bool:
    return entry.kind in _CLAIMS and entry.text == f"#{deploy_id}"


async def shifted_notices(
    store: Store, topology: Topology, touched: Collection[Incident], shifted: Mapping[int, Collection[int]]
) -> list[Notice]:
    """Return what is to be edited after attribution: cards of incidents held against something else, and of suspects.

    `touched` are the incidents that were just written, which say what they have to say themselves. What was never said
    in a channel (an imported history, say) is not said there now.
    """
    others = await store.incidents.by_numbers(shifted.keys() - {i.id for i in touched}) if shifted else {}
    notices: list[Notice] = []
    for incident in others.values():
        channels = await card_channels(store, subject_of(incident))
        cards = incident_notices(None, incident, topology)
        notices += [n for n in cards if n.part == CARD and n.channel in channels]
    deploys = {number for numbers in shifted.values() for number in numbers}
    return notices + await suspect_notices(store, topology, [i.id for i in touched], deploy_ids=deploys)


async def suspect_notices(
    store: Store, topology: Topology, incidents: Collection[int], *, deploy_ids: Collection[int] = ()
) -> list[Notice]:
    """Return the cards of the deployments that incidents are held against, and of those given, where they were posted.

    What was never said in a channel is not said there now.
    """
    blames = await store.blames.of(INCIDENT, incidents) if incidents else {}
    wanted = {*deploy_ids, *(i for blame in blames.values() for i in blame.deploy_ids)}
    if not wanted:
        return []
    notices: list[Notice] = []
    for deploy in (await store.deploys.by_numbers(wanted)).values():
        channels = {m.channel for m in await store.messages.of_subject(subject_of(deploy)) if m.part == CARD}
        notices += [n for n in deploy_notices(None, deploy, topology) if n.part == CARD and n.channel in channels]
    return notices
