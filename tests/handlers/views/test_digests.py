"""A digest says the same numbers to both sides, each side's question first, and never a zero nobody knows."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pytest
from hypothesis import given, settings

from bot.sandbox.blocks import problems, size
from handlers.views import Message
from handlers.views.digests import digest
from models.words import Side
from tests.handlers.views.samples import AT
from tests.handlers.views.test_said import assert_acceptable
from tests.handlers.views.test_text import HOSTILE

EMPTY = {"median_s": None, "p90_s": None, "n": 0}


@dataclass(frozen=True)
class Shown:
    """A snapshot that was not stored."""

    numbers: dict[str, Any]
    id: int = 17
    bridge: str = "payments"
    timezone: str = "Europe/Berlin"
    computed_at: datetime = field(default=AT)


def service(name: str, succeeded: int | None = 0, **counts: int | None) -> dict[str, Any]:
    rest = None if succeeded is None else 0
    return {
        "name": name,
        "succeeded": succeeded,
        "failed": rest,
        "canceled": rest,
        "changes": 0,
        "incidents": 0,
    } | counts


def quiet_week(**changed: Any) -> dict[str, Any]:
    return {
        "length": "week",
        "first": "2026-02-23",
        "last": "2026-03-01",
        "is_running": False,
        "deploys": {"succeeded": 0, "failed": 0, "canceled": 0},
        "changes": 0,
        "incidents": {
            "opened": 0,
            "acknowledged": 0,
            "resolved": 0,
            "open": 0,
            "acknowledge": EMPTY,
            "restore": EMPTY,
        },
        "services": [service("payments"), service("checkout")],
        "history": [],
        "open": [],
        "silent": [],
        "never_heard": [],
        "unmapped": [],
    } | changed


def busy_week(words: str = "Checkout errors", services: int = 2, opened: int = 1) -> dict[str, Any]:
    one = {
        "id": 3,
        "title": words,
        "severity": "sev1",
        "status": "acknowledged",
        "services": [words, "payments"],
        "started_at": "2026-03-01T20:00:00+00:00",
    }
    return quiet_week(
        deploys={"succeeded": 11, "failed": 1, "canceled": 1},
        changes=4,
        incidents={
            "opened": 2,
            "acknowledged": 2,
            "resolved": 1,
            "open": opened,
            "acknowledge": {"median_s": 180.0, "p90_s": 300.0, "n": 2},
            "restore": {"median_s": 2520.0, "p90_s": 2520.0, "n": 1},
        },
        services=[
            service(f"{words[:30]} {n}", 11, failed=1, canceled=1, changes=4, incidents=2) for n in range(services)
        ],
        history=[
            {"first": "2026-02-16", "succeeded": 9, "failed": 0},
            {"first": "2026-02-23", "succeeded": 11, "failed": 1},
        ],
        open=[one] * opened,
        silent=[{"name": words, "last_received_at": AT.isoformat()}],
        never_heard=[words],
        unmapped=[{"kind": "service", "name": words, "deliveries": 2}] * 12,
    )


def fallback(said: Message) -> Message:
    assert said.plain_blocks is not None
    return Message(text=said.text, blocks=said.plain_blocks)


def kinds(said: Message) -> list[str]:
    return [block["type"] for block in said.blocks]


@pytest.mark.parametrize(
    ("sentence", "side"),
    [
        (
            "*11 deploys* to production (1 failed, 1 canceled besides), 4 small changes, "
            "*2 incidents* opened, 1 resolved, 1 still open.",
            "dev",
        ),
        (
            "*2 incidents* opened, 1 resolved, 1 still open; "
            "production took *11 deploys* (1 failed, 1 canceled besides), 4 small changes.",
            "ops",
        ),
    ],
)
def test_the_headline_answers_each_sides_own_question_first(sentence: str, side: Side) -> None:
    said = digest(Shown(busy_week()), side)
    assert f"Week 9, 23 Feb – 1 Mar 2026 · payments: {sentence}" == said.text
    assert sentence == said.blocks[1]["text"]["text"]


def test_dev_sees_what_went_out_first_and_ops_what_broke() -> None:
    dev, ops = (digest(Shown(busy_week()), side) for side in ("dev", "ops"))
    drawn = ["data_visualization", "data_table"]
    assert ["header", "section", *drawn, "section", "section", "context", "context"] == kinds(dev)
    assert ["header", "section", "section", "section", *drawn, "context", "context"] == kinds(ops)


def test_a_digest_says_of_when_it_is_and_as_of_when_it_knows() -> None:
    said = json.dumps(digest(Shown(busy_week()), "dev", by="Ada").blocks, ensure_ascii=False)
    as_of = f"as of <!date^{AT.timestamp():.0f}^{{date_short_pretty}} at {{time}}|2026-03-02 09:00 UTC>"
    assert f"2026-02-23 to 2026-03-01, Europe/Berlin · {as_of} · snapshot 17 · asked for by Ada" in said


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_a_quiet_period_is_one_line(side: Side) -> None:
    said = digest(Shown(quiet_week()), side)
    assert ["section", "context"] == kinds(said)
    assert "A quiet week: no deploys to production, no small changes, no incidents." in said.text
    assert said.plain_blocks is None


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_what_nobody_told_of_is_unknown_and_not_zero(side: Side) -> None:
    silent = quiet_week(
        deploys={"succeeded": None, "failed": None, "canceled": None},
        incidents=None,
        services=[service("payments", None, incidents=None), service("checkout", None, incidents=None)],
        never_heard=["github", "alerts"],
    )
    said = digest(Shown(silent), side)
    shown = json.dumps(said.blocks, ensure_ascii=False)
    for words in ("– deploys", "– incidents", "no sender has told of any yet", "never heard: github, alerts"):
        assert words in shown
    assert "no deploy was ever told of: payments, checkout" in shown
    assert " 0 " not in shown


def test_one_service_without_a_sender_is_a_dash_among_numbers() -> None:
    numbers = busy_week() | {"services": [service("payments", 11), service("legacy", None, changes=2)]}
    said = digest(Shown(numbers), "dev")
    table = next(block for block in said.blocks if block["type"] == "data_table")
    assert ["legacy", "–", "–", 2, 0] == [cell.get("text", cell.get("value")) for cell in table["rows"][2]]
    assert "• *legacy*  – deployed · – failed · 2 small changes · 0 incidents" in json.dumps(
        said.plain_blocks, ensure_ascii=False
    )
    assert "no deploy was ever told of: legacy" in json.dumps(said.blocks)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("*Time to restore*  – (none was resolved)", {"opened": 1}),
        ("*Time to restore*  – (start unknown)", {"resolved": 1}),
        ("*Time to acknowledge*  – (none was acknowledged)", {"opened": 1}),
        ("*Time to acknowledge*  – (start unknown)", {"acknowledged": 1}),
    ],
)
def test_a_missing_median_gives_its_reason(reason: str, changed: dict[str, int]) -> None:
    numbers = quiet_week()
    numbers["incidents"] |= changed
    assert reason in json.dumps(digest(Shown(numbers), "ops").blocks, ensure_ascii=False)


def test_medians_come_with_their_ninetieth_percentile_and_number() -> None:
    shown = json.dumps(digest(Shown(busy_week()), "ops").blocks, ensure_ascii=False)
    assert "*Time to acknowledge*  median 3 min · p90 5 min · n = 2" in shown


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_the_fallback_says_what_the_chart_and_the_table_show(side: Literal["dev", "ops"]) -> None:
    plain = fallback(digest(Shown(busy_week()), side))
    shown = json.dumps(plain.blocks, ensure_ascii=False)
    assert not {"data_visualization", "data_table"} & set(kinds(plain))
    assert "*Production deploys, last 2 weeks*\\nW8: 9 · W9: 11 (1 failed)" in shown
    counts = {
        "dev": "11 deployed · 1 failed · 1 canceled · 4 small changes · 2 incidents",
        "ops": "2 incidents · 11 deployed · 1 failed · 1 canceled · 4 small changes",
    }
    assert f"• *Checkout errors 0*  {counts[side]}" in shown


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_forty_services_are_all_shown(side: Side) -> None:
    said = digest(Shown(busy_week("service-with-a-rather-long-name", 40, opened=12)), side)
    table = next(block for block in said.blocks if block["type"] == "data_table")
    plain = fallback(said)
    assert 41 == len(table["rows"])
    assert 40 == json.dumps(plain.blocks, ensure_ascii=False).count("• *service-with")
    for whole in (said, plain):
        assert [] == problems(list(whole.blocks))
        assert size(list(whole.blocks)) < 13_000
        assert "and 2 more: `/incident list`" in json.dumps(whole.blocks)
        assert "Shortened" not in json.dumps(whole.blocks)


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_of_very_many_services_the_busiest_are_shown_and_the_rest_counted(side: Side) -> None:
    numbers = busy_week() | {"services": [service("s" * 250 + str(n), n) for n in range(1, 301)]}
    said = digest(Shown(numbers), side)
    for whole in (said, fallback(said)):
        assert [] == problems(list(whole.blocks))
        assert size(list(whole.blocks)) < 13_000
        assert "and 240 more services" in json.dumps(whole.blocks)
        assert "Shortened" not in json.dumps(whole.blocks)


@pytest.mark.parametrize("side", ["dev", "ops"])
@settings(max_examples=25, deadline=None)
@given(words=HOSTILE)
def test_hostile_names_never_ping_and_never_break_a_digest(side: Side, words: str) -> None:
    said = digest(Shown(busy_week(words), bridge=words, timezone=words), side, by=words)
    assert_acceptable(said)
    assert_acceptable(fallback(said))


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("Sunday 1 March 2026 so far", {"length": "day", "first": "2026-03-01", "is_running": True}),
        ("March 2026", {"length": "month", "first": "2026-03-01", "last": "2026-03-31"}),
        ("Week 53, 28 Dec – 3 Jan 2027", {"first": "2026-12-28", "last": "2027-01-03"}),
    ],
)
def test_periods_have_the_names_people_use(name: str, changed: dict[str, Any]) -> None:
    assert digest(Shown(quiet_week(**changed)), "dev").text.startswith(f"{name} · payments: A quiet")
