"""A digest says the same numbers to both sides, each side's question first, and never a zero nobody knows."""

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings

from bot.sandbox.blocks import problems, size
from handlers.views import Message
from handlers.views.digest_words import headline
from handlers.views.digests import digest
from models.words import Side
from tests.handlers.views.samples import AT
from tests.handlers.views.test_said import assert_acceptable
from tests.handlers.views.test_text import HOSTILE
from tests.support.snapshots import UNKNOWN, Shown, busy_week, deployed, quiet_week, service, silent_week, took, week

SIDES: tuple[Side, ...] = ("dev", "ops")


def fallback(said: Message) -> Message:
    assert said.plain_blocks is not None
    return Message(text=said.text, blocks=said.plain_blocks)


def kinds(said: Message) -> list[str]:
    return [block["type"] for block in said.blocks]


def shown(said: Message) -> str:
    return json.dumps(said.blocks, ensure_ascii=False)


def cells(said: Message) -> dict[str, list[str]]:
    table = next(block for block in said.blocks if block["type"] == "data_table")
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize(
    ("sentence", "side"),
    [
        (
            "*12 deploys*, 3 more than the week before (1 attempt failed before production), 4 small changes; "
            "change fail rate up from 1 of 9 to 3 of 12; lead time down from 8 h to 5 h 12 min; "
            "*2 incidents*, 1 fewer, 1 open now.",
            "dev",
        ),
        (
            "*2 incidents*, 1 fewer than the week before, 1 open now; "
            "*12 deploys*, 3 more (1 attempt failed before production), 4 small changes; "
            "3 of 12 failed, up from 1 of 9.",
            "ops",
        ),
    ],
)
def test_the_headline_says_what_changed_and_answers_each_sides_own_question_first(sentence: str, side: Side) -> None:
    said = digest(Shown(busy_week()), side)
    assert f"Week 9, 23 Feb – 1 Mar 2026 · payments: {sentence}" == said.text
    assert sentence == said.blocks[1]["text"]["text"]


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("*12 deploys*, as many as the week before; no new incidents.", week(deployed(12), deployed(12))),
        (
            "No deploys, 12 fewer than the week before, 1 small change; no new incidents.",
            week({"changes": 1}, deployed(12)),
        ),
        (
            "A quiet week: no deploys to production (12 the week before), no small changes, no incidents.",
            week({}, deployed(12)),
        ),
        ("*1 deploy*, 1 more than the week before; *1 incident*, 1 more.", week(deployed(1, incidents_started=1))),
        ("*2 deploys*; 1 of 2 failed; no new incidents.", week(deployed(2, 1), UNKNOWN | {"incidents_started": 0})),
        (
            "*4 deploys* so far (9 in all of the week before); 1 of 4 failed; no new incidents.",
            week(deployed(4, 1), deployed(9), is_running=True),
        ),
        (
            "*9 deploys*, as many as the week before; change fail rate down from 2 of 9 to 0 of 9; no new incidents.",
            week(deployed(9), deployed(9, 2)),
        ),
        (
            "*9 deploys*, as many as the week before; 1 of 9 failed; no new incidents.",
            week(deployed(9, 1), deployed(9, 1)),
        ),
    ],
)
def test_a_headline_compares_only_what_can_be_compared(sentence: str, numbers: dict[str, Any]) -> None:
    assert sentence == headline(numbers, "dev")


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


@pytest.mark.parametrize(
    ("now", "row", "numbers"),
    [
        ("– nothing deployed", "Change fail rate", week({"changes": 1})),
        ("– no commits told", "Lead time", week(deployed(3))),
        ("– nothing failed", "Recovery time", week(deployed(3))),
        ("– none recovered", "Recovery time", week(deployed(3, 1))),
        ("– none acknowledged", "Time to acknowledge", week({"incidents_started": 1})),
        ("– none resolved", "Time to restore", week({"incidents_open": 1})),
        ("– no incidents", "Time to restore", week(deployed(3))),
        ("1 of 4", "Change fail rate", week(deployed(4, 1))),
        ("3 of 12 (25 %)", "Change fail rate", week(deployed(12, 3))),
        ("5m · p90 10m · n 3", "Time to restore", week(took("mttr", 300.0, 600.0, 3))),
    ],
)
def test_a_number_comes_with_what_it_is_made_of_or_with_the_reason_why_there_is_none(
    now: str, row: str, numbers: dict[str, Any]
) -> None:
    assert now == cells(digest(Shown(numbers), "dev"))[row][0]


