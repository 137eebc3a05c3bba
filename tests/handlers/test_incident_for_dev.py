"""The dev side's card of an incident: is it mine, is it my deploy, is the gate shut, what is asked of me."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers import causes, freezes
from handlers.context import Context
from handlers.freeze_sweep import tend
from handlers.incident_moves import move
from handlers.speech import render
from models.freezes import Freeze
from models.records import MessageRef
from tests.handlers.actions.test_causes import press
from tests.handlers.test_causes import NOW, SHOPS, a_suspect, by, event, shop
from tests.support.histories import remember

HOUR = timedelta(hours=1)
OWNED = replace(
    SHOPS, services=tuple(replace(s, owner="team storefront") if s.name == "shop" else s for s in SHOPS.services)
)


@pytest.fixture
async def ctx(database: Database) -> Context:
    await a_suspect(database)
    return shop(database, OWNED)


async def shown(ctx: Context, side: str = "dev", at: datetime = NOW, subject: str = "incident:1") -> str:
    async with ctx.reading() as store:
        said = await render(
            store,
            ctx.topology,
            subject=subject,
            part="card",
            side=side,
            channel=f"#payments-{side}",
            params={},
            at=at,
        )
    assert said is not None
    return json.dumps(said.blocks, ensure_ascii=False)


async def frozen(ctx: Context, service: str = "shop", **more: Any) -> Freeze:
    scope = freezes.scope_named(service, ctx.topology)
    return await freezes.freeze(ctx, scope, (NOW, NOW + HOUR), "charges fail", by("Jun"), **more)


async def test_it_says_whose_service_it_is(ctx: Context, database: Database) -> None:
    assert "*Service* shop (team storefront)" in await shown(ctx)
    assert "*Service* shop (nobody is named as owner)" in await shown(shop(database))


async def test_a_suspect_deploy_is_asked_after_with_its_buttons(ctx: Context) -> None:
    card = await shown(ctx)
    assert "*Probably* #3" in card
    assert "ops asks: is #3 yours, and the cause? Say *Not mine*, *Looking* or *Rolling back*" in card
    for action in ("deploy_not_mine", "deploy_looking", "deploy_rolling_back"):
        assert f'"action_id": "{action}"' in card
    assert "deploy_not_mine" not in await shown(ctx, "ops")
    assert "*Asked of you*" not in await shown(ctx, "ops")


async def test_once_somebody_looks_nothing_more_is_asked(ctx: Context) -> None:
    await press(ctx, "deploy_looking", "3")
    card = await shown(ctx)
    assert "*Asked of you* nothing more: ada has it" in card
    assert "👀 ada is looking at #3" in card


async def test_the_buttons_follow_what_was_said(ctx: Context) -> None:
    def offered(card: str) -> list[str]:
        return [name for name in ("not_mine", "looking", "rolling_back") if f'"deploy_{name}"' in card]

    await press(ctx, "deploy_looking", "3")
    for told in (await shown(ctx), await shown(ctx, subject="deploy:3")):
        assert ["not_mine", "rolling_back"] == offered(told)
    await press(ctx, "deploy_rolling_back", "3", who="Ben")
    for told in (await shown(ctx), await shown(ctx, subject="deploy:3")):
        assert ["not_mine"] == offered(told)
        assert "⏪ Ben is rolling back #3" in told


async def test_one_button_alone_stands_out_on_each_card(ctx: Context) -> None:
    for told in (await shown(ctx), await shown(ctx, subject="deploy:3")):
        assert 1 == told.count('"style": "primary"')


async def test_of_several_suspects_each_is_asked_after_on_its_own_message(database: Database) -> None:
    await a_suspect(database)
    await remember(database, [event("deploy", "d4", 42, status="succeeded", version="v4", fixes=["d2", "d3"])])
    ctx = shop(database)
    card = await shown(ctx)
    assert "*Probably* #2 shop `v2`, #3 shop `v3` (remediation: put right while this was open)" in card
    assert "ops asks: is one of #2 and #3 yours? Say so on the deploy's message" in card
    assert "deploy_not_mine" not in card
    for number in (2, 3):
        assert '"deploy_not_mine"' in await shown(ctx, subject=f"deploy:{number}")
    await press(ctx, "deploy_looking", "3")
    assert "ops asks: is #2 yours? Say so on the deploy's message" in await shown(ctx)
    await press(ctx, "deploy_rolling_back", "2", who="Ben", request="t2")
    assert "*Asked of you* nothing more: ada and Ben have it" in await shown(ctx)


async def test_of_several_causes_that_were_named_each_is_put_right_on_its_own_message(database: Database) -> None:
    deploys = [event("deploy", name, 40, status="succeeded", version=name) for name in ("d1", "d2")]
    told = event("incident", "i2", 41, status="triggered", title="Carts empty", caused_by=["d1", "d2"])
    await remember(database, [*deploys, told])
    card = await shown(shop(database))
    assert "ops asks: who puts #1 and #2 right? Say *Looking* or *Rolling back* on the deploy's message" in card


async def test_whoever_says_not_mine_is_asked_nothing_any_more(ctx: Context) -> None:
    await press(ctx, "deploy_not_mine", "3")
    card = await shown(ctx)
    assert "*Asked of you* nothing now" in card
    assert "*Cause* unknown, not #3" in card
    assert "deploy_not_mine" not in card


async def test_a_cause_that_a_person_named_is_to_be_put_right(database: Database) -> None:
    told = event("incident", "i2", 41, status="triggered", title="Carts empty", caused_by=["d3"])
    await remember(database, [event("deploy", "d3", 40, status="succeeded", version="v3"), told])
    assert "ops asks: who puts #1 right? Say *Looking* or *Rolling back*" in await shown(shop(database))


async def test_who_cannot_say_not_mine_any_more_is_not_offered_it(ctx: Context) -> None:
    await causes.set_cause(ctx, 1, "#3", by("Jun"))
    card = await shown(ctx)
    assert "deploy_not_mine" not in card
    assert "deploy_looking" in card


async def test_without_a_suspect_it_says_so_and_asks_nothing(database: Database) -> None:
    await remember(database, [event("incident", "i1", 41, status="triggered", title="Checkout fails")])
    card = await shown(shop(database))
    assert "*Cause* no deploy is suspected so far" in card
    assert "*Asked of you* nothing now" in card


@pytest.mark.parametrize("severity", ["sev1", "sev3"])
async def test_an_open_gate_offers_to_shut_it_where_it_is_bad_enough(database: Database, severity: str) -> None:
    await remember(database, [event("incident", "i1", 41, status="triggered", title="Down", severity=severity)])
    card = await shown(shop(database))
    assert "*Gate* open" in card
    assert (severity == "sev1") == ("*Freeze deploys* shuts it" in card) == ("freeze_for_incident" in card)


async def test_the_button_that_freezes_goes_with_the_freeze_and_comes_back_after_it(database: Database) -> None:
    await remember(database, [event("incident", "i1", 41, status="triggered", title="Down", severity="sev1")])
    ctx = shop(database)
    assert "freeze_for_incident" in await shown(ctx)
    await frozen(ctx)
    for side in ("dev", "ops"):
        assert "freeze_for_incident" not in await shown(ctx, side)
    assert "freeze_for_incident" in await shown(ctx, at=NOW + 2 * HOUR)
    await freezes.lift(ctx, 1, by("Jun"))
    assert "freeze_for_incident" in await shown(ctx)
    await move(ctx, 1, "mitigate", by("Jun"))
    assert "freeze_for_incident" not in await shown(ctx)


async def test_a_gate_that_is_shut_says_until_when_by_whom_and_why(ctx: Context) -> None:
    await frozen(ctx)
    card = await shown(ctx)
    assert "*Gate* ❄️ shut for shop until" in card
    assert "(F1 by Jun: charges fail)" in card
    assert "*Gate* open" in await shown(ctx, at=NOW + 2 * HOUR)


@pytest.mark.parametrize("other", [{"service": "billing"}, {"environment": "staging"}])
async def test_a_freeze_of_something_else_does_not_shut_it(ctx: Context, other: dict[str, str]) -> None:
    await remember_production(ctx)
    await frozen(ctx, **other)
    assert "*Gate* open" in await shown(ctx)


async def remember_production(ctx: Context) -> None:
    async with ctx.transaction() as store:
        incident = await store.incidents.get(1)
        assert incident is not None
        await store.incidents.save(replace(incident, environment="production"))


async def test_a_resolved_incident_asks_nothing(ctx: Context) -> None:
    await move(ctx, 1, "resolve", by("Jun"))
    card = await shown(ctx)
    assert "*Service* shop" in card
    for word in ("*Gate*", "*Asked of you*", "deploy_not_mine"):
        assert word not in card


async def test_a_freeze_that_comes_changes_or_ends_edits_the_cards_that_were_posted(ctx: Context) -> None:
    assert [] == await edited(ctx, await frozen(ctx))
    async with ctx.transaction() as store:
        for side in ("dev", "ops"):
            channel = f"#payments-{side}"
            ref = MessageRef(subject="incident:1", part="card", side=side, channel=channel, channel_id="C1", ts="1.1")
            await store.messages.remember(ref, NOW)
    both = ["incident:1|#payments-dev|card", "incident:1|#payments-ops|card"]
    assert both == await edited(ctx, await freezes.extend(ctx, 1, NOW + 2 * HOUR, by("Jun")))
    assert both == await edited(ctx, await freezes.take_over(ctx, 1, by("Mira")))
    await tend(ctx, NOW + 3 * HOUR, [])
    assert both == await edited(ctx)
    scope = freezes.scope_named("shop", ctx.topology)
    later = NOW + 3 * HOUR
    again = await freezes.freeze(ctx, scope, (later, later + HOUR), "it fails again", by("Jun", "r2", later))
    assert both == await edited(ctx)
    assert "*Gate* ❄️ shut" in await shown(ctx, at=later)
    assert both == await edited(ctx, await freezes.lift(ctx, again.id, by("Mira", "r3", later)))
    assert "*Gate* open" in await shown(ctx, at=later)


async def edited(ctx: Context, _: Freeze | None = None) -> list[str]:
    """Return which of the incident's cards wait to be said, and say them."""
    waiting = []
    async with ctx.transaction() as store:
        for side in ("dev", "ops"):
            while item := await store.outbox.take(f"#payments-{side}", NOW + 4 * HOUR):
                waiting += [f"{item.subject}|{item.channel}|{item.part}"] if item.subject == "incident:1" else []
                await store.outbox.sent(item, NOW)
    return sorted(waiting)
