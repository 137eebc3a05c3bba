"""Digests of one's own: what a person asks for in one line, and sending what is due by direct message."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from handlers.context import Context
from handlers.digest_runs import LatestSlot, post_to
from handlers.errors import UserError
from handlers.suggest import did_you_mean, zone_meant
from models.periods import Length, latest_completed
from models.store.digests import PERSONAL
from models.store.subscriptions import Subscription
from models.topology import Bridge, DigestPlan, Topology
from models.words import Side

_PERIODS: Final[dict[str, Length]] = {"daily": "day", "weekly": "week", "monthly": "month"}
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for; `None` where nothing was said."""

    bridge: Bridge | None = None
    period: Length | None = None
    weekday: str = "mon"
    clock: tuple[int, int] = (9, 0)
    timezone: str | None = None


def parse(words: list[str], topology: Topology) -> Wish:
    """Read `[bridge] [daily|weekly|monthly] [mon…sun] [HH:MM] [zone]`, in any order.

    Raises:
        UserError: a word is none of these, or says another thing than one before it.
    """
    said: dict[str, tuple[str, Any]] = {}
    for word in words:
        for name, value in _meaning(word, topology).items():
            before, known = said.setdefault(name, (word, value))
            if known != value:
                raise UserError(f"Only one of “{before[:60]}” and “{word[:60]}” is possible at a time.")
    return Wish(**{name: value for name, (_, value) in said.items()})


def _meaning(word: str, topology: Topology) -> dict[str, Any]:
    """Return what a word says of a wish; a day of the week means a weekly one."""
    folded = word.casefold()
    if folded in _PERIODS:
        return {"period": _PERIODS[folded]}
    if folded[:3] in _WEEKDAYS and folded in _day_names():
        return {"period": "week", "weekday": folded[:3]}
    if clock := _CLOCK.fullmatch(folded):
        return {"clock": (int(clock[1]), int(clock[2]))}
    if bridge := topology.bridge_named(word):
        return {"bridge": bridge}
    if zone := _zones().get(folded):
        return {"timezone": zone}
    if folded in ("at", "by", "every", "in"):
        return {}
    if word[0].isdigit():
        raise UserError(f"“{word[:60]}” is no time. Write it like `8:30`, from `0:00` to `23:59`.")
    problem = f"“{word[:60]}” is no bridge, period, day, time or time zone."
    if "/" in word:
        raise UserError(f"{problem} {zone_meant(word, '`{}`')}")
    known = [*_PERIODS, *(bridge.name for bridge in topology.bridges)]
    raise UserError(problem + did_you_mean(word, known, "`{}`", aliases=sorted(_day_names())))


def _day_names() -> set[str]:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return {*_WEEKDAYS, *full}


def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def cron_of(wish: Wish) -> str:
    """Return the five fields of a wish: every day, every week on its day, or on the first of every month."""
    hour, minute = wish.clock
    days = {"day": "* * *", "week": f"* * {wish.weekday}", "month": "1 * *"}[wish.period or "day"]
    return f"{minute} {hour} {days}"


async def subscribe(
    ctx: Context, wish: Wish, *, user_id: str, bridge: Bridge, side: Side, timezone: str, at: datetime
) -> Subscription:
    """Keep what a person wants; it replaces what they had of the same bridge and period."""
    subscription = Subscription(
        user_id=user_id,
        bridge=bridge.name,
        side=side,
        period=wish.period or "day",
        cron=cron_of(wish),
        timezone=timezone,
        since=at,
    )
    async with ctx.transaction() as store:
        await store.subscriptions.save(subscription)
    return subscription


async def unsubscribe(ctx: Context, user_id: str, bridge: str | None, period: Length | None) -> list[Subscription]:
    """End a person's subscriptions, of one bridge or period where given; return those that ended."""
    async with ctx.transaction() as store:
        ended = [
            s
            for s in await store.subscriptions.all(user_id)
            if bridge in (None, s.bridge) and period in (None, s.period)
        ]
        await store.subscriptions.remove(user_id, [s.id for s in ended])
    return ended


async def send_due(ctx: Context, latest_slot: LatestSlot, at: datetime) -> int:
    """Send everybody the latest digest of their own that is due and was not sent; return how many were."""
    async with ctx.reading() as store:
        wanted = await store.subscriptions.all()
    sent = 0
    for subscription in wanted:
        bridge = ctx.topology.bridge_named(subscription.bridge)
        slot = latest_slot(plan_of(subscription), at) if bridge else None
        if bridge is None or slot is None or slot <= subscription.since:
            continue
        window = latest_completed(slot, subscription.period, subscription.timezone)
        to = [(subscription.user_id, subscription.side)]
        sent += await post_to(ctx, to, plan_of(subscription).name, bridge, window, at) is not None
    return sent


def plan_of(subscription: Subscription) -> DigestPlan:
    """Return a subscription as a plan of its own."""
    return DigestPlan(
        name=f"{PERSONAL}{subscription.user_id}:{subscription.period}",
        bridges=(subscription.bridge,),
        cron=subscription.cron,
        timezone=subscription.timezone,
        period=subscription.period,
    )


def in_words(subscription: Subscription) -> str:
    """Return what a person gets, and when: `payments, every day at 09:00 Europe/Berlin`."""
    minute, hour, *_, weekday = subscription.cron.split()
    every = {"day": "every day", "week": f"every {weekday.title()}", "month": "on the 1st of every month"}
    clock = f"{int(hour):02}:{int(minute):02}"
    return f"{subscription.bridge}, {every[subscription.period]} at {clock} {subscription.timezone}"


def zone_or(name: str | None, otherwise: str) -> str:
    """Return an IANA zone's name if it is one, else another."""
    try:
        return ZoneInfo(name).key if name else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise
