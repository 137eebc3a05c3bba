"""`twinspan import`: a history from a file, checked whole before any of it is written."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

import click

import handlers.imports as import_files
from bot import clock
from bot.database import Database, OldSchema, with_schema
from bot.database_command import TROUBLE, no_answer
from bot.interpreter import settle_for_bulk
from bot.settings import InvalidSettings, Settings, load
from handlers import importing
from handlers.csv_rows import most_like
from handlers.importing import Checked
from handlers.imports import Format, Item, Wrong
from handlers.registry import discover
from handlers.suggest import did_you_mean
from handlers.views.text import plural
from models.topology import Topology

FORMATS: Final = {form.name: form for form in discover(import_files, "FORMAT", Format)}
_PEEKED: Final = 64 * 1024
_MOST_NAMES: Final = 10


class Refused(Exception):
    """Nothing was written; the words say why and what to do."""


def run(
    settings: Settings,
    path: str,
    *,
    form: str,
    source: str | None,
    keep_names: bool,
    skip_unknown: bool,
    skip_bad: bool,
) -> str:
    """Import a file (`-`: standard input); return what came of it in words.

    Raises:
        Refused: the file has no known form, something in it is wrong, or names are unknown. Nothing was written.
    """
    with _opened(path) as text:
        reader = _format(text, form)
        found = importing.check(_items(reader, text), settings.topology)
        if found.wrong_count and not skip_bad:
            raise Refused(_wrong(found))
        topology = settings.topology
        if found.unknown and (keep_names or not topology.services):
            topology = importing.as_named(topology, found.unknown)
        elif found.unknown and not skip_unknown:
            raise Refused(_unknown(found, topology))
        if not found.events:
            return "There is no event in it: nothing to import."
        items = (item for item in _items(reader, text) if isinstance(item, Item))
        if found.unknown and skip_unknown:
            items = (item for item in items if importing.is_known(item, topology))
        told = (item._replace(source=source) for item in items) if source else items
        return asyncio.run(_write(settings, topology, told, found))


async def _write(settings: Settings, topology: Topology, items: Iterator[Item], found: Checked) -> str:
    database = Database(settings.database_url)
    try:
        await with_schema(database)
        with click.progressbar(
            length=found.events, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            done = await importing.write(database.at_once, topology, items, clock.utc_now(), bar.update)
    finally:
        await database.close()
    left_out = found.events - done.events
    parts = [f"{plural(done.events, 'event')} imported"]
    parts += [f"{done.known:,} known already"] if done.known else []
    parts += [f"{left_out:,} left out for unknown names"] if left_out else []
    parts += [f"{plural(found.wrong_count, 'malformed one')} left out:\n{_listed(found)}"] if found.wrong_count else []
    return "; ".join(parts) + "."


@contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    """Open a file that can be read twice: standard input is kept beside for the second time."""
    if path != "-":
        try:
            with Path(path).open(encoding="utf-8", newline="") as text:
                yield text
        except UnicodeDecodeError as error:
            raise Refused(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}.") from error
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}.") from error
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as kept:
        for chunk in iter(lambda: sys.stdin.read(_PEEKED), ""):
            kept.write(chunk)
        yield kept


def _format(text: TextIO, name: str) -> Format:
    if name != "auto":
        return FORMATS[name]
    text.seek(0)
    start = text.read(_PEEKED)
    if not start.strip():
        raise Refused("The file is empty: nothing to import.")
    with_header = [form for form in FORMATS.values() if form.header]
    found = next((form for form in FORMATS.values() if form.fits(start)), None) or most_like(start, with_header)
    if found is None:
        known = "\n".join(f"  {form.name}: {form.summary}" for form in FORMATS.values())
        headers = " or ".join(", ".join(form.header[:4]) + ", …" for form in with_header)
        raise Refused(f"The file has no form that is known. These are:\n{known}\nA CSV header has {headers}.")
    return found


def _items(reader: Format, text: TextIO) -> Iterator[Item | Wrong]:
    text.seek(0)
    return reader.read(text, clock.utc_now())


def _wrong(found: Checked) -> str:
    wrong = plural(found.wrong_count, "malformed entry", "malformed entries")
    return (
        f"Nothing was imported: {wrong} of {found.events + found.wrong_count:,}.\n"
        f"{_listed(found)}\nMend what is wrong, or leave it out with --skip-bad."
    )


def _listed(found: Checked) -> str:
    more = found.wrong_count - len(found.wrong)
    lines = [f"  {wrong.place}: {wrong.problem}" for wrong in found.wrong]
    return "\n".join([*lines, *([f"  and {more} more"] if more else [])])


def _unknown(found: Checked, topology: Topology) -> str:
    lines = []
    for name, environments in list(found.unknown.items())[:_MOST_NAMES]:
        service = topology.service_named(name)
        if service is None:
            lines.append(f"  service {name!r}." + did_you_mean(name, [s.name for s in topology.services]))
        else:
            known = [e.name for e in service.environments]
            lines += [f"  environment {e!r} of {name}." + did_you_mean(e, known) for e in environments]
    more = len(found.unknown) - _MOST_NAMES
    lines += [f"  and {more} more"] if more > 0 else []
    listed = "\n".join(lines)
    return (
        f"Nothing was imported: twinspan.yaml does not know these names.\n{listed}\nAdd them there, take them as they "
        "are with --as-named, or leave their events out with --skip-unknown."
    )


@click.command("import")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration [TWINSPAN_CONFIG, else ./twinspan.yaml].",
)
@click.option("--format", "form", type=click.Choice(["auto", *FORMATS]), default="auto", show_default=True)
@click.option("--source", help="Who told all of it, in place of what the file says.")
@click.option("--as-named", "keep_names", is_flag=True, help="Take unknown services and environments as they are.")
@click.option("--skip-unknown", is_flag=True, help="Leave out events whose service or environment is unknown.")
@click.option("--skip-bad", is_flag=True, help="Leave out malformed entries.")
@click.argument("path", metavar="FILE|-")
def import_(config: Path | None, path: str, **options: Any) -> None:
    """Import a history: events as JSON, deploys or incidents as CSV, DevLake's or Datadog's deployments.

    All of it is checked before any of it is written, and importing it again changes nothing. Slack hears nothing. Exits
    with 0 when it is written, 1 when nothing was, 2 when the configuration or the command line is wrong.
    """
    from bot.log import set_up

    try:
        settings = load(config=config)
        settle_for_bulk()
        set_up(secrets=settings.secrets)
        click.echo(run(settings, path, **options))
    except InvalidSettings as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (Refused, OldSchema) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except TROUBLE as error:
        click.echo(no_answer(error), err=True)
        sys.exit(1)
