"""What people keep beside incidents: their updates, roles and action items."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update

from models.response import ActionItem, Holder, Response
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.tables import ActionItemRow, ReminderRow, ResponseRow, RoleRow

_RESPONSES = table_of(ResponseRow)
_ROLES = table_of(RoleRow)
_ITEMS = table_of(ActionItemRow)
_REMINDERS = table_of(ReminderRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What was said of one thing that is due, and whether anybody wants to hear of it again."""

    subject: str
    kind: str
    said_at: datetime | None = None
    times: int = 0
    snoozed_until: datetime | None = None
    dismissed_at: datetime | None = None
    by: str | None = None


_COLUMNS = record_fields(Response, renamed={})
_HOLDER_COLUMNS = record_fields(Holder, renamed={})
_ITEM_COLUMNS = record_fields(ActionItem, renamed={})
_REMINDER_COLUMNS = record_fields(Reminder, renamed={})


class Responses(Noun):
    """The responses to incidents."""

    async def get(self, incident_id: int) -> Response:
        """Return what people keep beside an incident; nothing yet is an empty response."""
        return (await self.of([incident_id])).get(incident_id) or Response(incident_id=incident_id)

    async def of(self, ids: Collection[int]) -> dict[int, Response]:
        """Return the responses to these incidents that there are."""
        found: dict[int, Response] = {}
        for part in in_slices(ids):
            rows = await self._connection.execute(select(_RESPONSES).where(_RESPONSES.c.incident_id.in_(part)))
            found.update((row.incident_id, to_record(Response, row, _COLUMNS)) for row in rows)
        return found

    async def save(self, response: Response) -> None:
        """Write a response."""
        values = to_values(response, _COLUMNS)
        rest = {name: value for name, value in values.items() if name != "incident_id"}
        statement = self._upsert(_RESPONSES).values(values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["incident_id"], set_=rest))

    async def with_channel(self, channel_id: str) -> Response | None:
        """Return the response whose own channel this is."""
        row = (await self._connection.execute(select(_RESPONSES).where(_RESPONSES.c.channel_id == channel_id))).first()
        return to_record(Response, row, _COLUMNS) if row else None

    async def channels_in_use(self) -> list[Response]:
        """Return the responses whose own channel is not archived."""
        query = select(_RESPONSES).where(_RESPONSES.c.channel_id.is_not(None), _RESPONSES.c.archived_at.is_(None))
        return [to_record(Response, row, _COLUMNS) for row in await self._connection.execute(query)]

    async def holders(self, ids: Collection[int]) -> list[Holder]:
        """Return who has which role in these incidents now."""
        found: list[Holder] = []
        for part in in_slices(ids):
            query = select(_ROLES).where(_ROLES.c.incident_id.in_(part), _ROLES.c.until.is_(None)).order_by(_ROLES.c.id)
            found += [to_record(Holder, row, _HOLDER_COLUMNS) for row in await self._connection.execute(query)]
        return found

    async def all_holders(self, incident_id: int) -> list[Holder]:
        """Return everybody who has or had a role in an incident, in order."""
        query = select(_ROLES).where(_ROLES.c.incident_id == incident_id).order_by(_ROLES.c.id)
        return [to_record(Holder, row, _HOLDER_COLUMNS) for row in await self._connection.execute(query)]

    async def held_by(self, user_id: str) -> list[Holder]:
        """Return the roles that a person has now."""
        query = select(_ROLES).where(_ROLES.c.user_id == user_id, _ROLES.c.until.is_(None)).order_by(_ROLES.c.id)
        return [to_record(Holder, row, _HOLDER_COLUMNS) for row in await self._connection.execute(query)]

    async def assign(self, holder: Holder) -> None:
        """Give a role to a person; who had it has it until then."""
        await self.vacate(holder.incident_id, holder.role, holder.since)
        await self._connection.execute(self._upsert(_ROLES).values(to_values(holder, _HOLDER_COLUMNS)))

    async def vacate(self, incident_id: int, role: str, at: datetime) -> None:
        """Take a role from who has it."""
        mine = (_ROLES.c.incident_id == incident_id) & (_ROLES.c.role == role) & _ROLES.c.until.is_(None)
        await self._connection.execute(update(_ROLES).where(mine).values(until=at))

    async def add_item(self, item: ActionItem) -> int:
        """Store an action item; return its number."""
        statement = self._upsert(_ITEMS).values(to_values(item, _ITEM_COLUMNS)).returning(_ITEMS.c.id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def item(self, number: int) -> ActionItem | None:
        """Return an action item by its number."""
        query = select(_ITEMS).where(_ITEMS.c.id == number)
        row = (await self._connection.execute(query)).first()
        return to_record(ActionItem, row, _ITEM_COLUMNS) if row else None

    async def save_item(self, item: ActionItem) -> None:
        """Write an action item back."""
        statement = update(_ITEMS).where(_ITEMS.c.id == item.id)
        await self._connection.execute(statement.values(to_values(item, _ITEM_COLUMNS)))

    async def items(
        self,
        *,
        incident_ids: Collection[int] | None = None,
        owner_id: str | None = None,
        due_by: date | None = None,
        only_open: bool = True,
    ) -> list[ActionItem]:
        """Return action items, the earliest due first, those without a date last."""
        query = select(_ITEMS)
        if incident_ids is not None:
            query = query.where(_ITEMS.c.incident_id.in_(list(incident_ids)))
        if owner_id is not None:
            query = query.where(_ITEMS.c.owner_id == owner_id)
        if due_by is not None:
            query = query.where(_ITEMS.c.due_on <= due_by)
        if only_open:
            query = query.where(_ITEMS.c.done_at.is_(None))
        rows = await self._connection.execute(query.order_by(_ITEMS.c.due_on.is_(None), _ITEMS.c.due_on, _ITEMS.c.id))
        return [to_record(ActionItem, row, _ITEM_COLUMNS) for row in rows]

    async def reminders(self) -> dict[tuple[str, str], Reminder]:
        """Return what was said of what is due, by (subject, kind); few, for what is over is forgotten."""
        rows = await self._connection.execute(select(_REMINDERS).with_for_update())
        return {(r.subject, r.kind): to_record(Reminder, r, _REMINDER_COLUMNS) for r in rows}

    async def save_reminder(self, reminder: Reminder) -> None:
        """Write what was said of one thing that is due."""
        values: dict[str, Any] = {name: getattr(reminder, name) for name in _REMINDER_COLUMNS}
        rest = {name: value for name, value in values.items() if name not in ("subject", "kind")}
        statement = self._upsert(_REMINDERS).values(values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["subject", "kind"], set_=rest))

    async def forget_reminder(self, subject: str, kind: str) -> None:
        """Forget what was said: if it is due again, it is said again."""
        mine = (_REMINDERS.c.subject == subject) & (_REMINDERS.c.kind == kind)
        await self._connection.execute(delete(_REMINDERS).where(mine))
