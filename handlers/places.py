"""Tells where a person is: the channel by its configured name, the bridge it belongs to, and that bridge's zone."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.context import Context
from models.topology import Bridge, Topology


async def channel_name(ctx: Context, channel_id: str) -> str | None:
    """Return the configured name of the channel a command was typed in, as far as the bot has posted there."""
    if channel_id in ctx.topology.channels:
        return channel_id
    async with ctx.reading() as store:
        return await store.messages.channel_name(channel_id)


def bridge_here(topology: Topology, channel: str | None) -> Bridge | None:
    """Return the bridge of a channel, or the only one there is."""
    here = [b for b in topology.bridges if channel in (b.dev, b.ops)]
    if here or len(topology.bridges) == 1:
        return (here or topology.bridges)[0]
    return None


async def zone_of(ctx: Context, user_id: str | None) -> ZoneInfo:
    """Return the zone that a person has set in Slack; UTC where Slack does not tell, or names none that is known."""
    name = await ctx.messenger.user_timezone(user_id) if user_id else None
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def timezone_of(topology: Topology, bridges: Iterable[Bridge]) -> str:
    """Return the zone of the scheduled digests of these bridges, so that a day is the same day there and here."""
    names = {bridge.name for bridge in bridges}
    return next((plan.timezone for plan in topology.digests if names & set(plan.bridges)), "UTC")
