"""What becomes of an offer of command that is overtaken: somebody has it by another way, or the incident is over."""

from datetime import datetime

from handlers.routing import CARD, CRITICAL, Notice
from models.store import Store


async def settle_offer(store: Store, incident_id: int, user_id: str | None, at: datetime) -> list[Notice]:
    """End the open offer of a command: taken by whom it was made to, else withdrawn; its message says so."""
    offer = await store.oncall.open_offer(incident_id)
    if offer is None:
        return []
    await store.oncall.answer_offer(offer.id, "accepted" if offer.taker_id == user_id else "withdrawn", at)
    subject = f"offer:{offer.id}"
    return [Notice(subject=subject, part=CARD, channel=offer.taker_id, side="ops", priority=CRITICAL)]
