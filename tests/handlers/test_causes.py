"""What people say about causes: it wins, it shows at once, it can be taken back, and of two people one is first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers import causes, speech
from handlers.acting import By
from handlers.bookkeeping import book
from handlers.causes import Said
from handlers.context import Context
from handlers.errors import UserError
from handlers.recall import facts_then
from handlers.reports import Scope, read_report
from handlers.suspects import suspect_notices
from models.delivery import measure
from models.periods import window
from models.records import Incident, MessageRef
from models.reports import IncidentReport
from models.topology import Bridge, Topology
from models.words import Cause, EntryKind
from tests.support.histories import TOPOLOGY, remember, told_by
from tests.support.world import context

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=60)
SHA = "c" * 40
SHOPS = replace(
    TOPOLOGY, bridges=(Bridge(name="shop", dev="#payments-dev", ops="#payments-ops", services=("shop", "billing")),)
)


def shop(database: Database, topology: Topology = SHOPS) -> Context:
    return context(database, topology=topology)


def by(name: str = "Ada", request: str = "r1", at: datetime = NOW) -> By:
    return By(name=name, request_id=request, at=at)


def event(kind: str, name: str, hours: float, *, service: str = "shop", **said: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(hours=hours)
    place: dict[str, Any] = {"service": service, "environment": {"id": said.pop("environment", "production")}}
    if kind == "incident":
        place = {"services": [service]}
    stamp = {"id": f"e-{name}-{hours}-{said}", "source": "ci", "type": kind, "occurred_at": at.isoformat()}
    return {**stamp, **place, kind: {f"{kind}_id": name, **said}}


async def a_suspect(database: Database) -> None:
    """#1, #2 and #3 go out; INC-1 starts an hour after #3, which is so inferred."""
    git = {"commit_sha": SHA, "commits": [{"sha": "d" * 40}]}
    await remember(
        database,
        [
            event("deploy", "d1", 1, status="succeeded", version="v1"),
            event("deploy", "d2", 20, status="succeeded", version="v2", git=git),
            event("deploy", "d3", 40, status="succeeded", version="v3"),
            event("incident", "i1", 41, status="triggered", title="Checkout fails"),
        ],
    )


async def stored(database: Database, number: int = 1) -> Incident:
    async with database.reading() as store:
        incident = await store.incidents.get(number)
    assert incident is not None
    return incident


async def in_words(database: Database) -> str:
    async with database.reading() as store:
        return await causes.in_words(store, await stored(database))


def moved(said: Said) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    return [(e.week, e.before, e.after) for e in said.effects]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("#2 shop v2 (set by Ada)", "#2"),
        ("#2 shop v2 (set by Ada)", "deploy 2"),
        ("#2 shop v2 (set by Ada)", "d2"),
        ("#2 shop v2 (set by Ada)", SHA),
        ("#2 shop v2 (set by Ada)", "CCCCCCC"),
        ("#2 shop v2 (set by Ada)", "ddddddd"),
        ("external (set by Ada)", "External"),
        ("capacity (set by Ada)", "capacity"),
        ("unknown (set by Ada)", "unknown"),
        ("commit eeeeeee, not deployed yet (set by Ada)", "e" * 40),
    ],
)
async def test_a_cause_is_named_in_many_ways(database: Database, expected: str, words: str) -> None:
    await a_suspect(database)
    assert "#3 shop v3 (inferred)" == await in_words(database)
    said = await causes.set_cause(shop(database), 1, words, by())
    assert expected == said.now == await in_words(database)
    assert "#3 shop v3 (inferred)" == said.before


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("What caused INC-1\\? .*The deploys before it: `#3` \\(shop v3\\), `#2` \\(shop v2\\)", ""),
        ("I know no deploy “extrenal”.*Did you mean `external`\\?", "extrenal"),
        ("I know no deploy “#77”", "#77"),
        ("#4 is succeeded in staging: only a deploy that succeeded in production", "#4"),
    ],
)
async def test_what_is_no_cause_is_said(database: Database, complaint: str, words: str) -> None:
    await a_suspect(database)
    await remember(database, [event("deploy", "d4", 42, status="succeeded", environment="staging")])
    with pytest.raises(UserError, match=complaint):
        await causes.set_cause(shop(database), 1, words, by())


async def test_the_numbers_follow_at_once_and_follow_back(database: Database) -> None:
    await a_suspect(database)
    await remember(database, [event("incident", "i2", 42, status="triggered", title="Slow")])
    ctx = shop(database)
    first = await causes.set_cause(ctx, 1, "#2", by())
    assert [("this week", (1, 3), (2, 3))] == moved(first)
    second = await causes.set_cause(ctx, 2, "external", by(request="r2"))
    assert [("this week", (2, 3), (1, 3))] == moved(second)
    back = await causes.take_back(ctx, 2, by(request="r3"))
    assert ("#3 shop v3 (inferred)", [("this week", (1, 3), (2, 3))]) == (back.now, moved(back))
    same = await causes.set_cause(ctx, 2, "#3", by(request="r4"))
    assert [("this week", (2, 3), (2, 3))] == moved(same)


