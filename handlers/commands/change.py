"""`/change`: logs a small change in one line, or through a form; takes one back."""

import re
from typing import Final

from handlers.change_log import Draft, log_change, undo_change
from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import changes, help, modals
from handlers.wording import asks_for_help, environment_names, service_names, split_service, take_environment
from models.topology import Topology
from models.words import ChangeKind, Risk

_UNDO: Final = re.compile(r"undo\s+#?(\d{1,9})", re.IGNORECASE)
_REVERT: Final = re.compile(r"(?:^|\s)revert:\s*(?P<how>.+)$", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"(?<!\S)#([a-z]+)\b", re.IGNORECASE)
_RISKS: Final = {risk.value: risk for risk in Risk}
_KINDS: Final = {kind.value: kind for kind in ChangeKind}
_LONGEST_SUMMARY: Final = 500


def parse(text: str, topology: Topology) -> Draft:
    """Read `<service>: <what> [!env] [#risk] [#kind] [revert: …]`.

    Raises:
        UserError: the service or environment is unknown, or nothing is said of the change.
    """
    service, rest = split_service(text, topology)
    reverting = _REVERT.search(rest)
    revert = reverting["how"].strip() if reverting else None
    environment, what = take_environment(rest[: reverting.start()] if reverting else rest, service, topology)
    tags = {tag.casefold() for tag in _TAG.findall(what)}
    known = tags & (_RISKS.keys() | _KINDS.keys())
    summary = " ".join(_TAG.sub(lambda tag: "" if tag[1].casefold() in known else tag[0], what).split())
    if not summary:
        raise UserError(f"What changed? For example `/change {service.name}: raised the pool to 40 !prod`")
    return Draft(
        service=service.name,
        environment=environment,
        summary=summary[:_LONGEST_SUMMARY],
        risk=next((_RISKS[tag] for tag in _RISKS if tag in tags), None),
        kind=next((_KINDS[tag] for tag in _KINDS if tag in tags), None),
        revert=revert,
    )


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
    draft = parse(text, ctx.topology)
    logged = await log_change(ctx, draft, by=invocation.user_name, request_id=invocation.request_id, at=invocation.at)
    until = logged.received_at + ctx.topology.undo_window
    return Reply(message=changes.echo(logged, at=invocation.at, undo_until=until))


COMMAND: Final = Command(
    name="/change",
    usage="<service>: <what> [!env] [#risk] [revert: …]",
    summary="Log a small change: a setting, a flag, a hand at the machine. Without text, a form opens.",
    examples=(
        "/change payments: raised the pool to 40 !prod revert: set it back to 20",
        "/change checkout: turned on new-cart for 5 % #flag",
        "/change payments: dropped the old index !prod #schema #emergency",
        "/change undo 12",
    ),
    run=run,
)
