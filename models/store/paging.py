"""Escalations and pages."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, update

from models.calls import CallState
from models.paging import Escalation, EscalationState, Page, PageState
from models.store.base import Noun, in_slices, record_fields, table_of, to_record, to_values
from models.tables import CallRow, EscalationRow, OutboxRow, PageRow

_ESCALATIONS = table_of(EscalationRow)
_PAGES = table_of(PageRow)
_OUTBOX = table_of(OutboxRow)
_CALLS = table_of(CallRow)
_COLUMNS = record_fields(Escalation, renamed={})
_PAGE_COLUMNS = {name: column for name, column in record_fields(Page, renamed={}).items() if name != "state"}
_OF_MESSAGE: Final = {"sent": PageState.TOLD, "failed": PageState.FAILED}
_OF_CALL: Final = {
    CallState.DONE: PageState.TOLD,
    CallState.FAILED: PageState.FAILED,
    CallState.WITHDRAWN: PageState.WITHDRAWN,
}


class Paging(Noun):
    """Paging."""

    async def open(self, *, lock: bool = False) -> list[Escalation]:
        """Return the escalations that are not over, the oldest first; locked where wanted."""
        query = select(_ESCALATIONS).where(_ESCALATIONS.c.state != EscalationState.OVER).order_by(_ESCALATIONS.c.id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        return [to_record(Escalation, row, _COLUMNS) for row in rows]

    async def get(self, number: int, *, lock: bool = False) -> Escalation | None:
        """Return an escalation by its number, locked where wanted."""
        query = select(_ESCALATIONS).where(_ESCALATIONS.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Escalation, row, _COLUMNS) if row else None

    async def open_for(self, incident_id: int) -> Escalation | None:
        """Return an incident's escalation that is not over."""
        is_mine = _ESCALATIONS.c.incident_id == incident_id
        query = select(_ESCALATIONS).where(is_mine, _ESCALATIONS.c.state != EscalationState.OVER)
        row = (await self._connection.execute(query)).first()
        return to_record(Escalation, row, _COLUMNS) if row else None

    async def begin(self, escalation: Escalation) -> int | None:
        """Store a new escalation; return its number, `None` where the incident has one that is not over."""
        statement = self._upsert(_ESCALATIONS).values(to_values(escalation, _COLUMNS)).on_conflict_do_nothing()
        return (await self._connection.execute(statement.returning(_ESCALATIONS.c.id))).scalar_one_or_none()

    async def save(self, escalation: Escalation) -> None:
        """Write an escalation back."""
        statement = update(_ESCALATIONS).where(_ESCALATIONS.c.id == escalation.id)
        await self._connection.execute(statement.values(to_values(escalation, _COLUMNS)))

    async def next_at(self, number: int, at: datetime) -> None:
        """Let an escalation's next step come at an instant."""
        statement = update(_ESCALATIONS).where(_ESCALATIONS.c.id == number)
        await self._connection.execute(statement.values(next_at=at))

    async def add_pages(self, pages: Iterable[Page]) -> None:
        """Write down whom a step told, and how."""
        rows = [{name: getattr(page, name) for name in _PAGE_COLUMNS} for page in pages]
        if rows:
            await self._connection.execute(self._upsert(_PAGES), rows)

    async def page_with(self, ref: str) -> Page | None:
        """Return the page that a message or a call carries; locked."""
        row = (await self._connection.execute(select(_PAGES).where(_PAGES.c.ref == ref).with_for_update())).first()
        return Page(**{name: row._mapping[name] for name in _PAGE_COLUMNS}) if row else None

    async def answer(self, ref: str, answer: str, by: str, at: datetime) -> None:
        """Write down what was said to a page."""
        statement = update(_PAGES).where(_PAGES.c.ref == ref)
        await self._connection.execute(statement.values(answer=answer, answered_by=by, answered_at=at))

    async def sent(self, incident_ids: Collection[int], since: datetime) -> list[datetime]:
        """Return when anybody was paged for these incidents since an instant; who could not be told is left out."""
        c = _PAGES.c
        found: list[datetime] = []
        for part in in_slices(incident_ids):
            query = (
                select(c.at)
                .join(_ESCALATIONS, _ESCALATIONS.c.id == c.escalation_id)
                .where(_ESCALATIONS.c.incident_id.in_(part), c.at >= since, c.via.in_(("slack", "pager")))
            )
            found += (await self._connection.execute(query)).scalars()
        return found

    async def pages(self, escalations: Collection[int]) -> list[Page]:
        """Return the pages of some escalations in order, with what became of them."""
        found: list[Page] = []
        for part in in_slices(escalations):
            query = (
                select(
                    _PAGES,
                    _OUTBOX.c.state.label("message_state"),
                    _OUTBOX.c.reason.label("message_reason"),
                    _CALLS.c.state.label("call_state"),
                    _CALLS.c.reason.label("call_reason"),
                )
                .select_from(
                    _PAGES.outerjoin(_OUTBOX, _OUTBOX.c.key == _PAGES.c.ref).outerjoin(
                        _CALLS, _CALLS.c.key == _PAGES.c.ref
                    )
                )
                .where(_PAGES.c.escalation_id.in_(part))
                .order_by(_PAGES.c.id)
            )
            found += [_page(row) for row in await self._connection.execute(query)]
        return found


def _page(row: Row[Any]) -> Page:
    values = {name: row._mapping[name] for name in _PAGE_COLUMNS}
    match row.via:
        case "slack":
            # What was said long ago is not kept.
            state = _OF_MESSAGE.get(row.message_state or "sent", PageState.WAITING)
            return Page(**(values | {"state": state, "reason": row.message_reason}))
        case "pager":
            return Page(
                **(values | {"state": _OF_CALL.get(row.call_state, PageState.WAITING), "reason": row.call_reason})
            )
        case "itself":
            return Page(**(values | {"state": PageState.TOLD}))
        case _:
            return Page(**(values | {"state": PageState.FAILED}))
