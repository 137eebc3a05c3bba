"""Questions about many things: each gets its own rows, and none reads a whole history."""

from datetime import timedelta
from typing import Any

import pytest

from bot.database import Database
from models.store import lanes, suspects
from models.store.of_many import OfMany
from tests.handlers.views.samples import AT

QUESTIONS = {
    name: question
    for module in (lanes, suspects)
    for name, question in vars(module).items()
    if isinstance(question, OfMany)
}


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("name", QUESTIONS)
async def test_sqlite_looks_things_up_in_an_index(name: str, count: int, sqlite_url: str) -> None:
    database, asked = Database(sqlite_url), QUESTIONS[name]
    things = [[AT if kind == "timestamptz" else "x" for _, kind in asked.columns]] * count
    async with database.reading() as store:
        explained: Any = await store.lanes._connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked.sql(count, 'sqlite')}", asked.values(things, "sqlite")
        )
        steps = [step for *_, step in explained]
    await database.close()
    assert [
        step for step in steps if step.startswith(("SCAN", "BLOOM")) and not step.endswith((" k", "ROW", "ROWS"))
    ] == []


async def test_each_thing_gets_its_own_rows(database: Database) -> None:
    asked = OfMany((("name", "text"), ("at", "timestamptz")), "SELECT k.n, k.name, k.at FROM k WHERE k.name <> 'none'")
    things = [(name, AT + timedelta(days=n)) for n, name in enumerate(["a", "none", "b"] * 50)]
    async with database.reading() as store:
        found = await store.lanes._ask_each(asked, things)
    assert [[] if name == "none" else [name] for name, _ in things] == [[row[0] for row in rows] for rows in found]
