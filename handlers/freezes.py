"""The one place where a person freezes deploys, extends, takes over and lifts a freeze, or lets one deploy through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from handlers.acting import By
from handlers.context import Context
from handlers.errors import UserError
from handlers.routing import CARD, LOUD, SIDES, Notice, incident_notices
from handlers.suggest import did_you_mean
from handlers.views.times import duration, in_utc
from models.freezes import LONGEST, Freeze, Pass
from models.store import Store
from models.topology import Topology

AHEAD: Final = "ahead"
BEGUN: Final = "begun"
ENDED: Final = "ended"
# At its end: the card is edited, and the channel itself hears that it is open again.
END_PARTS: Final = (CARD, f"{LOUD}ended")
INCIDENT_FREEZE: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be frozen: a service or a bridge, under the name people know it by."""

    name: str
    services: tuple[str, ...]


def scope_named(name: str, topology: Topology) -> Scope:
    """Return the service or bridge of this name.

    Raises:
        UserError: there is neither.
    """
    service = topology.service_named(name)
    if service:
        return Scope(name=service.name, services=(service.name,))
    bridge = topology.bridge_named(name)
    if bridge:
        return Scope(name=bridge.name, services=tuple(bridge.services))
    known = [s.name for s in topology.services] + [b.name for b in topology.bridges]
    raise UserError(f"I know no service or bridge “{name[:60]}”." + did_you_mean(name, known))


async def freeze(
    ctx: Context,
    scope: Scope,
    span: tuple[datetime, datetime],
    reason: str,
    by: By,
    *,
    environment: str | None = None,
    incident_id: int | None = None,
) -> Freeze:
    """Freeze deploys and tell both sides. The same request again returns what is stored.

    Raises:
        UserError: it ends before it starts, lasts too long, has no reason, or the same is frozen already.
    """
    since, until = span
    _refuse_span(since, until, by.at)
    if not reason.strip():
        raise UserError("Why? Say the reason after the time: `/freeze payments for 2h migrating the database`")
    made = Freeze(
        key=f"slack:{by.request_id}",
        scope=scope.name,
        services=scope.services,
        environment=environment,
        reason=reason.strip(),
        owner=by.name,
        owner_id=by.user_id,
        since=since,
        until=until,
        incident_id=incident_id,
        made_at=by.at,
        told=BEGUN if since <= by.at else AHEAD,
    )
    async with ctx.transaction() as store:
        stored = await store.freezes.keyed(made.key)
        if stored:
            return stored
        _refuse_twice(made, await store.freezes.standing(by.at))
        number = await store.freezes.add(made)
        assert number is not None
        made = replace(made, id=number)
        told = freeze_notices(made, ctx.topology, [CARD])
        await store.outbox.notify([*told, *await gate_notices(store, ctx.topology, made)], by.at)
    ctx.wake_outbox()
    return made


async def extend(ctx: Context, number: int, until: datetime, by: By) -> Freeze:
    """Let a freeze end later, or earlier.

    Raises:
        UserError: there is no such freeze, it is over, or the new end is past or too far.
    """
    async with ctx.transaction() as store:
        one = await _standing(store, number, by.at)
        _refuse_span(one.since, until, by.at)
        changed = replace(one, until=until)
        await store.freezes.save(changed)
        told = freeze_notices(changed, ctx.topology, [CARD, _said("extended", by)])
        await store.outbox.notify([*told, *await gate_notices(store, ctx.topology, changed)], by.at)
    ctx.wake_outbox()
    return changed


async def take_over(ctx: Context, number: int, by: By) -> Freeze:
    """Become the owner of a freeze.

    Raises:
        UserError: there is no such freeze, it is over, or it is one's own already.
    """
    async with ctx.transaction() as store:
        one = await _standing(store, number, by.at)
        if one.owner_id is not None and one.owner_id == by.user_id:
            raise UserError(f"F{number} is yours already.")
        changed = await give_freeze(store, ctx.topology, one, by.name, by.user_id, by)
    ctx.wake_outbox()
    return changed


async def give_freeze(
    store: Store, topology: Topology, one: Freeze, owner: str, owner_id: str | None, by: By
) -> Freeze:
    """Write a freeze's new owner, and tell both sides."""
    changed = replace(one, owner=owner, owner_id=owner_id)
    await store.freezes.save(changed)
    if changed.told in (AHEAD, BEGUN):
        told = freeze_notices(changed, topology, [CARD, _said("taken", by)])
        await store.outbox.notify([*told, *await gate_notices(store, topology, changed)], by.at)
    return changed


