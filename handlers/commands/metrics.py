"""`/metrics`: the numbers of a service, a team or a bridge in a period, for one person."""

from datetime import datetime
from typing import Final

from handlers import places
from handlers.between import with_both_sides
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.periods_asked import WORDS, asked_for, is_period
from handlers.reports import Report, Scope, as_shown, read_live_report, scope_named
from handlers.suggest import did_you_mean
from handlers.views import help, metrics
from handlers.wording import asks_for_help
from models.periods import Window
from models.store import Store
from models.topology import Topology

_DEFAULT: Final = "week"


def parse(text: str, topology: Topology, channel: str | None, at: datetime) -> tuple[Scope, Window]:
    """Read `[service|team|bridge] [period]`, in any order; a team's name may be several words.

    Raises:
        UserError: a word is neither, or it is not clear whose numbers are meant.
    """
    words = text.split()
    periods = [word for word in words if is_period(word)]
    if len(periods) > 1:
        raise UserError(f"One period at a time: `{periods[0][:20]}` or `{periods[1][:20]}`?")
    scope = _scope([word for word in words if not is_period(word)], topology, channel)
    timezone = places.timezone_of(topology, topology.bridges_for(scope.services or ()))
    window = asked_for(periods[0] if periods else _DEFAULT, timezone, at)
    assert window is not None  # it has the form of one
    return scope, window


def _scope(words: list[str], topology: Topology, channel: str | None) -> Scope:
    if words:
        return scope_named(topology, words) or _unknown(words, topology)
    bridge = places.bridge_here(topology, channel)
    if bridge is None:
        known = ", ".join(f"`/metrics {name}`" for name in _names(topology)[:6]) or "no bridge is configured"
        raise UserError(f"Whose numbers? {known}")
    return Scope(name=bridge.name, services=bridge.services)


def _unknown(words: list[str], topology: Topology) -> Scope:
    """Complain of the words that mean nothing: of one of them where the others do mean something."""
    odd = next((word for n, word in enumerate(words) if scope_named(topology, words[:n] + words[n + 1 :])), None)
    word = odd or " ".join(words)
    aliases = [alias for service in topology.services for alias in service.aliases]
    meant = did_you_mean(word, [*_names(topology), *WORDS], "`{}`", aliases=aliases)
    raise UserError(f"“{word[:60]}” is no service, team, bridge or period.{meant}")


def _names(topology: Topology) -> list[str]:
    named = [b.name for b in topology.bridges] + [s.name for s in topology.services]
    return list(dict.fromkeys([*named, *(s.owner for s in topology.services if s.owner)]))


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Show the numbers of a period to one person."""
    if asks_for_help(invocation.text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    channel = await places.channel_name(ctx, invocation.channel_id)
    scope, window = parse(invocation.text, ctx.topology, channel, invocation.at)
    report = await ctx.aside(lambda store: _read(store, ctx.topology, scope, window, invocation.at))
    shown = metrics.Shown(
        scope=scope.name,
        timezone=window.timezone,
        at=invocation.at,
        numbers=as_shown(report, ctx.topology.targets),
    )
    is_ops = any(channel == bridge.ops for bridge in ctx.topology.bridges)
    return Reply(message=metrics.report(shown, "ops" if is_ops else "dev"))


async def _read(store: Store, topology: Topology, scope: Scope, window: Window, at: datetime) -> Report:
    return await with_both_sides(store, topology, await read_live_report(store, scope, window, at))


COMMAND: Final = Command(
    name="/metrics",
    usage="[service|team|bridge] [period]",
    summary="Show the delivery and incident numbers of a period, and the rows behind each",
    examples=(
        "/metrics",
        "/metrics payments this-week",
        "/metrics payments 2026-W47",
        "/metrics yesterday",
        "/metrics service:payments 2026-11",
    ),
    run=run,
)
