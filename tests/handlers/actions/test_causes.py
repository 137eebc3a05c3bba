"""The buttons and the form about causes, as people press them."""

import json
from datetime import datetime
from typing import Any

import pytest

from bot.database import Database
from handlers import causes
from handlers.actions import Outcome, Press
from handlers.actions.causes import ACTIONS
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.views import modals
from tests.handlers.test_causes import NOW, a_suspect, by, event, shop, stored
from tests.support.histories import remember
from tests.support.world import typed


async def press(ctx: Context, action: str, value: str, who: str = "ada", request: str = "t1") -> Outcome:
    pressed = Press(
        user_id="U1", user_name=who, value=value, trigger_id=request, request_id=request, at=NOW, channel_id="C1"
    )
    return await ACTIONS.buttons[action](ctx, pressed)


async def submit(ctx: Context, form: Any, cause: str | None, who: str = "ada") -> Outcome:
    said = Press(
        user_id="U1",
        user_name=who,
        value=form["private_metadata"],
        trigger_id="",
        request_id=f"V-{who}",
        at=NOW,
        fields={"cause": cause},
    )
    return await ACTIONS.modals[form["callback_id"]](ctx, said)


def shown(outcome: Outcome) -> str:
    assert outcome.message is not None
    return outcome.message.text


async def form_of(ctx: Context) -> Any:
    outcome = await press(ctx, "incident_cause", "1")
    assert outcome.modal is not None
    return outcome.modal.view


async def test_the_form_offers_the_deploys_before_it_and_the_other_causes(database: Database) -> None:
    await a_suspect(database)
    await remember(database, [event("deploy", "late", 50, status="succeeded", version="v9")])
    view = await form_of(shop(database))
    (field,) = (block for block in view["blocks"] if block["type"] == "input")
    offered = [option["value"] for option in field["element"]["options"]]
    assert ["#3", "#2", "#1", "external", "capacity", "unknown"] == offered
    assert "C1" == modals.metadata(view["private_metadata"])["channel"]


async def test_a_cause_that_is_chosen_changes_the_numbers_and_can_be_undone(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    outcome = await submit(ctx, await form_of(ctx), "external")
    assert (
        "🔎 INC-1 Checkout fails: cause external (set by ada); before: #3 shop v3 (inferred). "
        "Change fail rate of shop this week: 1 of 3 → 0 of 3." == shown(outcome)
    )
    assert outcome.message is not None
    undo = outcome.message.blocks[-1]["elements"][0]
    back = await press(ctx, undo["action_id"], undo["value"], request="t2")
    assert "cause #3 shop v3 (inferred); before: external (set by ada)" in shown(back)
    with pytest.raises(UserError, match="Somebody changed the cause of INC-1 meanwhile"):
        await press(ctx, undo["action_id"], undo["value"], request="t3")


async def test_of_two_forms_open_at_once_the_second_is_told(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    one, two = await form_of(ctx), await form_of(ctx)
    await submit(ctx, one, "#2", "mira")
    with pytest.raises(UserError, match="mira changed the cause of INC-1 meanwhile"):
        await submit(ctx, two, "#1", "jun")
    assert ("deploy:2",) == (await stored(database)).ruled_causes


async def test_nothing_chosen_is_said_under_the_field(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    assert {"cause": "Choose what caused it."} == (await submit(ctx, await form_of(ctx), None)).errors


async def test_the_three_buttons_of_a_suspect(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    assert "You are looking at #3; INC-1 says so." == shown(await press(ctx, "deploy_looking", "3"))
    assert "You are rolling back #3; INC-1 says so." == shown(await press(ctx, "deploy_rolling_back", "3"))
    told = shown(await press(ctx, "deploy_not_mine", "3", request="t2"))
    assert "cause not known; before: #3 shop v3 (inferred). " in told
    assert told.endswith("Change fail rate of shop this week: 1 of 3 → 0 of 3.")
    with pytest.raises(UserError, match="ada said already that INC-1 is not #3's doing"):
        await press(ctx, "deploy_not_mine", "3", "jun", "t3")


@pytest.mark.parametrize("action", sorted(ACTIONS.buttons))
async def test_a_button_of_another_version_is_explained(database: Database, action: str) -> None:
    with pytest.raises(UserError, match="`/incident cause INC-12 …` instead"):
        await press(shop(database), action, "x")


async def test_an_incident_that_is_gone_is_said(database: Database) -> None:
    with pytest.raises(UserError, match="There is no incident INC-7"):
        await press(shop(database), "incident_cause", "7")


async def say(ctx: Context, text: str, at: datetime = NOW, request: str = "t1") -> str:
    reply = await COMMAND.run(ctx, typed(text, at, request_id=request))
    assert reply.message is not None
    return f"{reply.message.text} {json.dumps(reply.message.blocks, ensure_ascii=False)}"


async def test_the_command_sets_and_takes_back(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    assert "cause #2 shop v2 (set by Ada); before: #3 shop v3 (inferred)" in await say(ctx, "cause INC-1 #2")
    assert "cause #3 shop v3 (inferred)" in await say(ctx, "cause undo", request="t2")
    shown_now = await say(ctx, "show 1", request="t3")
    assert "*Probably* #3 shop `v3` (inferred: latest deploy within 1 d)" in shown_now
    assert "Ada set the cause: #2 shop v2 (set by Ada); before: #3 shop v3 (inferred)" in shown_now


async def test_while_one_incident_is_open_its_number_may_be_left_out(database: Database) -> None:
    await a_suspect(database)
    assert "INC-1 Checkout fails: cause #2 shop v2" in await say(shop(database), "cause #2")


async def test_the_command_asks_for_what_is_missing(database: Database) -> None:
    await a_suspect(database)
    with pytest.raises(UserError, match="What caused INC-1\\? A deploy"):
        await say(shop(database), "cause INC-1")
    with pytest.raises(UserError, match="There is no incident INC-9"):
        await say(shop(database), "cause INC-9 external")


async def test_a_claim_that_is_repeated_says_who_was_first(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    await press(ctx, "deploy_looking", "3", "mira")
    with pytest.raises(UserError, match="mira is looking at #3 already"):
        await press(ctx, "deploy_looking", "3", "jun", "t2")
    await causes.set_cause(ctx, 1, "#2", by())
    with pytest.raises(UserError, match="Nothing open is held against #3"):
        await press(ctx, "deploy_looking", "3", "jun", "t3")
