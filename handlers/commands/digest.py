"""`/digest`: the numbers both sides are shown, previewed by one person or posted for all."""

from dataclasses import dataclass
from typing import Final

from handlers import digest_desk
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.digest_runs import WINDOW_WORDS, compute, post_now, posted, window_for
from handlers.errors import UserError
from handlers.places import bridge_here, channel_name, timezone_of
from handlers.suggest import did_you_mean
from handlers.views import Modal, digests, help
from handlers.views.layout import said
from handlers.views.text import channel_link, link
from handlers.wording import asks_for_help
from models.periods import Window
from models.store.digests import Snapshot
from models.topology import Bridge, Topology
from models.words import Side

_VERBS: Final = ("preview", "now", "subscribe", "unsubscribe", "pause", "resume", "status", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for: to post it or only to look, of which bridge, of which window."""

    verb: str
    bridge: Bridge
    window: str


def parse(text: str, topology: Topology, channel: str | None = None) -> Query:
    """Read `preview|now [bridge] [period]`, the last two in any order. `channel` tells the bridge that is meant.

    Raises:
        UserError: a word is none of the three, or it is not clear which bridge is meant.
    """
    verb, *words = text.split()
    if verb.casefold() not in _VERBS:
        raise UserError(f"`/digest` cannot “{verb[:60]}”." + did_you_mean(verb, _VERBS, "`/digest {}`"))
    bridge: Bridge | None = None
    window = "today"
    for word in words:
        if word.casefold() in WINDOW_WORDS:
            window = word.casefold()
        elif (named := topology.bridge_named(word)) is not None:
            bridge = named
        else:
            known = [*WINDOW_WORDS, *(b.name for b in topology.bridges)]
            raise UserError(f"“{word[:60]}” is no bridge and no period." + did_you_mean(word, known, "`{}`"))
    return Query(verb=verb.casefold(), bridge=bridge or _default_bridge(topology, channel), window=window)


def _default_bridge(topology: Topology, channel: str | None) -> Bridge:
    if here := bridge_here(topology, channel):
        return here
    names = ", ".join(f"`{b.name}`" for b in topology.bridges) or "none is configured"
    raise UserError(f"Which bridge? Add its name: {names}.")


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Show a digest to one person, or post it to both channels."""
    if not invocation.text.strip() or asks_for_help(invocation.text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    channel = await channel_name(ctx, invocation.channel_id)
    verb, *words = invocation.text.split()
    if verb.casefold() == "why":
        return Reply(modal=await _why(ctx, invocation, words, channel))
    if (arranged := await _arrange(ctx, invocation, verb.casefold(), words, channel)) is not None:
        return Reply(message=said(arranged))
    query = parse(invocation.text, ctx.topology, channel)
    window = window_for(query.window, timezone_of(ctx.topology, [query.bridge]), invocation.at)
    assert window is not None  # parse() takes only words that mean a window
    if query.verb == "preview":
        snapshot = await compute(ctx, "preview", query.bridge, window, invocation.at)
        return Reply(message=digests.digest(snapshot, "ops" if channel == query.bridge.ops else "dev"))
    return await _post(ctx, query.bridge, window, invocation)


async def _why(ctx: Context, invocation: Invocation, words: list[str], channel: str | None) -> Modal:
    bridges = [bridge for word in words if (bridge := ctx.topology.bridge_named(word))]
    number = digest_desk.number_meant([word for word in words if not ctx.topology.bridge_named(word)])
    named = bridges[0] if bridges else None
    own = await digest_desk.latest_own(ctx, invocation.user_id, named) if invocation.is_direct else None
    told = own or await digest_desk.latest(ctx, named or _default_bridge(ctx.topology, channel))
    return await digest_desk.why(ctx, number, told, invocation.channel_id, invocation.at)


async def _arrange(
    ctx: Context, invocation: Invocation, verb: str, words: list[str], channel: str | None
) -> str | None:
    """Do what is arranged once and lasts; `None` where the verb is none of these."""
    match verb:
        case "subscribe":
            named = next((b for word in words if (b := ctx.topology.bridge_named(word))), None)
            bridge = named or _default_bridge(ctx.topology, channel)
            side: Side = "ops" if channel == bridge.ops else "dev"
            zone = timezone_of(ctx.topology, [bridge])
            return await digest_desk.subscribe(ctx, invocation, words, bridge, side, zone)
        case "unsubscribe":
            return await digest_desk.unsubscribe(ctx, invocation, words)
        case "pause":
            return await digest_desk.pause(ctx, invocation, words)
        case "resume":
            return await digest_desk.resume(ctx, words)
        case "status":
            return await digest_desk.status(ctx, invocation)
    return None


async def _post(ctx: Context, bridge: Bridge, window: Window, invocation: Invocation) -> Reply:
    request_id = invocation.request_id
    new = await post_now(ctx, bridge, window, by=invocation.user_name, request_id=request_id, at=invocation.at)
    if new is None and (before := await posted(ctx, bridge, window)):
        return Reply(message=said(f"That period was posted before: {await _where(ctx, before, bridge)}."))
    return Reply(message=said(f"Posting the digest to {channel_link(bridge.dev)} and {channel_link(bridge.ops)}."))


async def _where(ctx: Context, snapshot: Snapshot, bridge: Bridge) -> str:
    async with ctx.reading() as store:
        messages = await store.messages.of_subject(f"digest:{snapshot.id}")
    links = [link(m.permalink, m.channel) for m in messages]
    return " and ".join(links) or f"it is on its way to {channel_link(bridge.dev)} and {channel_link(bridge.ops)}"


COMMAND = Command(
    name="/digest",
    usage="preview|now [bridge] [today|day|week|month] · subscribe [weekly] [9:00] · pause|resume · status · why",
    summary="Look at the numbers of a period, or post them to both channels",
    examples=(
        "/digest preview week",
        "/digest now day",
        "/digest subscribe weekly monday 8:30 Europe/Berlin",
        "/digest pause mondays",
        "/digest why change fail rate",
        "/digest status",
    ),
    run=run,
)
