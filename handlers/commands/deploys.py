"""`/deploys`: what went out, where and when, with the small changes beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.since import parse_since
from handlers.suggest import did_you_mean
from handlers.views import changes, deploys, help
from handlers.wording import asks_for_help, environment_names, service_names
from models.topology import Topology

_MOST: Final = 15
# People write them between the words that count.
_BETWEEN: Final = ("since", "from", "in", "on", "of", "for", "to")
_WHENS: Final = ("2h", "3d", "today", "yesterday", "2026-11-20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which deployments are asked for; `None` leaves a part open."""

    service: str | None = None
    environment: str | None = None
    since: datetime | None = None


def parse(text: str, topology: Topology, at: datetime) -> Query:
    """Read `[service] [env] [since]`, in any order.

    Raises:
        UserError: a word is none of the three.
    """
    service: str | None = None
    environment: str | None = None
    since: datetime | None = None
    for word in text.split():
        known = topology.service_named(word)
        if known is not None and service is None:
            service = known.name
        elif (instant := parse_since(word, at)) is not None:
            since = instant
        elif (named := _environment(word.lstrip("!"), topology)) is not None:
            environment = named
        elif word.casefold() not in _BETWEEN:
            everything = [*service_names(topology), *environment_names(topology), *_WHENS]
            raise UserError(
                f"“{word[:60]}” is no service, environment or time." + did_you_mean(word, everything, "`{}`")
            )
    return Query(service=service, environment=environment, since=since)


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Show the newest deployments that match."""
    if asks_for_help(invocation.text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    query = parse(invocation.text, ctx.topology, invocation.at)
    services = [query.service] if query.service else None
    async with ctx.reading() as store:
        found = await store.deploys.recent(
            services=services, environment=query.environment, since=query.since, limit=_MOST + 1
        )
        soaks = await store.soaks.of([deploy.id for deploy in found[:_MOST]])
        beside = await store.changes.recent(services=services, since=query.since, limit=_MOST)
    logged = [c for c in beside if query.environment in (None, c.environment)]
    more, lines = len(found) > _MOST, changes.lines(logged)
    shown = deploys.listing(found[:_MOST], _title(query), changes=lines, more=more, soaking=soaks)
    return Reply(message=shown)


def _environment(word: str, topology: Topology) -> str | None:
    for service in topology.services:
        environment = topology.environment_named(service, word)
        if environment is not None:
            return environment.name
    return None


def _title(query: Query) -> str:
    where = " in " + query.environment if query.environment else ""
    since = f" since {query.since:%Y-%m-%d %H:%M} UTC" if query.since else ""
    return f"Deploys of {query.service or 'all services'}{where}{since}"


COMMAND: Final = Command(
    name="/deploys",
    usage="[service] [env] [since]",
    summary="List what was deployed, newest first.",
    examples=("/deploys", "/deploys payments prod", "/deploys payments 2h", "/deploys staging yesterday"),
    run=run,
)
