"""The rows behind a number: they add up to it, each says what it is and where it leads, and a page is a page."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers.errors import UserError
from handlers.metric_rows import explain, read_page
from handlers.reports import Scope, read_report
from handlers.views import metric_how, metric_rows
from handlers.views.asked import Asked
from models.evidence import NUMBERS, behind
from models.periods import Window, previous
from models.records import MessageRef
from models.store.sources import Heard
from models.topology import Service, Topology
from tests.support.histories import History, load, remember

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = MONDAY + timedelta(days=7)
SHOP = Topology(services=(Service(name="shop"), Service(name="billing")))
HISTORIES = [h for h in load() if len(h.events) > 1]

# What counts in the numbers for each number that has rows.
COUNTS = {
    "deploys": "deploys",
    "lead_time_median_s": "lead_time_n",
    "cfr": "cfr_failed",
    "rework_rate": "rework_deploys",
    "fdrt_median_s": "fdrt_n",
    "incidents_started": "incidents_started",
    "mtta_median_s": "mtta_n",
    "mttr_median_s": "mttr_n",
    "incidents_open": "incidents_open",
    "incidents_unattributed": "incidents_unattributed",
    "deploy_attempts_failed": "deploy_attempts_failed",
}


@pytest.fixture
async def quick(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


def event(kind: str, name: str, hours: float, **said: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(hours=hours)
    place = {"service": "shop", "environment": {"id": "production", "tier": "production"}}
    if kind == "incident":
        place = {"services": ["shop"], "environment": "production"}
    stamp = {"id": f"e-{name}-{hours}", "source": "ci", "type": kind, "occurred_at": at.isoformat()}
    return {**stamp, **place, kind: {f"{kind}_id": name, **said}}


def deploy(name: str, hours: float, **said: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(hours=hours)
    return event("deploy", name, hours, **{"status": "succeeded", "finished_at": at.isoformat(), **said})


def asked(number: str, page: int = 0) -> Asked:
    return Asked(scope="shop", length="week", first="2026-03-02", timezone="UTC", number=number, page=page)


async def lines(database: Database, number: str) -> list[str]:
    async with database.reading() as store:
        return list((await read_page(store, SHOP, asked(number), NOW)).lines)


async def a_bad_week(database: Database) -> None:
    """Four deploys, one of them rolled back, one fixed by name; an incident of each, and one that nobody caused."""
    commit = {"sha": "a" * 40, "author": "Ada *the* first"}
    written = (MONDAY + timedelta(hours=1)).isoformat()
    brought = deploy("d2", 20, version="v2", git={"commits": [{**commit, "authored_at": written}]})
    await remember(
        database,
        [
            deploy("d1", 2, version="v1"),
            {**brought, "url": "https://ci.example/2"},
            event("incident", "i1", 21, status="triggered", severity="sev2", title="Checkout fails"),
            event("incident", "i1", 22, status="acknowledged"),
            deploy("d3", 23, version="v1"),
            event("incident", "i1", 24, status="resolved"),
            deploy("d4", 60, version="v3", status="failed"),
            event("incident", "i2", 100, status="triggered", severity="sev1", title="DNS", cause="external"),
        ],
    )


@pytest.mark.parametrize("history", HISTORIES, ids=str)
async def test_the_rows_add_up_to_every_number(quick: Database, history: History) -> None:
    await remember(quick, history.events)
    async with quick.reading() as store:
        report = await read_report(store, Scope(name="all", services=None), history.window, history.as_of)
        for window, numbers in ((history.window, report.now), (previous(history.window), report.previous)):
            facts = await store.rollouts.facts(None, None, window.start, window.end, history.as_of)
            expected = {n: count for n in NUMBERS if (count := getattr(numbers, COUNTS[n])) is not None}
            counted = {number: _counted(number, window, facts, history.as_of) for number in expected}
            assert expected == counted


def _counted(number: str, window: Window, facts: Any, as_of: datetime) -> int:
    return sum(item.left_out is None for item in behind(number, window, facts, as_of))


async def test_each_row_says_what_it_is_and_by_which_rule(database: Database) -> None:
    await a_bad_week(database)
    newest, _, oldest = await lines(database, "deploys")
    assert newest.startswith("• *#3* shop `v1` → production") and "rollback" in newest  # noqa: PT018
    assert oldest.startswith("• *#1* shop `v1`")
    (lead, *unknown) = await lines(database, "lead_time_median_s")
    assert "• *19 h* aaaaaaa — Ada ∗the∗ first · live with <https://ci.example/2|#2>" == lead
    assert 2 == sum("_left out: its sender told no commits_" in line for line in unknown)
    (failed,) = await lines(database, "cfr")
    assert "failed: rollback by #3; remediation by INC-1 Checkout fails" in failed
    (recovered,) = await lines(database, "fdrt_median_s")
    assert "recovered after *4 h*" in recovered
    assert "*#3*" in (await lines(database, "rework_rate"))[0]
    (attempt,) = await lines(database, "deploy_attempts_failed")
    assert attempt.startswith("• *#4* shop `v3` → production")


async def test_each_incident_says_what_it_is_held_against(database: Database) -> None:
    await a_bad_week(database)
    external, first = await lines(database, "incidents_started")
    assert external.startswith("• *INC-2* SEV1 DNS · shop · started ")
    assert external.endswith("triggered · held against no deploy")
    assert first.endswith("resolved · held against d2 (remediation)")
    assert [external] == await lines(database, "incidents_unattributed")
    assert [external] == await lines(database, "incidents_open")
    (restored,) = await lines(database, "mttr_median_s")
    assert restored.endswith("resolved after *3 h*")
    taken, nobody = await lines(database, "mtta_median_s")
    assert taken.endswith("acknowledged after *1 h*")
    assert nobody.endswith("_left out: acknowledged by nobody_")
    assert ["• *shop*  3 deploys · 2 incidents · 1 failed · 1 failed attempt"] == [
        line.replace(" (before: –)", "") for line in await lines(database, "services")
    ]


async def test_what_each_service_did_stands_beside_the_period_before(database: Database) -> None:
    await remember(database, [deploy("d0", -30), deploy("d1", -20), deploy("d2", 5)])
    assert "• *shop*  1 deploy (before: 2) · 0 incidents" == (await lines(database, "services"))[0]


async def test_a_row_leads_to_the_message_in_the_channel_it_was_asked_for_in(database: Database) -> None:
    await a_bad_week(database)
    async with database.transaction() as store:
        for side in ("dev", "ops"):
            card = MessageRef(
                subject="deploy:1",
                part="card",
                side=side,
                channel=f"#{side}",
                channel_id=f"C-{side}",
                ts="1.2",
                permalink=f"https://x.slack.com/{side}",
            )
            await store.messages.remember(card, MONDAY)
    async with database.reading() as store:
        for side in ("dev", "ops"):
            question = Asked(**{**json.loads(asked("deploys").value()), "channel": f"C-{side}"})
            page = await read_page(store, SHOP, question, NOW)
            assert f"<https://x.slack.com/{side}|#1>" in page.lines[-1]


async def test_pages_hold_every_row_once_and_end(database: Database) -> None:
    await remember(database, [deploy(f"d{n}", n) for n in range(40)], at_a_time=40)
    seen: list[str] = []
    async with database.reading() as store:
        pages = [await read_page(store, SHOP, asked("deploys", page), NOW) for page in range(4)]
    for page in pages[:3]:
        seen += [line.split()[1] for line in page.lines]
    assert sorted(f"*#{n}*" for n in range(1, 41)) == sorted(seen)
    assert pages[2].lines == pages[3].lines
    shown = [json.dumps(metric_rows.modal(page).view, ensure_ascii=False) for page in pages]
    assert ["← Previous" in view for view in shown[:3]] == [False, True, True]
    assert ["Next →" in view for view in shown[:3]] == [True, True, False]
    assert "Rows 31–40 of 40" in shown[2]


@pytest.mark.parametrize(
    ("expected", "number"),
    [
        ("3 deploys on 1 day", "deploys"),
        ("1 attempt failed before production changed and stay apart", "deploys"),
        ("1 ÷ 2 deploys that were no rollbacks = *50 %* (3 deploys − 1 rollback)", "cfr"),
        ("1 ÷ 3 deploys = *33 %*", "rework_rate"),
        ("the median of 1 commits: half took at most *19 h*", "lead_time_median_s"),
        ("*Left out*  2 rows: its sender told no commits; merge commits", "lead_time_median_s"),
        ("the median of 1 failed deploys that recovered", "fdrt_median_s"),
        ("2 incidents", "incidents_started"),
        ("*Left out*  environments that are not of the tier production", "deploys"),
        ("(168 h)", "deploys"),
        ("1 row: acknowledged by nobody", "mtta_median_s"),
        ("the median of 1 resolved incidents: half took at most *3 h*", "mttr_median_s"),
        ("1 open incidents", "incidents_open"),
        ("1 incidents", "incidents_unattributed"),
        ("1 attempts", "deploy_attempts_failed"),
        ("one row each", "services"),
        ("2026-03-02 00:00 up to, not including, 2026-03-09 00:00 in UTC, which is 2026-03-02 00:00 UTC", "cfr"),
    ],
)
async def test_a_number_is_explained_with_its_own_values(quick: Database, expected: str, number: str) -> None:
    await a_bad_week(quick)
    async with quick.reading() as store:
        view = metric_how.modal(await explain(store, SHOP, asked(number), NOW)).view
    assert expected in json.dumps(view, ensure_ascii=False)


async def test_a_period_that_still_runs_is_explained_as_such(quick: Database) -> None:
    await a_bad_week(quick)
    async with quick.reading() as store:
        at = MONDAY + timedelta(hours=67, minutes=4, seconds=33)
        told = json.dumps(metric_how.modal(await explain(store, SHOP, asked("deploys"), at)).view, ensure_ascii=False)
    assert "3 deploys on 1 day, 1.07 per day so far" in told
    assert "(67.1 h)" in told


@pytest.mark.parametrize("number", [*NUMBERS, "services"])
async def test_where_nothing_is_known_a_number_is_explained_without_a_zero(quick: Database, number: str) -> None:
    async with quick.reading() as store:
        view = json.dumps(metric_how.modal(await explain(store, SHOP, asked(number), NOW)).view)
        page = metric_rows.modal(await read_page(store, SHOP, asked(number), NOW))
    assert "*0*" not in view
    assert page.view["blocks"]


async def fall_silent(database: Database) -> None:
    """One deploy by the only sender, and three weeks of nothing."""
    await remember(database, [deploy("d0", -480)])
    early = MONDAY - timedelta(days=20)
    spoke = {"first_received_at": early, "last_received_at": early, "last_event_at": early}
    async with database.transaction() as store:
        await store.sources.hear([Heard(name="ci", kind="events", deliveries=1, **spoke)])


@pytest.mark.parametrize("number", ["deploys", "cfr", "rework_rate", "lead_time_median_s", "incidents_started"])
async def test_what_nobody_ever_told_of_and_what_nobody_tells_of_any_more_are_explained_apart(
    quick: Database, number: str
) -> None:
    async def explained() -> str:
        async with quick.reading() as store:
            view = metric_how.modal(await explain(store, SHOP, asked(number), NOW)).view
        return json.dumps(view, ensure_ascii=False)

    never = await explained()
    await fall_silent(quick)
    silent = await explained()

    assert ("had been heard" in never, "is silent" in never) == (True, False)
    assert ("had been heard" in silent, "every sender is silent since <!date^" in silent) == (False, True)
    assert "0 deploys" not in never + silent


async def test_a_service_of_which_nobody_tells_any_more_has_no_zeros_behind_a_number(quick: Database) -> None:
    await fall_silent(quick)
    assert ["• *shop*  – deploys · – incidents"] == await lines(quick, "services")


@pytest.mark.parametrize(
    ("complaint", "changed"),
    [
        ("is not in the configuration any more", {"scope": "gone"}),
        ("That button is of another version", {"number": "velocity"}),
        ("has not begun yet", {"first": "2026-03-16"}),
    ],
)
async def test_what_cannot_be_asked_is_said(quick: Database, complaint: str, changed: dict[str, str]) -> None:
    question = Asked(**{**json.loads(asked("cfr").value()), **changed})
    async with quick.reading() as store:
        with pytest.raises(UserError, match=complaint):
            await read_page(store, SHOP, question, NOW)
