"""Finds the words for a row of the outbox, at the moment it is posted: those of its kind's speaker, with its menu."""

from datetime import datetime
from typing import Final, cast

from handlers import speakers as speaker_files
from handlers.mirroring import ASK, NOTE
from handlers.registry import discover
from handlers.routing import LINE, Audience
from handlers.speakers import Row, Speaker
from handlers.speakers.conversation import of_line, of_thread
from handlers.views import Message
from handlers.views.menu import with_menu
from models.store import Store
from models.topology import Topology

_SPEAKERS: Final[dict[str, Speaker]] = {
    kind: speak for family in discover(speaker_files, "SPEAKERS", dict) for kind, speak in family.items()
}


async def render(
    store: Store,
    topology: Topology,
    *,
    subject: str,
    part: str,
    side: str,
    channel: str,
    params: dict[str, str],
    at: datetime,
) -> Message | None:
    """Return the message for one side as it should read at `at`; `None` when there is nothing to say any more."""
    kind, _, name = subject.partition(":")
    row = Row(
        store=store,
        topology=topology,
        subject=subject,
        name=name,
        part=part,
        side=cast(Audience, side),
        channel=channel,
        params=params,
        at=at,
    )
    if part.startswith(LINE):
        return await of_line(row)
    is_of_thread = part in (NOTE, ASK)
    speaker = of_thread if is_of_thread else _SPEAKERS.get(kind)
    said = await speaker(row) if speaker else None
    # A note has a button for it where it helps; below a question one simply writes.
    asks = not is_of_thread and kind != "question" and any(channel in (b.dev, b.ops) for b in topology.bridges)
    return with_menu(said, asks=asks) if said else None