@pytest.mark.parametrize(
    ("change", "row", "now", "before"),
    [
        ("▲ better, +3", "Deploys", deployed(12), deployed(9)),
        ("▼ worse, −3", "Deploys", deployed(9), deployed(12)),
        ("= same", "Deploys", deployed(9), deployed(9)),
        ("▼ worse, +14 pp", "Change fail rate", deployed(12, 3), deployed(9, 1)),
        ("▲ better, −11 pp", "Change fail rate", deployed(9), deployed(9, 1)),
        ("▼ worse", "Change fail rate", deployed(4, 3), deployed(9, 1)),
        ("–", "Change fail rate", deployed(4, 3), {}),
        ("▼ worse, +2", "Incidents", deployed(1, incidents_started=3), deployed(1, incidents_started=1)),
        (
            "▲ better, −50 %",
            "Lead time",
            took("lead_time", 3600.0, 1.0, 5),
            took("lead_time", 7200.0, 1.0, 5),
        ),
        ("▼ worse, +1h", "Time to restore", took("mttr", 7200.0, 1.0, 4), took("mttr", 3600.0, 1.0, 9)),
        ("▼ worse, +1h", "Time to restore", took("mttr", 3600.0, 1.0, 9), took("mttr", 0.0, 1.0, 9)),
    ],
)
def test_arrows_mean_better_or_worse_and_say_so(
    change: str, row: str, now: dict[str, Any], before: dict[str, Any]
) -> None:
    assert change == cells(digest(Shown(week(now, before, corrections=busy_week()["corrections"])), "dev"))[row][2]


def test_the_median_of_eight_periods_and_their_trend_leave_out_what_is_unknown() -> None:
    numbers = week(deployed(12), deployed(6))
    for one in numbers["history"][:4]:
        one["deploys"] = None
    assert "3 ····▁▁▅█" == cells(digest(Shown(numbers), "dev"))["Deploys"][3]


def test_targets_are_shown_where_there_are_any_with_whether_they_are_met() -> None:
    assert "Target" not in json.dumps(digest(Shown(week(deployed(3))), "dev").blocks)
    targets = {name: row[-1] for name, row in cells(digest(Shown(busy_week()), "dev")).items()}
    assert "at least 1 a day, met" == targets["Deploys"]
    assert "at most 1d, met" == targets["Lead time"]
    assert "at most 15 %, missed" == targets["Change fail rate"]
    assert "–" == targets["Incidents"]


def test_a_period_that_still_runs_is_not_called_better_or_worse() -> None:
    numbers = week(deployed(4), deployed(9), is_running=True)
    assert "–" == cells(digest(Shown(numbers), "dev"))["Deploys"][2]
    assert "this period still runs" in shown(digest(Shown(numbers), "dev"))


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
    first = "incidents_started" if side == "ops" else "deploys"
    assert [first, "incidents_open", "fdrt_open", "failed_deploys", "incidents_open", "services"] == opened


def test_a_button_says_whose_number_of_when_is_asked_for() -> None:
    button = digest(Shown(busy_week()), "dev").blocks[1]["accessory"]
    asked = {"scope": "payments", "length": "week", "first": "2026-02-23", "timezone": "Europe/Berlin"}
    assert asked | {"number": "deploys"} == json.loads(button["value"])


@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=25, deadline=None)
@given(words=HOSTILE)
def test_hostile_names_never_ping_and_never_break_a_digest(side: Side, words: str) -> None:
    said = digest(Shown(busy_week(words), bridge=words), side, by=words)
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


def test_a_snapshot_of_an_earlier_release_is_not_shown_wrong() -> None:
    said = digest(Shown({"deploys": {"succeeded": 1}}), "dev")
    assert "was computed by an earlier release: `/digest preview` shows it anew" in said.text
