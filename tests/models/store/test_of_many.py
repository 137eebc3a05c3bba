"""Questions about many things: each gets its own rows, and none reads a whole history."""

from datetime import timedelta
from typing import Any

import pytest

from bot.database import Database
from models.store import Store, lanes, suspects
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
    async with database.transaction() as store:
        await _say_that_it_is_large(store)
    async with database.reading() as store:
        explained: Any = await store.lanes._connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked.sql(count, 'sqlite')}", asked.values(things, "sqlite")
        )
        steps = [step for *_, step in explained]
    await database.close()
    assert [
        step for step in steps if step.startswith(("SCAN", "BLOOM")) and not step.endswith((" k", "ROW", "ROWS"))
    ] == []


async def _say_that_it_is_large(store: Store) -> None:
    """Give SQLite the statistics of a year: only then it thinks of filters of a whole history."""
    run = store.lanes._connection.exec_driver_sql
    await run("ANALYZE")
    for table, index, counts in (
        ("incident_services", "ix_incident_services_resolved_at", "100000 400 1 1"),
        ("incident_services", "ix_incident_services_started_at", "100000 400 1 1"),
        ("ledger", "ix_ledger_service_at", "1000000 4000 1"),
        ("ledger", "ix_ledger_remedied", "50000 200 1"),
        ("ledger", "ix_ledger_lane", "1000000 4000 4000 1 1 1"),
        ("ledger", "ix_ledger_ran", "1000000 4000 4000 1 1 1 1"),
    ):
        await run("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, index, counts))


async def test_each_thing_gets_its_own_rows(database: Database) -> None:
    asked = OfMany((("name", "text"), ("at", "timestamptz")), "SELECT k.n, k.name, k.at FROM k WHERE k.name <> 'none'")
    things = [(name, AT + timedelta(days=n)) for n, name in enumerate(["a", "none", "b"] * 50)]
    async with database.reading() as store:
        found = await store.lanes._ask_each(asked, things)
    assert [[] if name == "none" else [name] for name, _ in things] == [[row[0] for row in rows] for rows in found]
