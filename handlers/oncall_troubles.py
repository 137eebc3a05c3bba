"""Finds what is wrong with the coming weeks of a schedule, before it is: gaps, and people in two places at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from handlers.context import Context
from handlers.oncall import everybody, person_of, rota
from handlers.routing import CARD, LOUD, Notice
from handlers.views.times import in_utc
from models.oncall import OnCallSchedule, double_bookings, gaps, meant_to_be_covered
from models.store import Store
from models.troubles import Trouble, compared, told

AHEAD: Final = timedelta(days=14)
NEW: Final = f"{LOUD}new:"
OVER: Final = "over:"


async def troubles_of(store: Store, schedule: OnCallSchedule, at: datetime) -> list[Trouble]:
    """Return what is wrong with a schedule by itself in the next two weeks."""
    copy = await store.oncall.copy(schedule.name)
    if not schedule.layers and copy is None:
        return [Trouble(key="calendar", words="its calendar could not be read yet")]
    ahead = await rota(store, schedule, at, at + AHEAD)
    is_whole = meant_to_be_covered(schedule) or not schedule.layers
    found = [_gap(a, b, at) for a, b in (gaps(ahead, at, at + AHEAD) if is_whole else [])]
    if copy and copy.error:
        good = f"the copy of {in_utc(copy.good_at)} is used" if copy.good_at else "there is no copy yet"
        found.append(Trouble(key="calendar", words=f"its calendar could not be read ({copy.error}); {good}"))
    return found


async def tell_troubles(ctx: Context, at: datetime) -> None:
    """Tell each schedule's ops channel, else the admins, what is wrong ahead.

    One message holds all of it and is edited as it changes. What is new is said in the channel itself, so that it
    notifies; what is over, in the message's thread.
    """
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        ahead = {s.name: await rota(store, s, at, at + AHEAD) for s in ctx.topology.schedules}
        doubled = double_bookings(ahead)
        for schedule in ctx.topology.schedules:
            found = await troubles_of(store, schedule, at)
            wanted = dict.fromkeys([*schedule.members, *(shift.person for shift in ahead[schedule.name])])
            strangers = [m for m in wanted if people and person_of(m, people) is None]
            found += [Trouble(key=f"stranger:{m}"[:255], words=f"{m} is nobody in Slack") for m in strangers]
            found += [
                _double(person, other if one == schedule.name else one, a, b, at)
                for person, one, other, a, b in doubled
                if schedule.name in (one, other)
            ]
            await _tell(store, ctx, schedule, found, at)
    ctx.wake_outbox()


async def _tell(store: Store, ctx: Context, schedule: OnCallSchedule, found: list[Trouble], at: datetime) -> None:
    """Say what is new and what is over; what was said before stays as it was."""
    known = await store.oncall.troubles(schedule.name)
    new, over = compared(known, found, at)
    await store.oncall.save_troubles(schedule.name, told(known, found))
    bridge = ctx.topology.bridge_named(schedule.bridge) if schedule.bridge else None
    channel = bridge.ops if bridge else ctx.topology.admin_channel
    if channel is None or not (known or found) or ([t.words for t in known] == [t.words for t in found]):
        return
    subject = f"oncall:{schedule.name}"
    notices = [_notice(subject, CARD, channel, found)]
    has_card = await store.messages.card(subject, channel) is not None
    # The first message notifies by itself.
    notices += [_notice(subject, _part(NEW, new, at), channel, new)] if new and has_card else []
    notices += [_notice(subject, _part(OVER, over, at), channel, over)] if over else []
    await store.outbox.notify(notices, at)


def _notice(subject: str, part: str, channel: str, troubles: Sequence[Trouble]) -> Notice:
    words = "\n".join(one.words for one in troubles)[:3_000]
    return Notice(subject=subject, part=part, channel=channel, side="ops", params={"words": words})


def _part(kind: str, troubles: Sequence[Trouble], at: datetime) -> str:
    """Return a name that two processes give to the same news, and another day's news has not."""
    words = "\n".join(f"{one.key}{one.start}{one.end}" for one in troubles)
    return kind + sha256(f"{words}{at.date()}".encode()).hexdigest()[:16]


def _gap(start: datetime, end: datetime, at: datetime) -> Trouble:
    return _in_time("gap", f"nobody {_span_in_words(start, end, at)}", start, end, at)


def _double(person: str, elsewhere: str, start: datetime, end: datetime, at: datetime) -> Trouble:
    words = f"{person} is in {elsewhere} too {_span_in_words(start, end, at)}"
    return _in_time(f"double:{person}:{elsewhere}"[:255], words, start, end, at)


def _in_time(key: str, words: str, start: datetime, end: datetime, at: datetime) -> Trouble:
    return Trouble(key=key, words=words, start=start, end=None if end >= at + AHEAD else end)


def _span_in_words(start: datetime, end: datetime, at: datetime) -> str:
    """Say from when until when, in words that stay the same while the hours pass: what they say is said once."""
    begins = "now" if start <= at else f"from {in_utc(start)}"
    return f"{begins} on" if end >= at + AHEAD else f"{begins} until {in_utc(end)}"
