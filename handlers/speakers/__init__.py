"""Who finds the words for a row of the outbox: each file here exports `SPEAKERS`, by kind of subject.

A speaker loads what a view needs, at the moment the row is posted, and calls it. It returns `None` when there is
nothing to say any more.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.routing import SIDES, Audience
from handlers.views import Message
from models.store import Store
from models.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
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


Speaker = Callable[[Row], Awaitable[Message | None]]
Speakers = Mapping[str, Speaker]


async def elsewhere(row: Row) -> str | None:
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
