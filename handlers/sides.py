"""Tells from which side a person acts: by the channel, of the bridges that hear of what they act on."""

from collections.abc import Iterable
from typing import Final

from models.store import Store
from models.topology import Topology

SLACK: Final = "slack"


async def acting_via(store: Store, topology: Topology, services: Iterable[str], channel_id: str | None) -> str:
    """Return what the timeline keeps: `slack:dev` or `slack:ops`; `slack` where the channel is neither, or both."""
    if channel_id is None:
        return SLACK
    name = channel_id if channel_id in topology.channels else await store.messages.channel_name(channel_id)
    bridges = topology.bridges_for(services)
    sides = {side for b in bridges for side, channel in (("dev", b.dev), ("ops", b.ops)) if channel == name}
    return f"{SLACK}:{sides.pop()}" if len(sides) == 1 else SLACK
