"""What became of what was to be said, by channel: what `/bridge delivery` shows, opens and tries again."""

from handlers.context import Context
from handlers.errors import UserError
from handlers.views.delivery_ledger import FAILED, WAITING, Item
from models.store import Store
from models.store.outbox import ChannelQueue, OutboxItem
from models.topology import Topology

_MOST: int = 20


async def lanes(store: Store, topology: Topology, channel: str | None) -> list[ChannelQueue]:
    """Return the state of one channel, or of every channel: those that were never posted to stand at the end."""
    known = {queue.channel: queue for queue in await store.outbox.queues()}
    wanted = [channel] if channel else [*known, *(c for c in topology.channels if c not in known)]
    return [known.get(name) or _empty(name) for name in wanted]


async def items(ctx: Context, kind: str, channel: str) -> list[Item]:
    """Return what waits in a channel (the oldest first), or what it refused (the newest first).

    Raises:
        UserError: it is neither of the two.
    """
    async with ctx.reading() as store:
        if kind == FAILED:
            return [_item(one) for one in await store.outbox.failures(_MOST, channel)]
        if kind == WAITING:
            return [_item(one) for one in await store.outbox.waiting(_MOST, channel)]
    raise UserError("That button is of another version; `/bridge delivery` shows the channels.")


def _item(one: OutboxItem) -> Item:
    return Item(subject=one.subject, part=one.part, since=one.created_at, attempts=one.attempts, reason=one.reason)


def _empty(channel: str) -> ChannelQueue:
    return ChannelQueue(
        channel=channel,
        waiting=0,
        oldest_at=None,
        failed=0,
        failed_reason=None,
        last_sent_at=None,
        paused_until=None,
        pause_reason=None,
    )
