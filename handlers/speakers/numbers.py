"""What is said of digests."""

from collections.abc import Iterable
from typing import Final

from handlers.speakers import Row, Speakers
from handlers.views import Message, digests


async def _digest(row: Row) -> Message | None:
    snapshot = await row.store.digests.get(int(row.name))
    if snapshot is None:
        return None
    links = await _links(row, digests.subjects(snapshot))
    return digests.digest(snapshot, row.side, by=row.params.get("by"), links=links)


async def _links(row: Row, subjects: Iterable[str]) -> dict[str, str]:
    """Return where this channel's messages about some subjects are."""
    cards = {subject: await row.store.messages.card(subject, row.channel) for subject in subjects}
    return {subject: card.permalink for subject, card in cards.items() if card and card.permalink}


SPEAKERS: Final[Speakers] = {
    "digest": _digest,
}
