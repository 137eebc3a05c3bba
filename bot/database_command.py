"""What the command line says of the database: which one it is, why it does not answer, what became of its schema."""

import re
import sys
from asyncio import run
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.database import Database, OldSchema, head_revision, migrate, revisions
from bot.log import Redactor
from handlers.errors import Unavailable

TROUBLE: Final = (SQLAlchemyError, Unavailable, OSError)

# SQLAlchemy puts the class of asyncpg's error before its words.
_CLASS: Final = re.compile(r"^<class '[^']*'>: ")


def place(url: str) -> str:
    """Return which database it is, without user and password: a file's path, or host and name."""
    parts = make_url(url)
    return str(parts.database) if parts.host is None else f"{parts.database} on {parts.host}"


def why(error: BaseException) -> str:
    """Return in the driver's own words, in one line and without secrets, why a database cannot be used."""
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        return why(error.__cause__)
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    words = str(said).strip().splitlines() or [""]
    return Redactor().text(_CLASS.sub("", words[0])) or type(said).__name__


def no_answer(error: BaseException) -> str:
    """Return the line for a person: why the database does not answer, and what to do."""
    return f"The database does not answer ({why(error)}): check DATABASE_URL."


@contextmanager
def answering() -> Iterator[None]:
    """Say in one line that the database does not answer or has another schema, and exit with 1."""
    try:
        yield
    except OldSchema as error:
        _fail(str(error))
    except TROUBLE as error:
        _fail(no_answer(error))


def bring(url: str, revision: str) -> str:
    """Bring the schema up or down to a revision of this release; return what became of it.

    Raises:
        click.UsageError: this release has no such revision.
    """
    known = revisions()
    if revision not in ("head", "base", *known):
        raise click.UsageError(
            f"There is no revision {revision}: this release knows base and {known[0]} to {known[-1]}."
        )
    current = run(_current(url))
    if current is not None and current > known[-1]:
        newer = f"{place(url)}: the schema is {current}, of a newer release than this one, which needs {known[-1]}"
        return f"{newer}; it serves this one too, nothing was changed."
    target = known[-1] if revision == "head" else revision
    # `migrate` goes down by steps, or to the base.
    steps = sum(target < name <= (current or "") for name in known)
    migrate(url, f"-{steps}" if steps and target != "base" else target)
    return f"{place(url)}: the schema is {'empty' if target == 'base' else target}{_from(current, target)}."


def _from(current: str | None, target: str) -> str:
    if current == target:
        return ", as it was"
    return f" (it was {current})" if current else ""


async def _current(url: str) -> str | None:
    database = Database(url)
    try:
        return await database.revision()
    finally:
        await database.close()


def schema(revision: str | None, *, is_sqlite: bool) -> tuple[str, str]:
    """Return what is to be said of a schema, and what to do about it where anything is."""
    head = head_revision()
    if revision == head:
        return f"schema {revision}", ""
    if revision is None and is_sqlite:
        return "a new file; `twinspan serve` makes its schema", ""
    if revision is not None and revision < head and is_sqlite:
        return f"schema {revision}; `twinspan serve` brings it to {head} by itself", ""
    if revision is not None and revision > head:
        return f"schema {revision}, of a newer release; it serves this one too", ""
    return f"schema {revision or 'empty'}, needs {head}", "Run `twinspan migrate`."


def _fail(problem: str) -> None:
    click.echo(problem, err=True)
    sys.exit(1)
