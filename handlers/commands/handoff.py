"""`/handoff`: where the handing over of shifts stands; a look at the next, notes for it, and handing over early."""

from typing import Final

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.handoff_brief import gather
from handlers.oncall import everybody, person_of
from handlers.places import bridge_here, channel_name
from handlers.shift_handoffs import add_notes, hand_over_now, next_handoff
from handlers.suggest import did_you_mean
from handlers.views import handoffs as views
from handlers.views import help
from handlers.wording import asks_for_help
from models.oncall import OnCallSchedule

_VERBS: Final = ("status", "preview", "note", "now", "help")


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the verb says; without one, say where things stand."""
    verb, _, rest = invocation.text.strip().partition(" ")
    if asks_for_help(verb):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    match verb.casefold():
        case "" | "status":
            return await _status(ctx)
        case "preview" | "show":
            return await _preview(ctx, invocation, rest)
        case "note" | "notes":
            return await _note(ctx, invocation, rest)
        case "now":
            schedule, _ = await _schedule(ctx, invocation, rest)
            return Reply(message=views.posted(await hand_over_now(ctx, schedule, invocation.by)))
    meant = did_you_mean(verb, _VERBS, "`/handoff {}`")
    raise UserError(f"“{verb[:60]}” is nothing I can do with a handoff.{meant}")


async def _status(ctx: Context) -> Reply:
    async with ctx.reading() as store:
        coming = await store.oncall.open_handoffs()
        names = [schedule.name for schedule in ctx.topology.schedules]
        recent = await store.oncall.recently_accepted(names, 5)
    return Reply(message=views.status(coming, recent))


async def _preview(ctx: Context, invocation: Invocation, rest: str) -> Reply:
    schedule, _ = await _schedule(ctx, invocation, rest)
    people = await everybody(ctx)
    async with ctx.transaction() as store:
        handoff = await next_handoff(store, schedule, invocation.at)
        outgoing = person_of(handoff.outgoing, people)
        brief = await gather(
            store, ctx.topology, schedule, handoff, invocation.at, outgoing_id=outgoing.user_id if outgoing else None
        )
    return Reply(message=views.draft(handoff, brief))


async def _note(ctx: Context, invocation: Invocation, rest: str) -> Reply:
    schedule, words = await _schedule(ctx, invocation, rest)
    if not words:
        async with ctx.transaction() as store:
            return Reply(modal=views.notes_form(await next_handoff(store, schedule, invocation.at)))
    return Reply(message=views.noted(await add_notes(ctx, schedule, words, invocation.by)))


async def _schedule(ctx: Context, invocation: Invocation, text: str) -> tuple[OnCallSchedule, str]:
    """Return the schedule that a text begins with, else the only one here, and the words after it.

    Raises:
        UserError: it is not clear which schedule is meant, or there is none.
    """
    first, _, rest = text.strip().partition(" ")
    named = ctx.topology.schedule_named(first) if first else None
    if named:
        return named, rest.strip()
    handed = [s for s in ctx.topology.schedules if s.bridge]
    bridge = bridge_here(ctx.topology, await channel_name(ctx, invocation.channel_id))
    here = [s for s in handed if bridge and s.bridge == bridge.name] or handed
    if len(here) == 1:
        return here[0], text.strip()
    if not here:
        raise UserError("No schedule hands its shifts over: give one a `bridge` in twinspan.yaml (docs/handoff.md).")
    raise UserError(f"Which schedule? Name it first: {', '.join(s.name for s in here)}.")


COMMAND: Final = Command(
    name="/handoff",
    usage="[status] · preview · note … · now",
    summary="See where the handing over of shifts stands; prepare the next; hand over early.",
    examples=(
        "/handoff",
        "/handoff preview",
        "/handoff note if the queue grows again, restart the importer",
        "/handoff now",
    ),
    run=run,
)
