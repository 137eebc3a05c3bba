"""The parts of a digest beside its table: what to look at, both sides, what may be lacking, how services ran."""

import json

import pytest

from handlers.views.digests import digest
from models.words import Side
from tests.handlers.views.samples import AT
from tests.support.reading import fallback, kinds, shown
from tests.support.snapshots import (
    Shown,
    busy_week,
    deployed,
    quiet_week,
    service,
    took,
    week,
)

SIDES: tuple[Side, ...] = ("dev", "ops")


@pytest.mark.parametrize(
    ("alt", "title", "side"),
    [
        (
            "Deploys: W2 0 · W3 0 · W4 0 · W5 0 · W6 0 · W7 0 · W8 9 (1 failed) · W9 12 (3 failed)",
            "Deploys to production, last 8 weeks",
            "dev",
        ),
        (
            "Incidents: W2 0 · W3 0 · W4 0 · W5 0 · W6 0 · W7 0 · W8 3 (1 failed deploy) · W9 2 (3 failed deploys)",
            "Incidents and failed deploys, last 8 weeks",
            "ops",
        ),
    ],
)
def test_the_chart_is_said_in_words_below_it(alt: str, title: str, side: Side) -> None:
    said = digest(Shown(busy_week() | {"course": None}), side)
    place = kinds(said).index("data_visualization")
    assert title == said.blocks[place]["title"]
    assert alt == said.blocks[place + 1]["elements"][0]["text"]


def test_highlights_say_what_why_and_what_next_and_lead_to_this_sides_message() -> None:
    dev, ops = (
        digest(Shown(busy_week()), side, links={"incident:3": f"https://slack.example/{side}"}) for side in SIDES
    )
    assert "👉 *<https://slack.example/dev|INC-3 Checkout errors> is still open*" in shown(dev)
    assert "👉 *<https://slack.example/ops|INC-3 Checkout errors> is still open*" in shown(ops)
    assert "_Next:_ say in its thread what is being done." in shown(ops)
    assert "*2 failed deploys not recovered yet*" in shown(dev)
    assert "_Next:_ roll back, or deploy the fix with `fixes`." in shown(dev)
    assert "*Checkout errors: 2 of 3 deploys failed*" in shown(dev)
    scopes = [json.loads(b["accessory"]["value"])["scope"] for b in dev.blocks if "accessory" in b]
    assert ["bridge:payments"] * 3 + ["service:Checkout errors"] == scopes


def test_a_number_that_got_worse_is_pointed_at_with_what_it_was() -> None:
    pointed = [{"kind": "fails_more"}, {"kind": "takes_longer", "number": "mttr_median_s"}]
    numbers = week(
        deployed(12, 3) | took("mttr", 7200.0, 9000.0, 6),
        deployed(9, 1) | took("mttr", 3600.0, 9000.0, 5),
        highlights=pointed,
    )
    said = shown(digest(Shown(numbers), "ops"))
    assert "*More deploys fail: 3 of 12 (25 %)*\\nIt was 1 of 9 (11 %) the week before." in said
    assert "*Time to restore is up: 2 h*\\nIt was 1 h the week before." in said


def test_what_the_two_sides_had_to_do_with_each_other_is_said_of_teams() -> None:
    said = shown(digest(Shown(busy_week()), "dev"))
    assert (
        "*Dev ↔ ops*  both sides took part in 1 of 2 incidents · the other side answered after 4 min (median of 1) · "
        "no cause recorded for 1 of 2 incidents · no owner named for 1 of 4 small changes" in said
    )


def test_what_the_two_sides_had_to_do_with_each_other_is_said_beside_the_period_before() -> None:
    numbers = busy_week()
    numbers["between_before"] = {
        **{"both": 2, "of": 3, "answers": 2, "answer_median_s": 7200.0, "no_cause": 0, "incidents": 3},
        **{"unowned": None, "changes": 0, "handoffs_on_time": None, "handoffs": 0},
    }
    said = shown(digest(Shown(numbers), "dev"))
    assert (
        "*Dev ↔ ops*  both sides took part in 1 of 2 incidents (before: 2 of 3) · "
        "the other side answered after 4 min (median of 1; before: 2 h) · "
        "no cause recorded for 1 of 2 incidents (before: 0 of 3) · no owner named for 1 of 4 small changes" in said
    )


def test_an_answer_is_a_median_of_those_that_are_known() -> None:
    numbers = busy_week()
    numbers["between"] |= {"both": 2, "answers": 1}
    said = shown(digest(Shown(numbers), "dev"))
    assert "both sides took part in 2 of 2 incidents · the other side answered after 4 min (median of 1)" in said


