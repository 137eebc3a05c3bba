"""Where a subject was or will be said: what was never said in a channel is not said there later."""

from typing import cast

from handlers.routing import CARD, Audience
from models.store import Store


async def card_channels(store: Store, subject: str) -> dict[str, Audience]:
    """Return the channels that have, or will have, a subject's card, each with its side."""
    channels = await store.outbox.channels_of(subject, CARD)
    channels |= {m.channel: m.side for m in await store.messages.of_subject(subject) if m.part == CARD}
    return {channel: cast(Audience, side) for channel, side in channels.items()}
