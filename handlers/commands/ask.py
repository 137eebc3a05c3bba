"""`/ask`: puts a question to the other side, under the name of who asks; the first reply there is the answer."""

import re
from typing import Final

from handlers.commands import Command, Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.places import bridge_here, channel_name
from handlers.questions import ask
from handlers.suggest import did_you_mean
from handlers.views import help
from handlers.views import questions as views
from handlers.wording import asks_for_help
from models.topology import Bridge, Topology
from models.words import Side

_WORDS: Final = re.compile(r"@?(?P<side>[^\s:,]+)[:,]?(?:\s+(?P<rest>.*))?", re.DOTALL)
_SIDES: Final[dict[str, Side]] = {
    "ops": "ops", "dev": "dev", "operations": "ops", "operators": "ops", "devs": "dev", "developers": "dev",
}  # fmt: skip


async def run(ctx: Context, invocation: Invocation) -> Reply:
    """Ask; without any words, show what waits for an answer."""
    text = invocation.text.strip()
    if asks_for_help(text):
        return Reply(message=help.command(COMMAND.name, COMMAND.usage, COMMAND.summary, COMMAND.examples))
    here = bridge_here(ctx.topology, await channel_name(ctx, invocation.channel_id))
    if text.casefold() in ("", "open", "waiting"):
        async with ctx.reading() as store:
            return Reply(message=views.waiting(await store.questions.waiting([here.name] if here else None)))
    side, bridge, question = parse(text, ctx.topology, here)
    asked = await ask(ctx, bridge, side, question, invocation.by)
    return Reply(message=views.asked(asked))


def parse(text: str, topology: Topology, here: Bridge | None) -> tuple[Side, Bridge, str]:
    """Return whom a text asks, across which bridge, and what.

    Raises:
        UserError: it names no side, or no bridge where one must be named.
    """
    read = _WORDS.match(text)
    word = read["side"].casefold() if read else ""
    if read is None or word not in _SIDES:
        raise UserError(f"Whom? `/ask ops …` or `/ask dev …`.{_meant(word)}")
    side, rest = _SIDES[word], (read["rest"] or "").strip()
    name, colon, after = rest.partition(":")
    named = topology.bridge_named(name) if colon else None
    if named:
        return side, named, after.strip()
    if here is None:
        known = [bridge.name for bridge in topology.bridges]
        meant = did_you_mean(name, known) if colon and " " not in name.strip() else ""
        example = known[0] if known else "payments"
        raise UserError(
            f"Across which bridge? Name it here, or ask in one of its channels: `/ask {side} {example}: …`.{meant}"
        )
    return side, here, rest


def _meant(word: str) -> str:
    meant = did_you_mean(word, ("ops", "dev"), "`/ask {}`")
    return meant if "Did you mean" in meant else ""


COMMAND: Final = Command(
    name="/ask",
    usage="ops|dev <question>",
    summary="Ask the other side; the first reply there is told to you. Alone: what waits for an answer.",
    examples=(
        "/ask ops is the disk alert on db-3 yours?",
        "/ask dev payments: may we restart the workers now?",
        "/ask",
    ),
    run=run,
)
