"""An incident's buttons and forms, as people press them."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers.actions import Outcome, Press
from handlers.actions.incidents import ACTIONS
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from models.records import Incident
from models.words import IncidentStatus, Severity
from tests.support.world import context, typed


@pytest.fixture
async def ctx(database: Database, at: datetime) -> Context:
    made = context(database)
    await COMMAND.run(made, typed("open sev3 payments: checkout fails", at))
    return made


async def press(ctx: Context, action: str, at: datetime, who: str = "Ben", value: str = "1") -> Outcome:
    pressed = Press(user_id=f"U{who}", user_name=who, value=value, trigger_id="t", request_id=f"{action}:{who}", at=at)
    return await ACTIONS.buttons[action](ctx, pressed)


async def submit(ctx: Context, outcome: Outcome, at: datetime, **fields: Any) -> Outcome:
    assert outcome.modal is not None
    view = outcome.modal.view
    carried = view["private_metadata"]
    said = Press(user_id="UBen", user_name="Ben", value=carried, trigger_id="", request_id="V1", at=at, fields=fields)
    return await ACTIONS.modals[view["callback_id"]](ctx, said)


async def incident(ctx: Context, number: int = 1) -> Incident:
    async with ctx.reading() as store:
        found = await store.incidents.get(number)
    assert found is not None
    return found


async def test_the_form_for_an_update_moves_rates_and_says_at_once(ctx: Context, at: datetime) -> None:
    form = await press(ctx, "incident_update", at)
    later = at + timedelta(minutes=3)
    answer = await submit(ctx, form, later, update="half is back", move="mitigate", severity="sev2", next="30m")
    assert Outcome() == answer
    now = await incident(ctx)
    assert (IncidentStatus.MITIGATED, Severity.SEV2) == (now.status, now.severity)
    async with ctx.reading() as store:
        response = await store.responses.get(1)
    assert ("half is back", later + timedelta(minutes=30)) == (response.update, response.next_update_at)


async def test_a_form_sent_after_somebody_else_moved_it_still_says_its_words(ctx: Context, at: datetime) -> None:
    form = await press(ctx, "incident_update", at)
    await press(ctx, "incident_mitigate", at, who="Mira")
    await submit(ctx, form, at, update="half is back", move="mitigate", severity="sev3", next=None)
    async with ctx.reading() as store:
        assert "half is back" == (await store.responses.get(1)).update
    assert "Mira" == (await incident(ctx)).mitigated_by


async def test_an_empty_update_is_asked_back_under_its_field(ctx: Context, at: datetime) -> None:
    answer = await submit(ctx, await press(ctx, "incident_update", at), at, update="  ")
    assert {"update": "Say what is new."} == answer.errors


async def test_the_first_to_say_i_have_command_has_it(ctx: Context, at: datetime) -> None:
    await press(ctx, "incident_command", at, who="Ben")
    async with ctx.reading() as store:
        assert ["Ben"] == [h.person for h in await store.responses.holders([1])]
    with pytest.raises(UserError, match="Ben is lead of INC-1 already"):
        await press(ctx, "incident_command", at, who="Ben")


async def test_a_button_on_a_closed_incident_says_so(ctx: Context, at: datetime) -> None:
    await press(ctx, "incident_close", at)
    with pytest.raises(UserError, match="INC-1 was closed by Ben"):
        await press(ctx, "incident_acknowledge", at, who="Mira")


async def test_the_form_for_a_new_one_takes_since_when_it_was_felt(ctx: Context, at: datetime) -> None:
    form = await COMMAND.run(ctx, typed("open", at, request_id="t9"))
    assert form.modal is not None
    fields = {"service": "checkout", "title": "slow", "severity": None, "since": "20m ago", "test": "test"}
    answer = await submit(ctx, Outcome(modal=form.modal), at, **fields)
    assert answer.message is not None
    assert (await incident(ctx, 2)).is_test
    async with ctx.reading() as store:
        assert at - timedelta(minutes=20) == (await store.responses.get(2)).impact_at
    refused = await submit(ctx, Outcome(modal=form.modal), at, **{**fields, "since": "soon"})
    assert ["since"] == list(refused.errors)


async def test_the_form_carries_which_incident_it_is_about(ctx: Context, at: datetime) -> None:
    form = await press(ctx, "incident_note", at)
    assert form.modal is not None
    assert "1" == json.loads(form.modal.view["private_metadata"])["incident"]