def test_questions_across_are_said_with_what_waits() -> None:
    numbers = busy_week()
    numbers["between"] |= {
        "handoffs": 3,
        "handoffs_on_time": 1,
        "questions": {"asked": 3, "answered": 2, "waiting": 1, "answer_median_s": 360.0},
        "waiting": [{"text": "is it <!here> yours?", "asked_at": AT.isoformat()}],
    }
    said = shown(digest(Shown(numbers), "dev"))
    assert "2 of 3 questions across answered, the first answer after 6 min (median)" in said
    assert "1 of 3 handoffs accepted on time" in said
    assert "unanswered: “is it &lt;!here&gt; yours?”" in said


def test_where_people_acted_at_an_unknown_place_nobody_is_said_to_have_stayed_away() -> None:
    numbers = busy_week()
    numbers["between"] |= {"both": None, "of": 0, "answer_median_s": None, "no_cause": 0, "unowned": 0}
    said = shown(digest(Shown(numbers), "dev"))
    assert "*Dev ↔ ops*  – of 2 incidents with both sides (where people acted is not known)" in said


def test_the_honesty_line_says_what_the_numbers_may_lack() -> None:
    numbers = busy_week() | {"settles_at": AT.isoformat()}
    said = shown(digest(Shown(numbers), "ops"))
    assert "⚠️ provisional: these numbers settle <!date^" in said
    assert "1 of 2 incidents held against a deploy only because it came shortly before" in said
    assert "silent: Checkout errors · never heard: Checkout errors · unmapped, not counted" in said


def test_many_corrections_are_counted() -> None:
    moved = busy_week()["corrections"][0]
    slower = moved | {
        "number": "mttr_median_s",
        "was": took("mttr", 60.0, 60.0, 1),
        "now": took("mttr", 120.0, 120.0, 2),
    }
    told_of = moved | {"number": "deploys", "was": {"deploys": None}, "now": {"deploys": 3}}
    said = shown(digest(Shown(quiet_week(corrections=[moved, slower, told_of, *[moved] * 3])), "dev"))
    assert "W8 time to restore 1m (n 1) → 2m (n 2) · W8 deploys – → 3" in said
    assert "and 2 more numbers" in said


def test_one_service_without_a_sender_is_a_dash_among_numbers() -> None:
    numbers = busy_week() | {
        "services": [service("payments", 11, previous_deploys=9), service("legacy", None, changes=2)]
    }
    said = shown(digest(Shown(numbers), "dev"))
    assert "• *payments*  11 deploys (before: 9) · 0 incidents" in said
    assert "• *legacy*  – deploys · 0 incidents · 2 small changes" in said
    assert "no deploy was ever told of: legacy" in said


def test_what_monitoring_reads_stands_beside_the_delivery_numbers_with_the_deploys_marked() -> None:
    said = digest(Shown(busy_week()), "ops")
    told = "99.951 % available (target 99.9 %, met) · error budget 51 % left · burn rate 0.49"
    assert f"*Operations*\\n• *Checkout errors*  {told} · latency 182 ms (target 300 ms, met)" in shown(said)
    course = next(block for block in said.blocks if block["type"] == "data_visualization")
    assert "Checkout errors: burn rate and deploys" == course["title"]
    assert ["Mon 10h", "Tue 00h", "Tue 14h"] == course["chart"]["axis_config"]["categories"][:3]
    assert {"Burn rate": 2.4, "Deploys": 0} == {
        one["name"]: one["data"][0]["value"] for one in course["chart"]["series"]
    }
    alt = "Burn rate: worst 2.4 in the step to Mon 10h · deploys in the steps to Tue 00h, Tue 14h"
    assert alt in shown(said)
    assert alt in shown(fallback(said))
    assert "*Checkout errors: burn rate and deploys*" in shown(fallback(said))


def test_where_no_error_budget_was_used_too_fast_there_is_no_chart_of_it() -> None:
    numbers = busy_week()
    for step in numbers["course"]["steps"]:
        step["value"] = 0.9
    assert 1 == kinds(digest(Shown(numbers), "dev")).count("data_visualization")


def test_what_monitoring_could_not_say_is_a_dash_with_its_reason() -> None:
    numbers = busy_week()
    numbers["operations"][0] |= {
        "availability": None,
        "error_budget_left": None,
        "burn_rate": None,
        "latency_s": None,
        "reason": "Prometheus does not answer",
    }
    said = shown(digest(Shown(numbers | {"course": None}), "ops"))
    assert "• *Checkout errors*  – available · – latency · Prometheus does not answer" in said


def test_a_button_says_whose_number_of_when_is_asked_for() -> None:
    button = digest(Shown(busy_week()), "dev").blocks[1]["accessory"]
    asked = {"scope": "bridge:payments", "length": "week", "first": "2026-02-23", "timezone": "Europe/Berlin"}
    assert asked | {"number": "deploys"} == json.loads(button["value"])
