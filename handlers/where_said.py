"""Where a subject was or will be said: what was never said in a channel is not said there later."""

from collections.abc import Iterable
from typing import cast

from handlers.routing import CARD, Audience, incident_notices, subject_of
from models.records import Incident
from models.store import Store
from models.topology import Topology


async def card_channels(store: Store, subject: str) -> dict[str, Audience]:
    """Return the channels that have, or will have, a subject's card, each with its side."""
    channels = await store.outbox.channels_of(subject, CARD)
    channels |= {m.channel: m.side for m in await store.messages.of_subject(subject) if m.part == CARD}
    return {channel: cast(Audience, side) for channel, side in channels.items()}


async def without_history(store: Store, topology: Topology, leaders: Iterable[Incident]) -> list[Incident]:
    """Leave out the incidents that only a history told of: there is a channel for their card, and it was never said.

    Nobody is paged or reminded for what a file says is open: whoever made it may not have known how it ended.
    """
    waiting = list(leaders)
    told = await store.messages.told([subject_of(i) for i in waiting], CARD)
    return [i for i in waiting if subject_of(i) in told or not incident_notices(None, i, topology)]
