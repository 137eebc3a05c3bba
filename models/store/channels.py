"""Channels: what Slack calls them, who is their voice at the moment, and until when they are held back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, or_, select, update

from models.store.base import Noun, table_of
from models.store.prepared import Prepared
from models.tables import ChannelRow

_CHANNELS = table_of(ChannelRow)

# Made once: making a statement takes longer than running it.
_KNOWN = Prepared(select(_CHANNELS.c.name).where(_CHANNELS.c.name.in_(bindparam("names", expanding=True))))


class Channels(Noun):
    """The channels that are spoken in."""

    async def know(self, names: Collection[str]) -> None:
        """Note channels that were never spoken in. Those that are known are only read: a voice may hold their rows."""
        known = {row.name for row in await self._ask(_KNOWN, names=list(names))}
        new = [{"name": name} for name in sorted(set(names) - known)]
        if new:
            await self._connection.execute(self._upsert(_CHANNELS).on_conflict_do_nothing(), new)

    async def ids(self) -> dict[str, str]:
        """Return Slack's ids of the channels that were posted to, by the names that the configuration has for them."""
        query = select(_CHANNELS.c.name, _CHANNELS.c.channel_id).where(_CHANNELS.c.channel_id.is_not(None))
        return {row.name: row.channel_id for row in await self._connection.execute(query)}

    async def id_of(self, channel: str) -> str | None:
        """Return Slack's id of a channel that was posted to: its name may be another one by now."""
        query = select(_CHANNELS.c.channel_id).where(_CHANNELS.c.name == channel)
        found: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        return found

    async def learn(self, channel: str, channel_id: str) -> None:
        """Note which channel a name meant when it was posted to."""
        is_new = (_CHANNELS.c.channel_id.is_(None)) | (_CHANNELS.c.channel_id != channel_id)
        await self._connection.execute(
            update(_CHANNELS).where(_CHANNELS.c.name == channel, is_new).values(channel_id=channel_id)
        )

    async def lease(self, channel: str, holder: str, *, at: datetime, until: datetime) -> bool:
        """Become a channel's voice until an instant; false when another process is."""
        row = {"name": channel, "leased_by": holder, "leased_until": until}
        statement = self._upsert(_CHANNELS).values(row)
        taken = statement.on_conflict_do_update(
            index_elements=["name"], set_={"leased_by": holder, "leased_until": until}, where=is_free(at, holder)
        )
        return (await self._connection.execute(taken.returning(_CHANNELS.c.name))).first() is not None

    async def release(self, channel: str, holder: str) -> None:
        """Stop being a channel's voice."""
        mine = (_CHANNELS.c.name == channel) & (_CHANNELS.c.leased_by == holder)
        await self._connection.execute(update(_CHANNELS).where(mine).values(leased_by=None, leased_until=None))

    async def pause(self, channel: str, until: datetime, reason: str | None = None) -> None:
        """Hold a channel back until an instant; `reason` is shown to people, none means the ordinary pace."""
        statement = update(_CHANNELS).where(_CHANNELS.c.name == channel)
        await self._connection.execute(statement.values(next_at=until, pause_reason=reason))


def is_free(at: datetime, holder: str) -> ColumnElement[bool]:
    """Say whether a channel has no other voice than `holder`."""
    return or_(_CHANNELS.c.leased_until.is_(None), _CHANNELS.c.leased_until <= at, _CHANNELS.c.leased_by == holder)