async def test_a_rate_of_an_earlier_week_names_the_week(database: Database) -> None:
    await a_suspect(database)
    said = await causes.set_cause(shop(database), 1, "unknown", by(at=NOW + timedelta(days=7)))
    assert [("in the week of 2026-03-02", (1, 3), (0, 3))] == moved(said)


@pytest.mark.parametrize("late", [{"caused_by": ["d1"]}, {"cause": "external"}, {"caused_by": []}])
async def test_a_person_wins_over_what_is_reported_later_and_the_report_waits(
    database: Database, late: dict[str, Any]
) -> None:
    await a_suspect(database)
    ctx = shop(database)
    await causes.set_cause(ctx, 1, "#2", by())
    await remember(database, [event("incident", "i1", 90, status="acknowledged", **late)])
    assert "#2 shop v2 (set by Ada)" == await in_words(database)
    await causes.take_back(ctx, 1, by(request="r2"))
    told = {"d1": "#1 shop v1 (named by the sender)", "external": "external (told by ci)"}
    named = str([*late.values()])
    expected = next((words for name, words in told.items() if name in named), "#3 shop v3 (inferred)")
    assert expected == await in_words(database)


async def test_a_deploy_that_is_named_before_it_arrives_is_blamed_when_it_does(database: Database) -> None:
    await a_suspect(database)
    await causes.set_cause(shop(database), 1, "e" * 40, by())
    late = event("deploy", "d0", 30, status="succeeded", version="v0", git={"commit_sha": "e" * 40})
    await remember(database, [late])
    assert "#4 shop v0 (set by Ada)" == await in_words(database)


