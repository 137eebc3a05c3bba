"""`/bridge`: what is connected and heard, what waits, what is held; maps unknown names, retries refused messages."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from handlers import commands
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.delivery_ledger import lanes
from handlers.errors import UserError
from handlers.link_verbs import link_words, unlink_words
from handlers.paging_told import going_on
from handlers.registry import discover
from handlers.rehearsal import rehearse_delivery, source_names
from handlers.suggest import did_you_mean
from handlers.views import Message, bridge, delivery_ledger, help, paging_state, rehearsal, what_changed
from handlers.views.failures import UnknownName
from handlers.what_changed import reasons_told
from handlers.wording import asks_for_help, environment_names, service_names
from models.calls import PAGER, SOURCE, TELL_WITHIN, CallQueue
from models.silence import silent_sources
from models.store import Store
from models.store.names import HeldName
from models.store.sources import SourceState
from models.topology import Bridge, MapKind, Topology, folded
from models.workspaces import hashed

_MAP: Final = re.compile(r"map\s+(?P<name>.+?)\s+(?:as|to)\s+(?P<target>\S.*)", re.IGNORECASE)
_RETRY: Final = re.compile(r"retry(?:\s+(?P<channel>\S+))?", re.IGNORECASE)
_CHANNEL: Final = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|(?P<name>[^>]*))?>")
_LINKING: Final = {"link": link_words, "unlink": unlink_words}
_VERBS: Final = ("help", "status", "link", "unlink", "map", "retry", "delivery", "reasons", "test")


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Do what the verb says; without one, show the help."""
    text = invocation.text.strip()
    verb = text.partition(" ")[0].casefold()
    if not verb or asks_for_help(verb):
        return Reply(message=_help())
    if verb == "status":
        return await _status(ctx, invocation.at)
    if verb == "reasons":
        async with ctx.reading() as store:
            return Reply(message=what_changed.reasons(await reasons_told(store, ctx.topology)))
    if verb == "delivery":
        return await _delivery(ctx, invocation.at, text[len(verb) :].strip())
    if verb == "test":
        return await _test(ctx, invocation, text[len(verb) :].strip())
    return await _change(ctx, invocation, verb, text)


