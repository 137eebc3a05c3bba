"""What people do about digests: subscribe, pause, resume, see what is arranged, ask why a number is what it is."""

from dataclasses import replace
from datetime import datetime

from handlers import subscriptions
from handlers.commands import Invocation
from handlers.context import Context
from handlers.errors import UserError
from handlers.metric_rows import explain, shown_of
from handlers.suggest import did_you_mean
from handlers.views import Modal, metric_how
from handlers.views.asked import Asked
from handlers.views.metric_rows import NAMES
from handlers.views.text import code, escape, plural
from handlers.views.times import moment
from models.store.digests import Snapshot
from models.store.subscriptions import Pause
from models.topology import Bridge
from models.words import Side


async def subscribe(
    ctx: Context, invocation: Invocation, words: list[str], bridge: Bridge, side: Side, timezone: str
) -> str:
    """Send the person who asks a digest of their own, on their own schedule, from now on."""
    wish = subscriptions.parse(words, ctx.topology)
    theirs = wish.timezone or subscriptions.zone_or(await ctx.messenger.user_timezone(invocation.user_id), timezone)
    made = await subscriptions.subscribe(
        ctx,
        wish,
        user_id=invocation.user_id,
        bridge=wish.bridge or bridge,
        side=side,
        timezone=theirs,
        at=invocation.at,
    )
    return (
        f"You get a digest of your own: {escape(subscriptions.in_words(made))}, by direct message, in the words of "
        f"{side}. {code('/digest unsubscribe')} ends it, {code('/digest status')} shows it."
    )


async def unsubscribe(ctx: Context, invocation: Invocation, words: list[str]) -> str:
    """End a person's own digests: all of them, or those of a bridge or a period."""
    wish = subscriptions.parse(words, ctx.topology)
    ended = await subscriptions.unsubscribe(
        ctx, invocation.user_id, wish.bridge.name if wish.bridge else None, wish.period
    )
    if not ended:
        return f"You had no such digest. {code('/digest status')} shows what you have."
    return f"Ended: {'; '.join(escape(subscriptions.in_words(s)) for s in ended)}."


async def pause(ctx: Context, invocation: Invocation, words: list[str]) -> str:
    """Hold back a scheduled digest from both channels until somebody resumes it."""
    plan = _plan(ctx, words)
    async with ctx.transaction() as store:
        is_new = await store.subscriptions.pause(
            Pause(plan=plan, paused_by=invocation.user_name, paused_at=invocation.at)
        )
        known = (await store.subscriptions.pauses())[plan]
    if not is_new:
        return f"{code(plan)} is paused already, by {escape(known.paused_by)} since {moment(known.paused_at)}."
    return f"{code(plan)} is paused for everybody. {code(f'/digest resume {plan}')} lets it go on."


async def resume(ctx: Context, words: list[str]) -> str:
    """Let a scheduled digest go on; the latest one that was missed is posted."""
    plan = _plan(ctx, words)
    async with ctx.transaction() as store:
        was_paused = await store.subscriptions.resume(plan)
    if not was_paused:
        return f"{code(plan)} was not paused."
    return f"{code(plan)} goes on. If one was missed, the latest is posted within minutes."


async def why(ctx: Context, number: str, told: Snapshot, channel_id: str, at: datetime) -> Modal:
    """Explain a number of a digest with that period's own values."""
    asked = Asked(
        scope=told.bridge,
        length=str(told.numbers["length"]),
        first=str(told.numbers["first"]),
        timezone=told.timezone,
        number=number,
        channel=channel_id,
    )
    explained = await ctx.aside(lambda store: explain(store, ctx.topology, asked, at))
    was = metric_how.Told(
        shown=shown_of(told.numbers["now"], number),
        snapshot=told.id,
        at=told.computed_at,
        still_ran=bool(told.numbers["is_running"]),
    )
    return metric_how.modal(replace(explained, told=was))


async def latest_own(ctx: Context, user_id: str, bridge: Bridge | None) -> Snapshot | None:
    """Return the digest that a person was sent last, of a bridge or of any."""
    async with ctx.reading() as store:
        return await store.digests.latest_own(user_id, bridge.name if bridge else None)


async def latest(ctx: Context, bridge: Bridge) -> Snapshot:
    """Return the digest that was posted last to both channels.

    Raises:
        UserError: none was.
    """
    async with ctx.reading() as store:
        snapshot = await store.digests.latest(bridge.name)
    if snapshot is None:
        raise UserError(f"No digest of {bridge.name} was posted yet. `/metrics {bridge.name}` shows its numbers.")
    return snapshot


def number_meant(words: list[str]) -> str:
    """Return the key of the number that is meant, by its key or by the name people see.

    Raises:
        UserError: it is none, or several.
    """
    said = " ".join(words).casefold()
    names = {key: name.casefold() for key, name in NAMES.items()}
    found = [key for key, name in names.items() if said in (key, name)]
    found = found or [key for key, name in names.items() if said and name.startswith(said)]
    if len(found) == 1:
        return found[0]
    example = "`/digest why change fail rate`"
    if not said:
        raise UserError(f"Which number? {example}. I know {', '.join(names.values())}.")
    raise UserError(f"“{said[:60]}” is no number of a digest." + did_you_mean(said, names.values(), "`{}`"))


async def status(ctx: Context, invocation: Invocation) -> str:
    """Tell which digests are scheduled, which are paused, and which are the person's own."""
    async with ctx.reading() as store:
        pauses = await store.subscriptions.pauses()
        own = await store.subscriptions.all(invocation.user_id)
    lines = []
    for plan in ctx.topology.digests:
        held = pauses.get(plan.name)
        note = f" · *paused* by {escape(held.paused_by)} since {moment(held.paused_at)}" if held else ""
        bridges = escape(", ".join(plan.bridges))
        lines.append(f"• {code(plan.name)}: {bridges}, by {plan.period}, {code(plan.cron)} {plan.timezone}{note}")
    scheduled = "\n".join(["*Scheduled for both channels*", *lines] if lines else ["No digest is scheduled."])
    mine = [f"• {escape(subscriptions.in_words(s))}" for s in own]
    yours = "\n".join([f"*Your own* ({plural(len(own), 'digest')})", *mine]) if own else _no_own()
    return f"{scheduled}\n{yours}"


def _no_own() -> str:
    return f"You have no digest of your own: {code('/digest subscribe daily 9:00')} sends you one."


def _plan(ctx: Context, words: list[str]) -> str:
    plans = [plan.name for plan in ctx.topology.digests]
    if not plans:
        raise UserError("No digest is scheduled, so there is nothing to pause.")
    if not words and len(plans) == 1:
        return plans[0]
    name = " ".join(words)
    found = next((plan for plan in plans if plan.casefold() == name.casefold()), None)
    if found is None:
        listed = ", ".join(f"`{plan}`" for plan in plans)
        said = f"There is no digest “{name[:60]}”." if name else "Which digest?"
        raise UserError(said + (did_you_mean(name, plans, "`{}`") if name else f" {listed}."))
    return found
