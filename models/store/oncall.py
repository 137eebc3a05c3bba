"""On-call: overrides, copied calendars, shift handoffs, offers of command."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from models.handoffs import Handoff, HandoffState, Offer
from models.oncall import Override, Shift
from models.store.base import Noun, record_fields, table_of, to_record, to_values
from models.tables import CalendarRow, HandoffRow, OfferRow, OverrideRow, TroubleRow
from models.troubles import Trouble

_OVERRIDES = table_of(OverrideRow)
_CALENDARS = table_of(CalendarRow)
_HANDOFFS = table_of(HandoffRow)
_OFFERS = table_of(OfferRow)
_TROUBLES = table_of(TroubleRow)
_TROUBLE_COLUMNS = record_fields(Trouble, renamed={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The last good copy of a calendar kept elsewhere. `error` is why it could not be read the last time, if so."""

    schedule: str
    shifts: tuple[Shift, ...] = ()
    etag: str | None = None
    good_at: datetime | None = None
    tried_at: datetime
    error: str | None = None


_OVERRIDE_COLUMNS = record_fields(Override, renamed={})
_COPY_COLUMNS = record_fields(Copy, renamed={})
_HANDOFF_COLUMNS = record_fields(Handoff, renamed={})
_OFFER_COLUMNS = record_fields(Offer, renamed={})