async def _change(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """Do what changes something."""
    if verb in _LINKING:
        return Reply(message=await _LINKING[verb](ctx, text[len(verb) :], invocation.by))
    mapping, retrying = _MAP.fullmatch(text), _RETRY.fullmatch(text)
    if mapping:
        return await _map(ctx, invocation, mapping["name"].strip("“”\"'`"), mapping["target"].strip("“”\"'`"))
    if retrying:
        return await _retry(ctx, invocation.at, retrying["channel"])
    if verb == "map":
        raise UserError("Say it as `/bridge map NAME as SERVICE`; `/bridge status` shows the unknown names.")
    raise UserError(f"“{verb[:60]}” is nothing the bridge can do." + did_you_mean(verb, _VERBS, "`/bridge {}`"))


def _help() -> Message:
    known = discover(commands, "COMMAND", Command)
    return help.overview([(c.name, c.usage, c.summary) for c in known], COMMAND.examples)


async def _delivery(ctx: Context, at: datetime, word: str) -> Reply:
    channel = _channel(word, ctx.topology, ()) if word else None
    async with ctx.reading() as store:
        return Reply(message=delivery_ledger.ledger(await lanes(store, ctx.topology, channel), at))


async def _test(ctx: Context, invocation: Invocation, word: str) -> Reply:
    """Show what a stored delivery would do now; without a number, ask for a payload."""
    number = word.removeprefix("#")
    if number.isdecimal():
        told = await rehearse_delivery(ctx, int(number), invocation.at)
        return Reply(message=rehearsal.shown(told))
    if word:
        raise UserError(
            "Say `/bridge test` for a form to paste a payload into, or `/bridge test 123` for delivery 123."
        )
    return Reply(modal=rehearsal.form(source_names(ctx.topology), invocation.channel_id))


async def _status(ctx: Context, at: datetime) -> Reply:
    async with ctx.reading() as store:
        told = await _told(store, ctx.topology, at)
    return Reply(message=bridge.status(told))


async def _told(store: Store, topology: Topology, at: datetime) -> bridge.Status:
    heard = {state.name: state for state in await store.sources.all()}
    counts = await store.deliveries.counts()
    return bridge.Status(
        bridges=topology.bridges,
        senders=[_sender(source.name, source.kind, heard.get(source.name), at) for source in topology.sources],
        outgoing=[
            bridge.Outgoing(
                channel=queue.channel,
                waiting=queue.waiting,
                oldest_at=queue.oldest_at,
                failed=queue.failed,
                failed_reason=queue.failed_reason,
                last_sent_at=queue.last_sent_at,
                paused_until=queue.paused_until,
                pause_reason=queue.pause_reason,
            )
            for queue in await store.outbox.queues()
        ],
        names=[
            UnknownName(kind=name.kind, name=name.name, service=name.service, deliveries=name.deliveries)
            for name in await store.names.held()
        ],
        to_apply=counts["waiting"],
        oldest_to_apply=await store.deliveries.oldest_waiting(),
        failed=counts["failed"],
        elsewhere=await _elsewhere(store, topology),
        paging=paging_state.status(await going_on(store, topology)),
    )


async def _elsewhere(store: Store, topology: Topology) -> list[CallQueue]:
    """Return every service that was told anything, or may be."""
    known = {queue.target: queue for queue in await store.calls.queues()}
    targets = [f"{PAGER}{name}" for name in topology.paging.pagers]
    targets += [f"{SOURCE}{source.name}" for source in topology.sources if source.is_told_back]
    return [known.get(target) or CallQueue(target=target) for target in dict.fromkeys([*targets, *known])]


def _sender(name: str, kind: str, state: SourceState | None, at: datetime) -> bridge.Sender:
    last = state.last_received_at if state else None
    gap = state.usual_gap_s if state else None
    return bridge.Sender(
        name=name,
        kind=kind,
        last_at=last,
        deliveries=state.deliveries if state else 0,
        usual_gap_s=gap,
        is_silent=bool(state and silent_sources([state], at)),
    )


async def _map(ctx: Context, invocation: Invocation, name: str, target: str) -> Reply:
    async with ctx.mapping, ctx.transaction() as store:
        kind, canonical = _target(await store.names.held(), ctx.topology, name, target)
        released = await store.names.map(kind, name, canonical, by=invocation.user_name, at=invocation.at)
        # Before what was held is released: it may be applied before this goes on.
        ctx.topology = ctx.topology.with_mappings(await store.names.mappings())
    ctx.wake_apply()
    return Reply(message=bridge.mapped(kind, name, canonical, released))


def _target(held: list[HeldName], topology: Topology, name: str, target: str) -> tuple[MapKind, str]:
    """Return what kind of name is mapped, and what it is mapped to, in the configuration's spelling.

    Raises:
        UserError: there is no such service or environment.
    """
    kinds = {unknown.kind for unknown in held if folded(unknown.name) == folded(name)}
    service = topology.service_named(target)
    if service is not None and kinds != {"environment"}:
        return "service", service.name
    environments = environment_names(topology)
    named = next((e for e in environments if folded(e) == folded(target)), None)
    named = named or _environment_alias(topology, target)
    if named is not None and kinds != {"service"}:
        return "environment", named
    known = environments if kinds == {"environment"} else service_names(topology)
    if not kinds:
        known = [*known, *environments]
    noun = next(iter(kinds)) if len(kinds) == 1 else "service or environment"
    raise UserError(f"I know no {noun} “{target[:60]}”." + did_you_mean(target, known))


def _environment_alias(topology: Topology, target: str) -> str | None:
    found = (service.environment_named(target) for service in topology.services)
    return next((environment.name for environment in found if environment), None)


async def _retry(ctx: Context, at: datetime, word: str | None) -> Reply:
    """Try again what a channel, or a service elsewhere, did not take; without a name, everything."""
    async with ctx.transaction() as store:
        targets = {queue.target.partition(":")[2]: queue.target for queue in await store.calls.queues()}
        target = targets.get(word) if word else None
        channel = _channel(word, ctx.topology, targets) if word and target is None else None
        calls = 0 if channel else await store.calls.retry(target, at, at + TELL_WITHIN)
        count = 0 if target else await store.outbox.retry(channel, at)
    ctx.wake_outbox()
    if target or (calls and not channel and not count):
        return Reply(message=bridge.called_again(word, calls))
    return Reply(message=bridge.retried(channel, count))


def _channel(word: str, topology: Topology, others: Iterable[str]) -> str:
    """Return a channel as the configuration names it; `others` are further names that could be meant.

    Raises:
        UserError: the bot posts to no such channel.
    """
    token = _CHANNEL.fullmatch(word)
    names = {token["id"], token["name"] or ""} if token else {word}
    wanted = {_written(name) for name in names if name}
    named = {name: channel for bridge in topology.bridges for name, channel in _linked_names(bridge)}
    for channel in topology.channels:
        if _written(channel) in wanted:
            return channel
    if found := next((named[name] for name in wanted if name in named), None):
        return found
    shown = (token["name"] or token["id"]) if token else word
    raise UserError(f"I post to no channel “{shown[:80]}”." + did_you_mean(shown, [*topology.channels, *others]))


def _linked_names(bridge: Bridge) -> list[tuple[str, str]]:
    link = bridge.link
    return [(_written(link.dev_name), link.dev), (_written(link.ops_name), link.ops)] if link else []


def _written(name: str) -> str:
    return folded(hashed(name.lstrip("#")))


COMMAND: Final = Command(
    name="/bridge",
    usage="help|status|link #dev #ops|unlink #channel|map NAME as SERVICE|retry CHANNEL|delivery [CHANNEL]|reasons"
    "|test [DELIVERY]",
    summary="See what is connected, waits and is held; link channels; map unknown names; retry refused messages; "
    "try a payload.",
    examples=(
        "/bridge status",
        "/bridge link #search-dev #search-ops for search mirror always",
        "/bridge unlink #search-dev",
        "/bridge map acme/payments-api as payments",
        "/bridge map live-eu as production",
        "/bridge retry #payments-ops",
        "/bridge delivery",
        "/bridge delivery #payments-ops",
        "/bridge reasons",
        "/bridge test",
        "/bridge test 123",
    ),
    run=run,
)
