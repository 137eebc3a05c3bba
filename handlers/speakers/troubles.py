"""What is said to those who look after the bot: what it could not do, whom it does not know, who is silent."""

from datetime import datetime
from typing import Final

from handlers.silences import BACK
from handlers.speakers import Row, Speakers
from handlers.views import Message, calls, failures
from handlers.views.failures import ChannelTrouble, UnknownName


async def _channel(row: Row) -> Message | None:
    queue = next((q for q in await row.store.outbox.queues() if q.channel == row.name), None)
    if queue is None:
        return None
    return failures.channel(
        ChannelTrouble(
            channel=queue.channel,
            failed=queue.failed,
            waiting=queue.waiting,
            oldest_at=queue.oldest_at,
            reason=queue.failed_reason,
        )
    )


async def _held(row: Row) -> Message | None:
    names = await row.store.names.held()
    return failures.unknown_names(
        [UnknownName(kind=n.kind, name=n.name, service=n.service, deliveries=n.deliveries) for n in names]
    )


async def _source(row: Row) -> Message | None:
    last, missed, usual = (row.params.get(name, "") for name in ("last", "missed", "usual"))
    heard = datetime.fromisoformat(last) if last else None
    if heard is None:
        return None
    if row.part.startswith(BACK):
        return failures.back(row.name, heard, datetime.fromisoformat(missed) if missed else None)
    return failures.silent(row.name, heard, float(usual) if usual else None)


async def _usergroup(row: Row) -> Message | None:
    return failures.notice(row.params.get("words", ""))


async def _call(row: Row) -> Message | None:
    return calls.trouble(row.name, row.params)


SPEAKERS: Final[Speakers] = {
    "channel": _channel,
    "held": _held,
    "source": _source,
    "usergroup": _usergroup,
    "rooms": _usergroup,
    "call": _call,
}