class OnCall(Noun):
    """On-call."""

    async def overrides(self, schedule: str, start: datetime, end: datetime) -> list[Override]:
        """Return the overrides of a schedule that touch `[start, end)` and stand, the oldest first."""
        c = _OVERRIDES.c
        query = select(_OVERRIDES).where(c.schedule == schedule, c.end > start, c.start < end, c.cancelled_at.is_(None))
        rows = await self._connection.execute(query.order_by(c.made_at, c.id))
        return [to_record(Override, row, _OVERRIDE_COLUMNS) for row in rows]

    async def override(self, number: int) -> Override | None:
        """Return an override by its number, locked."""
        query = select(_OVERRIDES).where(_OVERRIDES.c.id == number).with_for_update()
        row = (await self._connection.execute(query)).first()
        return to_record(Override, row, _OVERRIDE_COLUMNS) if row else None

    async def add_override(self, override: Override) -> int:
        """Store an override; return its number."""
        statement = self._upsert(_OVERRIDES).values(to_values(override, _OVERRIDE_COLUMNS))
        return int((await self._connection.execute(statement.returning(_OVERRIDES.c.id))).scalar_one())

    async def cancel_override(self, number: int, at: datetime) -> None:
        """Let an override stand no longer."""
        statement = update(_OVERRIDES).where(_OVERRIDES.c.id == number)
        await self._connection.execute(statement.values(cancelled_at=at))

    async def copy(self, schedule: str) -> Copy | None:
        """Return the copy of a schedule's calendar."""
        row = (await self._connection.execute(select(_CALENDARS).where(_CALENDARS.c.schedule == schedule))).first()
        return _copy(row) if row else None

    async def save_copy(self, copy: Copy) -> None:
        """Write the copy of a calendar."""
        shifts = [[s.person, s.start.isoformat(), s.end.isoformat(), s.why] for s in copy.shifts]
        values = {name: getattr(copy, name) for name in _COPY_COLUMNS} | {"shifts": shifts}
        rest = {name: value for name, value in values.items() if name != "schedule"}
        statement = self._upsert(_CALENDARS).values(values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["schedule"], set_=rest))

    async def handoff(self, number: int, *, lock: bool = False) -> Handoff | None:
        """Return a handoff by its number, locked where wanted."""
        query = select(_HANDOFFS).where(_HANDOFFS.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Handoff, row, _HANDOFF_COLUMNS) if row else None

    async def latest_handoffs(self, schedule: str, until: datetime, limit: int = 1) -> list[Handoff]:
        """Return the handoffs of a schedule at or before an instant, the latest first; none that is void."""
        c = _HANDOFFS.c
        query = select(_HANDOFFS).where(c.schedule == schedule, c.boundary <= until, c.state != HandoffState.VOID)
        rows = await self._connection.execute(query.order_by(c.boundary.desc()).limit(limit))
        return [to_record(Handoff, row, _HANDOFF_COLUMNS) for row in rows]

    async def open_handoffs(self, schedule: str | None = None, *, lock: bool = False) -> list[Handoff]:
        """Return the handoffs that are drafted or waiting, the earliest boundary first; locked where wanted."""
        query = select(_HANDOFFS).where(_HANDOFFS.c.state.in_([HandoffState.DRAFTED, HandoffState.WAITING]))
        if schedule is not None:
            query = query.where(_HANDOFFS.c.schedule == schedule)
        query = query.order_by(_HANDOFFS.c.boundary)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        return [to_record(Handoff, row, _HANDOFF_COLUMNS) for row in rows]

    async def recently_accepted(self, schedules: Sequence[str], limit: int) -> list[Handoff]:
        """Return the last accepted handoffs of some schedules, the latest first."""
        c = _HANDOFFS.c
        query = select(_HANDOFFS).where(c.schedule.in_(list(schedules)), c.state == HandoffState.ACCEPTED)
        rows = await self._connection.execute(query.order_by(c.accepted_at.desc()).limit(limit))
        return [to_record(Handoff, row, _HANDOFF_COLUMNS) for row in rows]

    async def add_handoff(self, handoff: Handoff) -> int | None:
        """Store a handoff; return its number, `None` where its boundary has one already."""
        statement = self._upsert(_HANDOFFS).values(to_values(handoff, _HANDOFF_COLUMNS)).on_conflict_do_nothing()
        return (await self._connection.execute(statement.returning(_HANDOFFS.c.id))).scalar_one_or_none()

    async def save_handoff(self, handoff: Handoff) -> None:
        """Write a handoff back."""
        statement = update(_HANDOFFS).where(_HANDOFFS.c.id == handoff.id)
        await self._connection.execute(statement.values(to_values(handoff, _HANDOFF_COLUMNS)))

    async def handoffs_between(self, schedules: Sequence[str], start: datetime, end: datetime) -> list[Handoff]:
        """Return the handoffs of some schedules whose boundary lies in `[start, end)`; none that is void."""
        c = _HANDOFFS.c
        query = select(_HANDOFFS).where(c.schedule.in_(list(schedules)), c.boundary >= start, c.boundary < end)
        rows = await self._connection.execute(query.where(c.state != HandoffState.VOID).order_by(c.boundary))
        return [to_record(Handoff, row, _HANDOFF_COLUMNS) for row in rows]

    async def offer(self, number: int, *, lock: bool = False) -> Offer | None:
        """Return an offer by its number, locked where wanted."""
        query = select(_OFFERS).where(_OFFERS.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return to_record(Offer, row, _OFFER_COLUMNS) if row else None

    async def open_offer(self, incident_id: int) -> Offer | None:
        """Return the offer of an incident's command that is not answered."""
        c = _OFFERS.c
        query = select(_OFFERS).where(c.incident_id == incident_id, c.state == "open").order_by(c.id.desc()).limit(1)
        row = (await self._connection.execute(query)).first()
        return to_record(Offer, row, _OFFER_COLUMNS) if row else None

    async def offers_to(self, user_id: str) -> list[Offer]:
        """Return the offers that wait for a person's answer."""
        c = _OFFERS.c
        query = select(_OFFERS).where(c.taker_id == user_id, c.state == "open").order_by(c.id)
        return [to_record(Offer, row, _OFFER_COLUMNS) for row in await self._connection.execute(query)]

    async def add_offer(self, offer: Offer) -> int:
        """Store an offer; an earlier one that is open is withdrawn. Returns its number."""
        earlier = (_OFFERS.c.incident_id == offer.incident_id) & (_OFFERS.c.state == "open")
        values = {"state": "withdrawn", "answered_at": offer.offered_at}
        await self._connection.execute(update(_OFFERS).where(earlier).values(values))
        statement = self._upsert(_OFFERS).values(to_values(offer, _OFFER_COLUMNS)).returning(_OFFERS.c.id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def answer_offer(self, number: int, state: str, at: datetime) -> None:
        """Write what became of an offer."""
        statement = update(_OFFERS).where(_OFFERS.c.id == number)
        await self._connection.execute(statement.values(state=state, answered_at=at))

    async def troubles(self, schedule: str) -> list[Trouble]:
        """Return what is known to be wrong with a schedule ahead, in order; locked."""
        query = select(_TROUBLES).where(_TROUBLES.c.schedule == schedule).order_by(_TROUBLES.c.id)
        await self._connection.execute(query.with_for_update())
        # Who waited for that lock sees rows that are gone by now, and not those in their place: look again.
        rows = await self._connection.execute(query)
        return [to_record(Trouble, row, _TROUBLE_COLUMNS) for row in rows]

    async def save_troubles(self, schedule: str, troubles: Sequence[Trouble]) -> None:
        """Write down what is known to be wrong with a schedule ahead, in the place of what was."""
        await self._connection.execute(delete(_TROUBLES).where(_TROUBLES.c.schedule == schedule))
        for one in troubles:
            values = to_values(one, _TROUBLE_COLUMNS) | {"schedule": schedule}
            await self._connection.execute(self._upsert(_TROUBLES).values(values))


def _copy(row: Row[Any]) -> Copy:
    values = {name: row._mapping[name] for name in _COPY_COLUMNS}
    shifts = tuple(
        Shift(person=p, start=datetime.fromisoformat(a), end=datetime.fromisoformat(b), why=why)
        for p, a, b, why in values["shifts"]
    )
    return Copy(**(values | {"shifts": shifts}))
