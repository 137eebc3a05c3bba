"""`/change`: logs a small change in one line, or through a form; takes one back."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from handlers.change_log import Draft, log_change, undo_change
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.debts import close_debt, debt_with, extend_debt, open_debts, reopen_debt
from handlers.errors import UserError
from handlers.instants import read_span
from handlers.places import zone_of
from handlers.views import changes, debts, help, modals
from handlers.wording import asks_for_help, environment_names, service_names, split_service, take_environment
from models.debts import USUAL
from models.topology import Topology
from models.words import ChangeKind, Risk

_UTC: Final = ZoneInfo("UTC")
_UNDO: Final = re.compile(r"undo\s+#?(\d{1,9})", re.IGNORECASE)
_REVERT: Final = re.compile(r"(?:^|\s)revert:\s*(?P<how>.+)$", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"(?<!\S)#([a-z]+)\b", re.IGNORECASE)
_RISKS: Final = {risk.value: risk for risk in Risk}
_KINDS: Final = {kind.value: kind for kind in ChangeKind}
_LONGEST_SUMMARY: Final = 500
_VERB: Final = re.compile(r"(?P<verb>done|open|extend)\s+#?(?P<number>\d{1,9})(?:\s+(?P<when>.+))?", re.IGNORECASE)
_WITHOUT_NUMBER: Final = re.compile(r"(undo|done|open|extend)(?=\s|$)(?!\s*:)", re.IGNORECASE)
_LIST: Final = ("list", "temporary")
_ENDS: Final = re.compile(r"(?<!\S)(?:for|until|till)\s", re.IGNORECASE)
_TEMPORARY: Final = ("temporary", "temp")


def parse(text: str, topology: Topology, at: datetime | None = None, zone: ZoneInfo = _UTC) -> Draft:
    """Read `<service>: <what> [for 2h|until 18:00] [!env] [#risk] [#kind] [#temporary] [revert: …]`.

    Words after “until” that name no instant belong to what changed. Without an instant to count from, all do.

    Raises:
        UserError: the service or environment is unknown, or nothing is said of the change.
    """
    verb = _WITHOUT_NUMBER.match(text)
    if verb and topology.service_named(verb[1]) is None:
        raise UserError(f"Which change? Say its number, such as `/change {verb[1].casefold()} 12`.")
    service, rest = split_service(text, topology)
    reverting = _REVERT.search(rest)
    revert = reverting["how"].strip() if reverting else None
    environment, what = take_environment(rest[: reverting.start()] if reverting else rest, service, topology)
    tags = {tag.casefold() for tag in _TAG.findall(what)}
    known = tags & {*_RISKS, *_KINDS, *_TEMPORARY}
    summary = " ".join(_TAG.sub(lambda tag: "" if tag[1].casefold() in known else tag[0], what).split())
    summary, until = _end(summary, at, zone) if at else (summary, None)
    if until is None and at and tags & {*_TEMPORARY}:
        until = at + USUAL
    if not summary:
        raise UserError(f"What changed? For example `/change {service.name}: raised the pool to 40 !prod`")
    return Draft(
        service=service.name,
        environment=environment,
        summary=summary[:_LONGEST_SUMMARY],
        risk=next((_RISKS[tag] for tag in _RISKS if tag in tags), None),
        kind=next((_KINDS[tag] for tag in _KINDS if tag in tags), None),
        revert=revert,
        until=until,
    )


def _end(summary: str, at: datetime, zone: ZoneInfo) -> tuple[str, datetime | None]:
    """Return what changed and until when; the last “for” or “until” that names an instant counts."""
    for found in _ENDS.finditer(summary):
        span = read_span(summary[found.start() :], at, zone)
        if span:
            return summary[: found.start()].rstrip(" ,"), span[1]
    return summary, None


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Log a change, take one back, or open the form."""
    text = invocation.text.strip()
    if not text:
        services, environments = service_names(ctx.topology), environment_names(ctx.topology)
        form = modals.change(services=services, environments=environments, channel_id=invocation.channel_id)
        return Reply(modal=form)
    if asks_for_help(text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    undo = _UNDO.fullmatch(text)
    if undo:
        undone = await undo_change(ctx, int(undo[1]), by=invocation.user_name, at=invocation.at)
        return Reply(message=changes.undone(undone))
    if text.casefold() in _LIST:
        return Reply(message=debts.listing(await open_debts(ctx), invocation.at))
    if verb := _VERB.fullmatch(text):
        return await _with_debt(ctx, invocation, verb)
    draft = parse(text, ctx.topology, invocation.at, await zone_of(ctx, invocation.user_id))
    by = invocation.by
    logged = await log_change(ctx, draft, by=by.name, request_id=by.request_id, at=by.at, user_id=by.user_id)
    until = logged.received_at + ctx.topology.undo_window
    return Reply(message=changes.echo(logged, at=by.at, undo_until=until, debt=await debt_with(ctx, logged.id)))


async def _with_debt(ctx: Context, invocation: Invocation, verb: re.Match[str]) -> Reply:
    """`done 12`, `open 12`, `extend 12 for 2h`."""
    number, when = int(verb["number"]), verb["when"]
    match verb["verb"].casefold():
        case "extend":
            span = read_span(when or "", invocation.at, await zone_of(ctx, invocation.user_id))
            if span is None:
                raise UserError(f"Until when? `/change extend {number} for 2h`, or `… until fri 18:00`")
            return Reply(message=debts.longer(*await extend_debt(ctx, number, span[1], invocation.by)))
        case "open":
            change, _ = await reopen_debt(ctx, number, invocation.by)
            return Reply(message=debts.opened(change))
        case _:
            return Reply(message=debts.closed(*await close_debt(ctx, number, invocation.by)))


COMMAND: Final = Command(
    name="/change",
    usage="<service>: <what> [for 2h] [!env] [#risk] [revert: …] · list · done",
    summary="Log a small change: a setting, a flag, a hand at the machine. Without text, a form opens.",
    examples=(
        "/change payments: raised the pool to 40 !prod revert: set it back to 20",
        "/change checkout: turned on new-cart for 5 % #flag",
        "/change payments: dropped the old index !prod #schema #emergency",
        "/change payments: retries off until fri 18:00 !prod revert: switch them on",
        "/change list",
        "/change done 12",
        "/change extend 12 for 2h",
        "/change undo 12",
    ),
    run=run,
)
