"""`twinspan route`: what a payload would do by a configuration, before it is in use."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click
from sqlalchemy import make_url

from bot import clock
from bot.database import Database, head_revision, with_schema
from bot.database_command import TROUBLE, no_answer
from bot.settings import InvalidSettings, Settings, load
from handlers.errors import UserError
from handlers.rehearsal import Payload, rehearse
from handlers.views.rehearsal import Rehearsal, summary
from handlers.views.text import readable

_EMPTY: Final = "The database is new or of another release: this is tried on an empty one."


async def _rehearsed(settings: Settings, payload: Payload) -> Rehearsal:
    async with _database(settings.database_url) as database:
        async with database.reading() as store:
            topology = settings.topology.with_mappings(await store.names.mappings())
            topology = topology.with_links(await store.links.standing())
        return await rehearse(database.transaction, database.reading, topology, payload, clock.utc_now())


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    """Yield the database, or an empty one in a file of its own where that has not the schema of this release."""
    if _is_there(url):
        async with _closing(Database(url)) as database:
            if await database.revision() == head_revision():
                yield database
                return
    click.echo(_EMPTY, err=True)
    with tempfile.TemporaryDirectory() as folder:
        async with _closing(Database(f"sqlite+aiosqlite:///{folder}/empty.db")) as database:
            await with_schema(database)
            yield database


@asynccontextmanager
async def _closing(database: Database) -> AsyncIterator[Database]:
    try:
        yield database
    finally:
        await database.close()


def _is_there(url: str) -> bool:
    """Say whether there is something to open: opening a file of SQLite would make it."""
    place = make_url(url)
    return place.get_backend_name() != "sqlite" or Path(place.database or "").is_file()


def _headers(given: Iterable[str]) -> dict[str, str]:
    pairs = [text.partition(":") for text in given]
    for name, colon, _ in pairs:
        if not colon or not name.strip():
            raise click.BadParameter(f"write 'Name: value', not {name!r}", param_hint="--header")
    return {name.strip(): value.strip() for name, _, value in pairs}


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration [TWINSPAN_CONFIG, else ./twinspan.yaml].",
)
@click.option(
    "--source", metavar="NAME", help="The sender, as the configuration names it. May be left out if it is one."
)
@click.option("--event", help="The event of GitHub or GitLab. Left out, it is guessed from the payload.")
@click.option("--header", "headers", metavar="'NAME: VALUE'", multiple=True, help="A header of the request; repeat it.")
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
def route(config: Path | None, source: str | None, event: str | None, headers: tuple[str, ...], file: BinaryIO) -> None:
    """Show what a payload would do: records, messages, channels, and by which rule.

    No signature is asked for; nothing is stored, queued or posted. Exits with 0 when it is understood (also when it
    would be ignored), 1 when it is malformed or the database does not answer, 2 when the configuration or the command
    line is wrong.
    """
    payload = Payload(body=file.read(), source=source, event=event, headers=_headers(headers))
    try:
        told = asyncio.run(_rehearsed(load(config=config), payload))
    except (InvalidSettings, UserError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except TROUBLE as error:
        click.echo(no_answer(error), err=True)
        sys.exit(1)
    click.echo("\n".join(readable(line).replace("*", "") for line in summary(told)))
    sys.exit(1 if told.is_refused else 0)
