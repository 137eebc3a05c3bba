"""A digest says the same numbers to both sides, each side's question first, and never a zero nobody knows."""

import json
from typing import Literal

import pytest
from hypothesis import given, settings

from bot.sandbox.blocks import problems, size
from handlers.views.digests import digest
from handlers.views.metric_rows import NAMES
from models.words import Side
from tests.handlers.views.samples import AT
from tests.handlers.views.test_said import assert_acceptable
from tests.handlers.views.test_text import HOSTILE
from tests.support.reading import cells, fallback, kinds, shown
from tests.support.snapshots import (
    Shown,
    busy_week,
    quiet_week,
    silent_week,
)

SIDES: tuple[Side, ...] = ("dev", "ops")


def test_dev_sees_what_went_out_first_and_ops_what_broke() -> None:
    dev, ops = (digest(Shown(busy_week()), side) for side in SIDES)
    delivered = ["data_table", "data_visualization", "context"]
    ran = ["section", "data_visualization", "context"]
    urgent, rest = ["section"] * 3, ["section", "section", "context", "context", "context"]
    assert ["header", "section", *delivered, *urgent, *ran, *rest] == kinds(dev)
    assert ["header", "section", *urgent, *ran, *delivered, *rest] == kinds(ops)
    assert ["Deploys", "Lead time"] == list(cells(dev))[1:3]
    assert ["Incidents", "Time to acknowledge"] == list(cells(ops))[1:3]


def test_both_sides_are_shown_the_same_numbers() -> None:
    dev, ops = (cells(digest(Shown(busy_week()), side)) for side in SIDES)
    assert dev == ops
    assert 8 == len(dev) - 1


def test_a_digest_says_of_when_it_is_what_it_is_compared_with_and_as_of_when_it_knows() -> None:
    said = shown(digest(Shown(busy_week()), "dev", by="Ada"))
    as_of = f"as of <!date^{AT.timestamp():.0f}^{{date_short_pretty}} at {{time}}|2026-03-02 09:00 UTC>"
    dates = "2026-02-23 to 2026-03-01, Europe/Berlin · compared with 2026-02-16 to 2026-02-22"
    assert f"{dates} · {as_of} · snapshot 17 · asked for by Ada" in said


@pytest.mark.parametrize("side", SIDES)
def test_a_quiet_period_is_one_line(side: Side) -> None:
    said = digest(Shown(quiet_week()), side)
    assert ["section", "context"] == kinds(said)
    assert "A quiet week: no deploys to production, no small changes, no incidents." in said.text
    assert said.plain_blocks is None


def test_a_quiet_week_that_corrects_an_earlier_one_is_not_quiet() -> None:
    moved = busy_week()["corrections"]
    said = shown(digest(Shown(quiet_week(corrections=moved)), "dev"))
    assert "No deploys" in said
    assert "Corrected since snapshot 16: W8 change fail rate 0 of 9 → 1 of 9" in said


@pytest.mark.parametrize("side", SIDES)
def test_what_nobody_told_of_is_unknown_and_not_zero(side: Side) -> None:
    said = digest(Shown(silent_week()), side)
    for words in ("– deploys", "– incidents", "no sender was heard of any", "never heard: github, alerts"):
        assert words in shown(said)
    assert "no deploy was ever told of: payments, checkout" in shown(said)
    assert "data_visualization" not in kinds(said)
    for row in list(cells(said).values())[1:]:
        assert ["–", "–", "–", "–"] == [cell[0] for cell in row]
        assert " " in row[0]
    for whole in (said, fallback(said)):
        assert not any(character in shown(whole) for character in ("*0", " 0 ", '"0"', " 0 of"))


@pytest.mark.parametrize("side", SIDES)
def test_the_fallback_says_what_the_chart_and_the_table_show(side: Literal["dev", "ops"]) -> None:
    said = digest(Shown(busy_week()), side)
    plain = fallback(said)
    assert not {"data_visualization", "data_table"} & set(kinds(plain))
    for name, row in list(cells(said).items())[1:]:
        assert f"• *{name}*  {row[0]}" in shown(plain)
        assert f"before: {row[1]}" in shown(plain)
    assert "last 8 weeks*" in shown(plain)
    assert "W9 " in shown(plain)


@pytest.mark.parametrize("side", SIDES)
def test_of_forty_services_the_busiest_are_shown_and_a_button_opens_the_rest(side: Side) -> None:
    numbers = busy_week("service-with-a-rather-long-name", 40, opened=12) | {"operations": [], "course": None}
    said = digest(Shown(numbers), side)
    for whole in (said, fallback(said)):
        assert [] == problems(list(whole.blocks))
        assert size(list(whole.blocks)) < 13_000
        assert 8 == shown(whole).count("• *service-with")
        assert "and 32 more services" in shown(whole)
        assert "and 6 more" in shown(whole)
        assert "Shortened" not in shown(whole)
        assert "…" not in shown(whole)
    asked = [block["accessory"] for block in said.blocks if "accessory" in block]
    assert {"metrics_rows"} == {button["action_id"] for button in asked}
    opened = [json.loads(button["value"])["number"] for button in asked]
    assert set(opened) <= set(NAMES)
    first = "incidents_started" if side == "ops" else "deploys"
    assert [first, "incidents_open", "fdrt_median_s", "cfr", "incidents_open", "services"] == opened


@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=25)
@given(words=HOSTILE)
def test_hostile_names_never_ping_and_never_break_a_digest(side: Side, words: str) -> None:
    said = digest(Shown(busy_week(words), bridge=words), side, by=words)
    assert_acceptable(said)
    assert_acceptable(fallback(said))


def test_a_snapshot_of_an_earlier_release_is_not_shown_wrong() -> None:
    said = digest(Shown({"deploys": {"succeeded": 1}}), "dev")
    assert "was computed by an earlier release: `/digest preview` shows it anew" in said.text


@pytest.mark.parametrize("side", SIDES)
def test_everything_at_its_largest_fits_into_one_message(side: Side) -> None:
    words = "a-name-of-forty-characters-or-even-some-more " * 4
    numbers = busy_week(words, services=60, opened=40)
    numbers["operations"] = [numbers["operations"][0] | {"reason": words}] * 40
    numbers["corrections"] = numbers["corrections"] * 40
    numbers["unmapped"] = numbers["unmapped"] * 40
    said = digest(Shown(numbers, bridge=words[:100]), side, by=words)
    for whole in (said, fallback(said)):
        assert [] == problems(list(whole.blocks))
        assert size(list(whole.blocks)) < 13_000
        assert "Shortened" not in shown(whole)
