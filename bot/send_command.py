"""`twinspan send`: the command line of `bot.send`, one subcommand for each type of event."""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click
import httpx

from bot import clock
from bot.send import Delivery, Door, EventType, Exit, World, deliver, event
from bot.settings import InvalidSettings, for_sending
from models.words import ChangeKind, ChangeStatus, DeployKind, DeployStatus, IncidentStatus, Risk, Severity

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TIMEOUT: Final = 10.0

_DOOR: Final = (
    click.option("--server", metavar="URL", help="The bot's address [TWINSPAN_URL]."),
    click.option("--token", metavar="TOKEN", help="The source's secret [TWINSPAN_TOKEN]; better in a file."),
    click.option("--token-file", type=click.Path(dir_okay=False, path_type=Path), help="A file that holds the token."),
    click.option("--sign", is_flag=True, help="Sign with the token (X-Twinspan-Signature) instead of sending it."),
    click.option("--source", default="ci", show_default=True, help="The source in twinspan.yaml, of kind events."),
    click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds for all tries."),
    click.option("--file", type=click.File("rb"), help="Send this JSON (- for standard input) as it is, instead."),
)
_ABOUT: Final = (
    click.option("--service", help="The service, by any name twinspan.yaml knows."),
    click.option("--environment", help="The environment."),
    click.option("--id", help="What later events about the same thing repeat. Left out: from the CI's own variables."),
    click.option("--actor", help="Who did it."),
    click.option("--title", help="A headline."),
    click.option("--url", help="Where to read more."),
    click.option("--team", help="Whose it is."),
)


def _one_of(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


def _options(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group()
def send() -> None:
    """Post one event from any CI.

    Exits with 0 when it is stored (now or before), 1 when it could not be delivered, 2 when the command line is
    wrong, 3 when the bot refuses it.
    """


@send.command()
@_options(*_DOOR, *_ABOUT)
@click.option("--status", type=_one_of(DeployStatus), default="succeeded", show_default=True)
@click.option("--version", help="What is deployed.")
@click.option("--sha", help="The commit that is deployed.")
@click.option("--previous-sha", help="The commit that was there before.")
@click.option("--ref", help="The branch or tag.")
@click.option("--repository", metavar="URL", help="The repository.")
@click.option("--kind", type=_one_of(DeployKind), help="Why it was deployed.")
def deploy(**options: Any) -> None:
    """Tell of a deploy: twinspan send deploy --service payments --environment production --sha $SHA."""
    _send("deploy", options, needed=("service", "environment"))


@send.command()
@_options(*_DOOR, *_ABOUT)
@click.option("--status", type=_one_of(ChangeStatus), default="done", show_default=True)
@click.option("--summary", help="What was changed.")
@click.option("--kind", type=_one_of(ChangeKind), help="What it touched.")
@click.option("--risk", type=_one_of(Risk), help="How it was weighed.")
@click.option("--approver", help="Who approved it.")
@click.option("--revert", help="How to take it back.")
def change(**options: Any) -> None:
    """Tell of a small change: twinspan send change --service payments --summary "limit 50 -> 80"."""
    _send("change", options, needed=("service", "summary"))


@send.command()
@_options(*_DOOR, *_ABOUT)
@click.option("--status", type=_one_of(IncidentStatus), default="triggered", show_default=True)
@click.option("--severity", type=_one_of(Severity), help="sev1 is the worst.")
def incident(**options: Any) -> None:
    """Tell of an incident: twinspan send incident --service payments --id disk-full --title "Disk full"."""
    _send("incident", options, needed=("service", "title"))


def _send(type: EventType, options: dict[str, Any], *, needed: tuple[str, ...]) -> None:
    try:
        settings = for_sending()
    except InvalidSettings as error:
        click.echo(str(error), err=True)
        sys.exit(Exit.USAGE)
    door = Door(
        server=options.pop("server") or settings.url or _missing("--server or TWINSPAN_URL"),
        source=options.pop("source"),
        token=_token(options.pop("token"), options.pop("token_file"))
        or (settings.token.get_secret_value() if settings.token else _missing("--token-file or TWINSPAN_TOKEN")),
        patience=options.pop("timeout"),
        signs=options.pop("sign"),
    )
    _check(door)
    file = options.pop("file")
    if file is not None:
        body = _checked(file.read())
    else:
        for name in needed:
            _ = options[name] or _missing(f"--{name}")
        made = event(type, options, source=door.source, at=clock.utc_now(), job=settings.job, new_id=clock.new_id)
        body = json.dumps(made).encode()
    ended = asyncio.run(_deliver(door, body))
    click.echo(ended.line, err=ended.code is not Exit.STORED)
    sys.exit(ended.code)


async def _deliver(door: Door, body: bytes) -> Delivery:
    # Not for secrets: spreads the tries of many jobs that failed at the same moment.
    world = World(
        now=clock.utc_now,
        sleep=clock.sleep,
        elapsed=clock.monotonic,
        jitter=lambda: random.uniform(0.75, 1.25),  # noqa: S311  # spreads retries, guards nothing
    )
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        return await deliver(door, body, world, client=client)


def _missing(what: str) -> str:
    raise click.UsageError(f"Missing {what}.")


def _check(door: Door) -> None:
    try:
        parts = urlsplit(door.server)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise click.UsageError(f"{door.server} is not a web address, such as https://twinspan.example.com.")
    if not door.signs and not (door.token.isascii() and door.token.isprintable()):
        raise click.UsageError("The token has characters that no header can carry; use --sign.")


def _token(given: str | None, file: Path | None) -> str | None:
    if given and file:
        raise click.UsageError("Give --token or --token-file, not both.")
    if file is None:
        return given
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError("The token file cannot be read.") from error


def _checked(body: bytes) -> bytes:
    try:
        json.loads(body)
    except ValueError as error:
        raise click.UsageError("The file is not JSON.") from error
    return body