async def test_a_history_of_who_said_what_is_kept(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    await causes.set_cause(ctx, 1, "#2", by())
    await causes.set_cause(ctx, 1, "capacity", by("Ben", "r2"))
    await causes.take_back(ctx, 1, by("Cy", "r3"))
    assert ("#2 shop v2 (set by Ada)", Cause.CHANGE) == (await in_words(database), (await stored(database)).ruled_cause)
    async with database.reading() as store:
        told = [(e.actor, e.text) for e in await store.incidents.timeline(1) if e.kind is EntryKind.CAUSE]
    assert [
        ("Ada", "#2 shop v2 (set by Ada); before: #3 shop v3 (inferred)"),
        ("Ben", "capacity (set by Ben); before: #2 shop v2 (set by Ada)"),
        ("Cy", "#2 shop v2 (set by Ada); before: capacity (set by Ben)"),
    ] == told
    with pytest.raises(UserError, match="Nobody has said anything about the cause of INC-1"):
        await causes.take_back(ctx, 1, by("Cy", "r4"))


async def test_what_was_decided_on_an_old_view_changes_nothing(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    await causes.set_cause(ctx, 1, "#2", by("Ben"), seen_at="")
    with pytest.raises(UserError, match="Ben changed the cause of INC-1 meanwhile"):
        await causes.set_cause(ctx, 1, "#1", by(request="r2"), seen_at="")
    with pytest.raises(UserError, match="Ben changed the cause of INC-1 meanwhile"):
        await causes.take_back(ctx, 1, by(), seen_at="")
    with pytest.raises(UserError, match="INC-1 has that cause already, set by Ben"):
        await causes.set_cause(ctx, 1, "d2", by(request="r3"))


@pytest.mark.parametrize(
    ("do", "complaint"),
    [
        (lambda ctx, who: causes.not_mine(ctx, 3, who), "said already that INC-1 is not #3's doing"),
        (lambda ctx, who: causes.claim(ctx, 3, EntryKind.LOOKING, who), "is looking at #3 already"),
        (lambda ctx, who: causes.claim(ctx, 3, EntryKind.ROLLING_BACK, who), "is rolling back #3 already"),
        (lambda ctx, who: causes.set_cause(ctx, 1, "#2", who, seen_at=""), "meanwhile|already"),
    ],
)
async def test_of_two_people_at_once_one_wins_and_the_other_is_told(
    database: Database, do: Callable[[Context, By], Awaitable[Any]], complaint: str
) -> None:
    await a_suspect(database)
    ctx = shop(database)
    outcomes = await asyncio.gather(do(ctx, by()), do(ctx, by("Ben", "r2")), return_exceptions=True)
    (told,) = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    with pytest.raises(UserError, match=complaint):
        raise told


async def test_what_is_not_ones_own_is_blamed_no_more_nor_anything_in_its_place(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    (said,) = await causes.not_mine(ctx, 3, by())
    assert ("not known", [("this week", (1, 3), (0, 3))]) == (said.now, moved(said))
    assert ("deploy:3",) == (await stored(database)).cleared
    await remember(database, [event("incident", "i1", 43, status="acknowledged")])
    assert "not known" == await in_words(database)
    with pytest.raises(UserError, match="Ada said already that INC-1 is not #3's doing"):
        await causes.claim(ctx, 3, EntryKind.LOOKING, by("Ben"))
    await causes.take_back(ctx, 1, by(request="r2"))
    assert "#3 shop v3 (inferred)" == await in_words(database)


async def test_what_a_person_set_is_not_cleared_by_a_press(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    await causes.set_cause(ctx, 1, "#3", by())
    with pytest.raises(UserError, match="Ada set #3 as the cause of INC-1"):
        await causes.not_mine(ctx, 3, by("Ben", "r2"))
    with pytest.raises(UserError, match="Nothing open is held against #2"):
        await causes.not_mine(ctx, 2, by("Ben", "r3"))
    with pytest.raises(UserError, match="#9 is no deploy that could have caused anything"):
        await causes.not_mine(ctx, 9, by("Ben", "r4"))


async def card(database: Database, subject: str, side: str = "dev") -> str:
    async with database.reading() as store:
        message = await speech.render(
            store, SHOPS, subject=subject, part="card", side=side, channel=f"#payments-{side}", params={}, at=NOW
        )
    assert message is not None
    return f"{message.text} {message.blocks}"


async def test_both_cards_say_what_is_suspected_and_who_looks_after_it(database: Database) -> None:
    await a_suspect(database)
    ctx = shop(database)
    assert "*Probably* #3 shop `v3` (inferred: latest deploy within 1 d)" in await card(database, "incident:1")
    suspect = await card(database, "deploy:3")
    assert "🔥 *suspect of* INC-1 Checkout fails (inferred)" in suspect
    assert all(name in suspect for name in ("Not mine", "Looking", "Rolling back"))
    assert "Not mine" not in await card(database, "deploy:3", "ops")
    await causes.claim(ctx, 3, EntryKind.LOOKING, by())
    await causes.claim(ctx, 3, EntryKind.ROLLING_BACK, by("Ben", "r2"))
    for subject in ("incident:1", "deploy:3"):
        shown = await card(database, subject)
        assert "👀 Ada is looking at #3 · ⏪ Ben is rolling back #3" in shown
    await causes.not_mine(ctx, 3, by(request="r3"))
    assert "suspect of" not in await card(database, "deploy:3")
    assert "*Cause* unknown, not #3 (said Ada)" in await card(database, "incident:1")
    await causes.set_cause(ctx, 1, "#2", by(request="r4"))
    assert "*Cause* #2 shop `v2` (set by Ada)" in await card(database, "incident:1")
    await remember(database, [event("incident", "i1", 50, status="resolved")])
    resolved = await card(database, "deploy:2")
    assert "INC-1 Checkout fails ✅ (set by Ada)" in resolved
    assert "Not mine" not in resolved


async def test_a_suspect_is_edited_only_where_it_was_posted(database: Database) -> None:
    await a_suspect(database)
    async with database.transaction() as store:
        assert [] == await suspect_notices(store, SHOPS, [1])
        posted = MessageRef(
            subject="deploy:3", part="card", side="dev", channel="#payments-dev", channel_id="C1", ts="1.1"
        )
        await store.messages.remember(posted, NOW)
        assert [("deploy:3", "#payments-dev")] == [
            (n.subject, n.channel) for n in await suspect_notices(store, SHOPS, [1])
        ]


async def test_what_holds_for_a_group_holds_for_what_joins_it(database: Database) -> None:
    await a_suspect(database)
    async with database.transaction() as store:
        await store.incidents.save(replace(await stored(database), group_key="g"))
    await causes.set_cause(shop(database), 1, "external", by())
    (told,) = told_by(event("incident", "i2", 61, status="triggered"))
    assert isinstance(told.report, IncidentReport)
    async with database.transaction() as store:
        await book(store, SHOPS, [told._replace(report=replace(told.report, group_key="g"))])
    joined = await stored(database, 2)
    assert (1, Cause.EXTERNAL, "Ada") == (joined.leader_id, joined.ruled_cause, joined.ruled_by)


async def ruled_by_number(ctx: Context) -> None:
    await causes.set_cause(ctx, 1, "#2", by())


async def ruled_external(ctx: Context) -> None:
    await causes.set_cause(ctx, 1, "external", by())


async def ruled_not_mine(ctx: Context) -> None:
    await causes.not_mine(ctx, 3, by())


@pytest.mark.parametrize("do", [ruled_by_number, ruled_external, ruled_not_mine])
async def test_what_is_attributed_all_at_once_agrees_with_what_a_person_said(
    database: Database, do: Callable[[Context], Awaitable[None]]
) -> None:
    await a_suspect(database)
    await do(shop(database))
    week, everything = window(MONDAY.date(), "week", "UTC"), Scope(name="all", services=None)
    async with database.reading() as store:
        live = await read_report(store, everything, week, NOW)
        recalled = measure([week], await facts_then(store, None, None, week.start, week.end, NOW), NOW)[0]
    assert (live.now.cfr_failed, live.now.failed_deploy_ids, live.now.attribution) == (
        recalled.cfr_failed,
        recalled.failed_deploy_ids,
        recalled.attribution,
    )
