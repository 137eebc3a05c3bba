"""Finds what is wrong with the coming weeks of a schedule, before it is: gaps, and people in two places at once."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from handlers.context import Context
from handlers.oncall import everybody, person_of, rota
from handlers.routing import CARD, Notice
from handlers.views.times import in_utc
from models.oncall import OnCallSchedule, double_bookings, gaps, meant_to_be_covered
from models.store import Store

AHEAD: Final = timedelta(days=14)


async def troubles_of(store: Store, schedule: OnCallSchedule, at: datetime) -> list[str]:
    """Return what is wrong with a schedule in the next two weeks, in words."""
    if not schedule.layers and await store.oncall.copy(schedule.name) is None:
        return ["its calendar could not be read yet"]
    ahead = await rota(store, schedule, at, at + AHEAD)
    is_whole = meant_to_be_covered(schedule) or not schedule.layers
    empty = gaps(ahead, at, at + AHEAD) if is_whole else []
    found = [_gap_in_words(a, b, at) for a, b in empty]
    copy = await store.oncall.copy(schedule.name)
    if copy and copy.error:
        good = f"the copy of {in_utc(copy.good_at)} is used" if copy.good_at else "there is no copy yet"
        found.append(f"its calendar could not be read ({copy.error}); {good}")
    return found


async def tell_troubles(ctx: Context, at: datetime) -> None:
    """Tell each schedule's ops channel, else the admins, what is wrong ahead: one message, edited as that changes."""
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        ahead = {s.name: await rota(store, s, at, at + AHEAD) for s in ctx.topology.schedules}
        doubled = double_bookings(ahead)
        for schedule in ctx.topology.schedules:
            found = await troubles_of(store, schedule, at)
            wanted = dict.fromkeys([*schedule.members, *(shift.person for shift in ahead[schedule.name])])
            found += [f"{m} is nobody in Slack" for m in wanted if people and person_of(m, people) is None]
            found += [
                f"{person} is in {other if one == schedule.name else one} too {_span_in_words(a, b, at)}"
                for person, one, other, a, b in doubled
                if schedule.name in (one, other)
            ]
            await _tell(store, ctx, schedule, "\n".join(found)[:3_000], at)
    ctx.wake_outbox()


async def _tell(store: Store, ctx: Context, schedule: OnCallSchedule, words: str, at: datetime) -> None:
    """Say it when it is new; what was said before stays as it was."""
    bridge = ctx.topology.bridge_named(schedule.bridge) if schedule.bridge else None
    channel = bridge.ops if bridge else ctx.topology.admin_channel
    key = sha256(f"{schedule.name}:{words}".encode()).hexdigest()
    if not words or channel is None or not await store.seen.first_time("oncall-trouble", key, at):
        return
    notice = Notice(subject=f"oncall:{schedule.name}", part=CARD, channel=channel, side="ops", params={"words": words})
    await store.outbox.notify([notice], at)


def _gap_in_words(start: datetime, end: datetime, at: datetime) -> str:
    return f"nobody {_span_in_words(start, end, at)}"


def _span_in_words(start: datetime, end: datetime, at: datetime) -> str:
    """Say from when until when, in words that stay the same while the hours pass: what they say is said once."""
    begins = "now" if start <= at else f"from {in_utc(start)}"
    return f"{begins} on" if end >= at + AHEAD else f"{begins} until {in_utc(end)}"
