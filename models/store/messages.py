"""What was said, and where."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from models.records import MessageRef
from models.store.base import Noun, in_slices, table_of
from models.tables import MessageRow, OutboxRow

_MESSAGES = table_of(MessageRow)
_OUTBOX = table_of(OutboxRow)


class Messages(Noun):
    """The bot's messages in Slack."""

    async def of_subject(self, subject: str) -> list[MessageRef]:
        """Return every message about one subject, in the order they were posted."""
        rows = await self._connection.execute(
            select(_MESSAGES).where(_MESSAGES.c.subject == subject).order_by(_MESSAGES.c.id)
        )
        return [_message(row) for row in rows]

    async def card(self, subject: str, channel: str) -> MessageRef | None:
        """Return the message of a subject in a channel (as configured) that is edited, and whose thread is used."""
        return await self.part(subject, channel, "card")

    async def links(self, subjects: Collection[str], channel_id: str | None = None) -> dict[str, str]:
        """Return the address of one card of each subject: that in a channel (Slack's id) where there is one."""
        query = (
            select(_MESSAGES)
            .where(_MESSAGES.c.subject.in_(list(subjects)), _MESSAGES.c.part == "card")
            .where(_MESSAGES.c.permalink.is_not(None))
            .order_by(_MESSAGES.c.id)
        )
        cards = [_message(row) for row in await self._connection.execute(query)]
        ordered = sorted(cards, key=lambda card: card.channel_id == channel_id)
        return {card.subject: card.permalink for card in ordered if card.permalink}

    async def told(self, subjects: Collection[str], part: str) -> set[str]:
        """Return those of the subjects of which a part was said in any channel, or is to be."""
        found: set[str] = set()
        for table in (_MESSAGES, _OUTBOX):
            for some in in_slices(subjects):
                query = select(table.c.subject).where(table.c.subject.in_(some), table.c.part == part)
                found.update((await self._connection.execute(query)).scalars())
        return found

    async def part(self, subject: str, channel: str, part: str) -> MessageRef | None:
        """Return one message of a subject in a channel (as configured)."""
        query = select(_MESSAGES).where(
            _MESSAGES.c.subject == subject, _MESSAGES.c.channel == channel, _MESSAGES.c.part == part
        )
        row = (await self._connection.execute(query)).first()
        return _message(row) if row else None

    async def subject_at(self, channel_id: str, ts: str) -> str | None:
        """Return what a message is about, such as `incident:3`."""
        query = select(_MESSAGES.c.subject).where(_MESSAGES.c.channel_id == channel_id, _MESSAGES.c.ts == ts)
        return (await self._connection.execute(query)).scalars().first()

    async def at(self, channel_id: str, ts: str) -> MessageRef | None:
        """Return the message at a place in Slack."""
        query = select(_MESSAGES).where(_MESSAGES.c.channel_id == channel_id, _MESSAGES.c.ts == ts)
        row = (await self._connection.execute(query)).first()
        return _message(row) if row else None

    async def channel_name(self, channel_id: str) -> str | None:
        """Return the configured name of a channel that was posted to."""
        query = select(_MESSAGES.c.channel).where(_MESSAGES.c.channel_id == channel_id).limit(1)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def channel_ids(self, channels: Collection[str]) -> list[str]:
        """Return Slack's ids of channels (as configured) that were posted to."""
        query = select(_MESSAGES.c.channel_id).where(_MESSAGES.c.channel.in_(list(channels))).distinct()
        return sorted(str(found) for found in (await self._connection.execute(query)).scalars())

    async def remember(self, message: MessageRef, at: datetime) -> None:
        """Keep where a message is; a message posted anew replaces the old reference."""
        statement = self._upsert(_MESSAGES).values(
            subject=message.subject,
            part=message.part,
            side=message.side,
            channel=message.channel,
            channel_id=message.channel_id,
            ts=message.ts,
            permalink=message.permalink,
            posted_at=at,
        )
        changed = {name: statement.excluded[name] for name in ("channel_id", "ts", "permalink", "posted_at")}
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["subject", "channel", "part"], set_=changed)
        )


def _message(row: Row[Any]) -> MessageRef:
    return MessageRef(
        subject=row.subject,
        part=row.part,
        side=row.side,
        channel=row.channel,
        channel_id=row.channel_id,
        ts=row.ts,
        permalink=row.permalink,
    )
