"""The one place where people link two channels and part them again. What is linked is a bridge like any other."""

from collections.abc import Sequence
from typing import Final

import structlog

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, SIDES, Notice
from handlers.suggest import did_you_mean
from models.links import Link, Room
from models.mirroring import Mirror
from models.store import Store
from models.topology import Bridge, Topology, folded
from models.words import Side
from models.workspaces import HOME, hashed, joined, workspace_of

ENDED: Final = "ended"
_log = structlog.get_logger(__name__)


async def load_links(ctx: Context) -> None:
    """Take over what people linked, here or in another process."""
    async with ctx.reading() as store:
        links = await store.links.standing()
    if tuple(links) != tuple(b.link for b in ctx.topology.bridges if b.link):
        ctx.topology = ctx.topology.with_links(links)


async def link(
    ctx: Context, rooms: tuple[Room, Room], services: tuple[str, ...] | None, mirror: Mirror, by: By
) -> Link:
    """Link a dev channel with an ops channel, and say so in both.

    Raises:
        UserError: it is one channel, or one of them is archived or linked already.
    """
    dev, ops = rooms
    if dev.id == ops.id:
        raise UserError(f"A channel cannot be linked with itself: `/bridge link #{dev.name} #its-ops-channel`")
    await _refuse(ctx, rooms)
    async with ctx.transaction() as store:
        # Again, now that nobody else can link: another process may have.
        ctx.topology = ctx.topology.with_links(await store.links.standing())
        await _refuse_linked(store, ctx.topology, rooms)
        made = await store.links.add(
            Link(
                name=_name(dev.name, ctx.topology),
                dev=dev.id,
                dev_name=dev.name,
                ops=ops.id,
                ops_name=ops.name,
                services=services,
                mirror=mirror,
                linked_by=by.name,
                linked_by_id=by.user_id,
                linked_at=by.at,
            )
        )
        links = await store.links.standing()
        await store.outbox.notify(_notices(made, CARD), by.at)
    ctx.topology = ctx.topology.with_links(links)
    _log.info("channels_linked", link=made.id, dev=dev.id, ops=ops.id, by=by.name)
    ctx.wake_outbox()
    return made


async def unlink(ctx: Context, room: Room, other: Room | None, by: By) -> Link:
    """Part two linked channels, and say so in both.

    Raises:
        UserError: they are not linked, or the configuration links them.
    """
    async with ctx.transaction() as store:
        found = await bridge_of(store, ctx.topology.with_links(await store.links.standing()), room)
        if found is None:
            raise UserError(f"{hashed(room.name)} is not linked. `/bridge status` shows what is.")
        bridge, side = found
        if bridge.link is None:
            raise UserError(
                f"The configuration links {hashed(room.name)} (bridge {bridge.name}): an admin can end that there."
            )
        if other and other.id not in (bridge.dev, bridge.ops):
            raise UserError(
                f"{hashed(room.name)} is linked with {_other(bridge, side)}, not with {hashed(other.name)}."
            )
        await store.links.end(bridge.link.id, by.name, by.at)
        links = await store.links.standing()
        await store.outbox.notify(_notices(bridge.link, CARD) + _notices(bridge.link, ENDED), by.at)
    ctx.topology = ctx.topology.with_links(links)
    _log.info("channels_unlinked", link=bridge.link.id, by=by.name)
    ctx.wake_outbox()
    return bridge.link


async def room_named(ctx: Context, word: str, by: By) -> Room:
    """Return the channel of this name or id; a name alone is that of a channel where the person is, else at home.

    Raises:
        UserError: the bot sees none.
        PostFailure: Slack does not tell.
    """
    token = word.strip("<>").removeprefix("#").partition("|")
    rooms = await ctx.conversation.rooms()
    for here in dict.fromkeys((workspace_of(by.user_id or ""), HOME)):
        names = [name if workspace_of(name) else joined(here, name) for name in (token[0], token[2]) if name]
        wanted = {token[0], *(folded(hashed(name)) for name in names)}
        found = next((room for room in rooms if wanted & {room.id, folded(hashed(room.name))}), None)
        if found:
            return found
    name = hashed(token[2] or token[0])
    meant = did_you_mean(name, (hashed(room.name) for room in rooms if not room.is_archived))
    raise UserError(
        f"I see no channel “{name[:80]}”.{meant} A private channel I only see once I am in it: "
        "type `/invite @twinspan` there."
    )


async def bridge_of(store: Store, topology: Topology, room: Room) -> tuple[Bridge, Side] | None:
    """Return the bridge that a channel belongs to, and its side: by its id, else by its name if it has no known id."""
    known = await store.channels.ids()
    for bridge in topology.bridges:
        for side in SIDES:
            channel = bridge.channel(side)
            if room.id in (channel, known.get(channel)):
                return bridge, side
            if channel not in known and folded(hashed(channel)) == folded(hashed(room.name)):
                return bridge, side
    return None


async def _refuse(ctx: Context, rooms: Sequence[Room]) -> None:
    for room in rooms:
        if room.is_archived:
            raise UserError(f"{hashed(room.name)} is archived.")
    async with ctx.reading() as store:
        topology = ctx.topology.with_links(await store.links.standing())
        await _refuse_linked(store, topology, rooms)


async def _refuse_linked(store: Store, topology: Topology, rooms: Sequence[Room]) -> None:
    for room in rooms:
        found = await bridge_of(store, topology, room)
        if found:
            bridge, side = found
            how = f"`/bridge unlink {hashed(room.name)}` ends that" if bridge.link else "the configuration says so"
            raise UserError(
                f"{hashed(room.name)} is already linked with {_other(bridge, side)} (bridge {bridge.name}): {how}."
            )


def _other(bridge: Bridge, side: Side) -> str:
    if bridge.link is None:
        return bridge.channel("ops" if side == "dev" else "dev")
    return hashed(bridge.link.ops_name if side == "dev" else bridge.link.dev_name)


def _name(wanted: str, topology: Topology) -> str:
    """Return a name for a bridge that none has: that of its dev channel, with a number where it is taken."""
    names = [wanted, *(f"{wanted}-{number}" for number in range(2, len(topology.bridges) + 3))]
    return next(name for name in names if topology.bridge_named(name) is None)


def _notices(link: Link, part: str) -> list[Notice]:
    sides: tuple[tuple[str, Side], ...] = ((link.dev, "dev"), (link.ops, "ops"))
    return [Notice(subject=f"link:{link.id}", part=part, channel=c, side=s) for c, s in sides]