async def lift(ctx: Context, number: int, by: By) -> Freeze:
    """End a freeze now; both sides hear it, with the names of those who were held up.

    Raises:
        UserError: there is no such freeze, or it is over (says who lifted it).
    """
    async with ctx.transaction() as store:
        one = await _standing(store, number, by.at)
        lifted = replace(one, lifted_at=by.at, lifted_by=by.name, told=ENDED)
        await store.freezes.save(lifted)
        told = freeze_notices(lifted, ctx.topology, END_PARTS)
        await store.outbox.notify([*told, *await gate_notices(store, ctx.topology, lifted)], by.at)
    ctx.wake_outbox()
    return lifted


async def give_pass(ctx: Context, services: Sequence[str], reason: str, by: By) -> Pass:
    """Let one deploy of a frozen service through; both sides hear who did, and why.

    Raises:
        UserError: nothing of this is frozen, several services are, there is a pass already, or no reason is given.
    """
    if not reason.strip():
        raise UserError("Why may it go through? `/freeze override payments hotfix for INC-12`")
    async with ctx.transaction() as store:
        standing = [f for f in await store.freezes.standing(by.at) if f.stands(by.at)]
        frozen = sorted({s for f in standing for s in f.services} & set(services))
        if not frozen:
            raise UserError("Nothing of that is frozen: a deploy needs no pass. `/freeze` shows what is.")
        if len(frozen) > 1:
            raise UserError(f"Which service? `/freeze override {frozen[0]} <reason>`. Frozen are {', '.join(frozen)}.")
        there = next((p for p in await store.freezes.passes(by.at) if p.service == frozen[0]), None)
        if there:
            raise UserError(f"{there.by} gave {frozen[0]} a pass already, good until {in_utc(there.expires_at)}.")
        over = max((f for f in standing if frozen[0] in f.services), key=lambda f: f.ended_at)
        made = Pass(
            freeze_id=over.id,
            service=frozen[0],
            environment=over.environment,
            reason=reason.strip(),
            by=by.name,
            by_id=by.user_id,
            made_at=by.at,
            expires_at=by.at + ctx.topology.freezes.pass_length,
        )
        made = replace(made, id=await store.freezes.add_pass(made))
        await store.outbox.notify(freeze_notices(over, ctx.topology, [CARD, f"pass:{made.id}"]), by.at)
    ctx.wake_outbox()
    return made


def freeze_notices(one: Freeze, topology: Topology, parts: Sequence[str]) -> list[Notice]:
    """Return what tells both sides of every bridge that hears of what is frozen."""
    targets = {b.channel(side): side for b in topology.bridges_for(one.services) for side in SIDES}
    return [
        Notice(subject=f"freeze:{one.id}", part=part, channel=channel, side=side)
        for part in parts
        for channel, side in targets.items()
    ]


async def gate_notices(store: Store, topology: Topology, one: Freeze) -> list[Notice]:
    """Return the edits of open incidents' cards, where they were posted: they say whether the gate is shut."""
    notices: dict[tuple[str, str], Notice] = {}
    for incident in await store.incidents.list_open(one.services):
        cards = [n for n in incident_notices(None, incident, topology) if n.part == CARD]
        posted = {m.channel for n in cards[:1] for m in await store.messages.of_subject(n.subject) if m.part == CARD}
        notices |= {(n.subject, n.channel): n for n in cards if n.channel in posted}
    return list(notices.values())


def _said(what: str, by: By) -> str:
    return f"{what}:{by.at:%Y%m%dT%H%M%S}"


def _refuse_span(since: datetime, until: datetime, at: datetime) -> None:
    if until <= since:
        raise UserError(f"It would end ({in_utc(until)}) before it starts ({in_utc(since)}).")
    if until <= at:
        raise UserError(f"{in_utc(until)} is past: say an end that is still to come, such as `for 2h`.")
    if until - max(since, at) > LONGEST:
        raise UserError(f"A freeze lasts at most {duration(LONGEST)}; put what comes again into the configuration.")


def _refuse_twice(made: Freeze, standing: Sequence[Freeze]) -> None:
    for other in standing:
        is_same = (other.services, other.environment) == (made.services, made.environment)
        if is_same and other.since < made.until and made.since < other.until:
            since = "is frozen already" if other.stands(made.made_at) else f"will be frozen from {in_utc(other.since)}"
            raise UserError(
                f"{made.scope} {since} until {in_utc(other.until)} by {other.owner} "
                f"(F{other.id}: {other.reason[:100]}). To change the end: `/freeze extend F{other.id} until 18:00`"
            )


async def _standing(store: Store, number: int, at: datetime) -> Freeze:
    one = await store.freezes.get(number, lock=True)
    if one is None:
        standing = ", ".join(f"F{f.id} ({f.scope})" for f in await store.freezes.standing(at))
        raise UserError(f"There is no freeze F{number}." + (f" There is {standing}." if standing else ""))
    if one.ended_at <= at:
        by = f" by {one.lifted_by}" if one.lifted_by else ""
        raise UserError(f"F{number} is over since {in_utc(one.ended_at)}{', lifted' + by if by else ''}.")
    return one
