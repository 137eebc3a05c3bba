"""Worked histories, through the same path as a webhook, on both databases, in the given order and in others."""

import random

import pytest

from bot.database import Database
from tests.support.histories import History, load, numbers_of, remember

HISTORIES = load()


@pytest.mark.parametrize("history", HISTORIES, ids=str)
async def test_a_worked_history_gives_its_numbers(database: Database, history: History) -> None:
    await remember(database, history.events)
    assert history.expect == await numbers_of(database, history)


@pytest.mark.parametrize("at_a_time", [1, 3, 100])
@pytest.mark.parametrize("history", [h for h in HISTORIES if len(h.events) > 1], ids=str)
async def test_the_order_of_arrival_changes_no_number(database: Database, history: History, at_a_time: int) -> None:
    events = list(history.events)
    random.Random(f"{history.name} {at_a_time}").shuffle(events)
    await remember(database, events, at_a_time=at_a_time)
    assert history.expect == await numbers_of(database, history)
