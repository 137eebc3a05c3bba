"""The buttons below numbers: what they carry, what they open, and what they say where they are of another version."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest

from bot.database import Database
from handlers.actions import Press
from handlers.actions.metrics import ACTIONS
from handlers.errors import UserError
from handlers.views.asked import Asked, read
from tests.support.world import context

ASKED = Asked(scope="payments", length="week", first="2026-02-23", timezone="Europe/Berlin", number="cfr")


@pytest.fixture
async def quick(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


def press(value: str, at: datetime) -> Press:
    return Press(user_id="U1", user_name="ada", value=value, trigger_id="t", request_id="t", at=at, channel_id="C1")


def test_what_a_button_carries_comes_back() -> None:
    assert ASKED.at_page(3) == read(ASKED.at_page(3).value())
    assert ASKED.of("deploys") == read(ASKED.at_page(3).of("deploys").value())


@pytest.mark.parametrize(
    "value",
    [
        "",
        "12",
        "null",
        "{}",
        '{"scope":"payments"}',
        ASKED.value().replace("2026-02-23", "2026-02-30"),
        ASKED.value().replace("week", "year"),
        replace(ASKED, page=-1).value(),
        ASKED.value().replace('"cfr"', '"cfr","page":"x"'),
        ASKED.value().replace('"cfr"', '"cfr","more":1'),
    ],
)
async def test_a_button_of_another_version_is_explained(quick: Database, at: datetime, value: str) -> None:
    with pytest.raises(UserError, match="`/metrics` shows the numbers with new ones"):
        await ACTIONS.buttons["metrics_rows"](context(quick), press(value, at))


@pytest.mark.parametrize("action", ["metrics_rows", "metrics_rows_cfr", "metrics_rows_next", "metrics_how"])
async def test_every_button_opens_a_form_that_remembers_the_channel(
    database: Database, at: datetime, action: str
) -> None:
    outcome = await ACTIONS.buttons[action](context(database), press(ASKED.value(), at))
    assert outcome.modal is not None
    shown = json.dumps(outcome.modal.view, ensure_ascii=False)
    assert "Change fail rate" in shown
    (row,) = (block for block in outcome.modal.view["blocks"] if block["type"] == "actions")
    carried = read(row["elements"][0]["value"])
    assert replace(ASKED, channel="C1") == carried
