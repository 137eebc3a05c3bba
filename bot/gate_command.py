"""`twinspan gate`: asks a running bot whether a deploy may go ahead; waits until it may, if wanted."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import click
import httpx

from bot import clock
from bot.settings import InvalidSettings, for_sending

ALLOWED: Final = 0
DENIED: Final = 1
WRONG: Final = 2
_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom to ask, what, and how long to wait (seconds; 0: not at all), looking every `every` seconds."""

    server: str
    query: dict[str, str]
    token: str | None = None
    wait: float = 0
    every: float = 10
    fail_open: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the exit code, the line that says why, and whether it is the bot's own word."""

    code: int
    line: str
    is_told: bool = False


async def ask(
    asking: Asking, client: httpx.AsyncClient, sleep: Callable[[float], Awaitable[None]] = clock.sleep
) -> Asked:
    """Ask until a deploy may go ahead, the wait is over, or the question itself is wrong."""
    deadline = clock.monotonic() + asking.wait
    while True:
        asked = await _once(asking, client)
        left = deadline - clock.monotonic()
        if asked.code != DENIED or left <= 0:
            return asked
        if asked.is_told:
            # What the bot called frozen does not become free because the bot is being restarted.
            asking = replace(asking, fail_open=False)
        click.echo(f"{asked.line} Waiting, {left:.0f} s at most.", err=True)
        await sleep(min(asking.every, left))


async def _once(asking: Asking, client: httpx.AsyncClient) -> Asked:
    headers = {"Authorization": f"Bearer {asking.token}"} if asking.token else {}
    try:
        answer = await client.get(f"{asking.server.rstrip('/')}/gate", params=asking.query, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return _not_told(asking, f"The bot could not be asked ({type(error).__name__}).")
    told = _object(answer)
    if answer.status_code in (400, 401, 404, 405) and "error" in told:
        return Asked(WRONG, str(told["error"]))
    if "allow" not in told:
        return _not_told(asking, f"{asking.server} answered {answer.status_code}, and not as a gate: is it the bot?")
    return Asked(ALLOWED if told["allow"] else DENIED, _in_words(told), is_told=True)


def _not_told(asking: Asking, why: str) -> Asked:
    return Asked(ALLOWED, f"{why} --fail-open lets it through.") if asking.fail_open else Asked(DENIED, why)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _in_words(told: dict[str, Any]) -> str:
    place = f"{told['service']} → {told['environment']}"
    reason = f": {told['reason']}" if told.get("reason") else ""
    if told["allow"]:
        override = told.get("override")
        by = f" (a pass from {override['by']}: {override['reason']})" if override else reason
        return f"Go ahead: {place}{by}."
    freeze = told.get("freeze") or {}
    owner = f", by {freeze['owner']}" if freeze.get("owner") else ""
    until = f" until {told['until']}" if told.get("until") else ""
    return f"Frozen: {place}{until}{reason}{owner}."


@click.command()
@click.option("--server", metavar="URL", help="The bot's address [TWINSPAN_URL].")
@click.option("--token", metavar="TOKEN", help="One of the gate's tokens [TWINSPAN_GATE_TOKEN].")
@click.option("--service", required=True, help="The service, by any name twinspan.yaml knows.")
@click.option("--environment", required=True, help="The environment.")
@click.option("--rollback", is_flag=True, help="It goes back to an earlier version.")
@click.option("--deploy", help="What names this deploy; a pass is for one. Left out: from the CI's own variables.")
@click.option("--by", help="Who deploys, for those who lift the freeze [GITHUB_ACTOR, GITLAB_USER_LOGIN].")
@click.option("--url", help="Where to read more [from the CI's own variables].")
@click.option("--wait", type=click.FloatRange(0), default=0.0, help="Seconds to wait for the freeze to end.")
@click.option("--every", type=click.FloatRange(1), default=10.0, show_default=True, help="Seconds between questions.")
@click.option("--fail-open", is_flag=True, help="Go ahead when the bot cannot be asked.")
def gate(**options: Any) -> None:
    """Ask whether a deploy may go ahead: exit code 0 if so, 1 if not, 2 when the question is wrong."""
    try:
        settings = for_sending()
    except InvalidSettings as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG)
    server = options["server"] or settings.url
    if not server:
        raise click.UsageError("Missing --server or TWINSPAN_URL.")
    query = {
        "service": options["service"],
        "environment": options["environment"],
        "deploy": options["deploy"] or settings.job,
        "by": options["by"] or settings.actor,
        "url": options["url"] or settings.run_url,
        "kind": "rollback" if options["rollback"] else None,
    }
    asking = Asking(
        server=server,
        query={name: value for name, value in query.items() if value},
        token=options["token"] or settings.gate_token,
        wait=options["wait"],
        every=options["every"],
        fail_open=options["fail_open"],
    )
    asked = asyncio.run(_ask(asking))
    click.echo(asked.line, err=asked.code != ALLOWED)
    sys.exit(asked.code)


async def _ask(asking: Asking) -> Asked:
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        return await ask(asking, client)
