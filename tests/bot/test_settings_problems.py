from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import InvalidSettings
from tests.bot.settings_files import MINIMAL, problems_of, settings_of

WRONG = """\
bridges:
  payments:
    dev: '#payments'
    ops: payments
    services: [paymnts]
services:
  payments: {aliases: [pay], repositories: [acme/payments]}
  checkout: {aliases: [PAY], depends_on: [ledger]}
sources:
  hub: {kind: gihub}
digests:
  daily: {schedule: 0 9 31 2 *, timezone: Europe/Berlino}
  weekly: {schedule: every monday, period: day}
"""


def test_every_wrong_name_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    found = problems_of(WRONG, tmp_path)
    assert [
        (4, "bridges.payments.ops", "dev and ops are the same channel"),
        (5, "bridges.payments.services[0]", "no service is called paymnts"),
        (8, "services.checkout.aliases[0]", "PAY already belongs to the service payments"),
        (8, "services.checkout.depends_on[0]", "no service is called ledger"),
        (10, "sources.hub.kind", "no kind of sender is called gihub"),
        (10, "sources.hub", "a source without a secret"),
        (12, "digests.daily.timezone", "no time zone is called Europe/Berlino"),
        (12, "digests.daily.schedule", "never comes"),
        (13, "digests.weekly.schedule", "not a cron line: has 2 fields, not 5 (minute hour day month weekday)"),
    ] == [(p.line, p.path, p.what) for p in found]
    assert "Did you mean Europe/Berlin?" in {p.fix for p in found}
    assert "Did you mean payments?" == found[1].fix
    assert "Did you mean github?" == found[4].fix


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("acme", "Write owner/name, as in acme/payments."),
        ("https://github.com/acme/payments", "Write acme/payments."),
        ("https://gitlab.example/acme/shop/payments.git", "Write acme/shop/payments."),
        ("git@github.com:acme/payments.git", "Write acme/payments."),
    ],
)
def test_a_repository_that_no_sender_would_call_so_is_refused(tmp_path: Path, written: str, fix: str) -> None:
    text = MINIMAL.replace("[payments]", f"{{payments: {{repositories: ['{written}']}}}}")
    [found] = problems_of(text, tmp_path)
    assert ("services.payments.repositories[0]", f"no repository is called {written}", fix) == (
        found.path,
        found.what,
        found.fix,
    )


def test_every_wrong_key_and_value_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    text = MINIMAL + "serivces: {}\nundo_minutes: soon\ndigests:\n  d: {period: year}\n"
    found = problems_of(text, tmp_path)
    assert [
        (6, "serivces", "unknown key serivces"),
        (7, "undo_minutes", "must be a valid integer, unable to parse string as an integer"),
        (9, "digests.d.schedule", "missing"),
        (9, "digests.d.period", "must be 'day', 'week' or 'month'"),
    ] == [(p.line, p.path, p.what) for p in found]
    assert "Did you mean services?" == found[0].fix


def test_a_misspelt_key_hides_nothing_else_and_is_said_once(tmp_path: Path) -> None:
    text = WRONG.replace("digests:\n", "    secert: x\n    max_bytes: big\nundo_minuts: 3\ndigests:\n")
    text = text.replace("{kind: gihub}", "\n    kind: gihub")
    assert [
        "bridges.payments.ops",
        "bridges.payments.services[0]",
        "services.checkout.aliases[0]",
        "services.checkout.depends_on[0]",
        "sources.hub.kind",
        "sources.hub.secert",
        "sources.hub.max_bytes",
        "undo_minuts",
        "digests.daily.timezone",
        "digests.daily.schedule",
        "digests.weekly.schedule",
    ] == [p.path for p in problems_of(text, tmp_path)]


def test_names_of_a_misspelt_or_misshapen_part_still_count_as_names(tmp_path: Path) -> None:
    text = MINIMAL.replace("}\n", ", services: [payments]}\n", 1)
    misspelt = problems_of(text.replace("\nservices:", "\nservice:"), tmp_path)
    assert ["service"] == [p.path for p in misspelt]
    misshapen = problems_of(text.replace("[payments]\nsources", "{payments: 5}\nsources"), tmp_path)
    assert [("services.payments", "must be a mapping")] == [(p.path, p.what) for p in misshapen]


@pytest.mark.parametrize(
    ("text", "path", "what"),
    [
        ("services: [1.10]", "services[0]", "a service without a name"),
        ("services: [{owner: ada}]", "services[0]", "a service without a name"),
        ("services: {'': {}}", "services.", "an empty name"),
        ("digests: []", "digests", "must be a mapping"),
        ("sources: {'a?b': {kind: github, secret: s3cret}}", "sources.a?b", "the name cannot be part of a URL"),
        ("bridges: {a: {dev: x, ops: y, services: []}}", "bridges.a.services", "a bridge that hears of nothing"),
        ("bridges: {a: {dev: 'Ops Team', ops: C024BE91L}}", "bridges.a.dev", "no channel can be called Ops Team"),
        ("bridges: {a: {dev: x, ops: y}, A: {dev: v, ops: w}}", "bridges.A", "the same name as a, in other letters"),
        ("admin_channel: ' '", "admin_channel", "a channel without a name"),
        ("retention: {outbox_days: 99999999999}", "retention.outbox_days", "must be less than or equal to 36500"),
        ("a: \x00", "(the whole file)", "not readable as YAML"),
    ],
)
def test_a_name_or_value_that_cannot_be_is_said(text: str, path: str, what: str, tmp_path: Path) -> None:
    assert [(path, what)] == [(p.path, p.what) for p in problems_of(text, tmp_path)]


@pytest.mark.parametrize(
    ("schedule", "period", "settle", "what"),
    [
        ("0 1 * * *", "day", 2, "comes 1 h after the day ends, before its numbers settle"),
        ("0 9 * * mon-fri", "day", 9.5, "comes 9 h after the day ends, before its numbers settle"),
        ("0 9 * * mon", "week", 12, "comes 9 h after the week ends, before its numbers settle"),
        ("30 0 1 * *", "month", 1, "comes 0.5 h after the month ends, before its numbers settle"),
    ],
)
def test_a_digest_that_comes_before_its_numbers_settle_is_refused(
    schedule: str, period: str, settle: float, what: str, tmp_path: Path
) -> None:
    entry = f"{{schedule: '{schedule}', period: {period}, timezone: Europe/Berlin, settle_hours: {settle}}}"
    (problem,) = problems_of(f"{MINIMAL}digests: {{d: {entry}}}\n", tmp_path)
    assert ("digests.d.schedule", what) == (problem.path, problem.what)
    assert f"at least {settle:g} h" in problem.fix


def test_a_digest_may_come_as_soon_as_its_numbers_have_settled(tmp_path: Path) -> None:
    entry = "{schedule: '0 9 1 * *', period: month, timezone: Europe/Berlin, settle_hours: 9}"
    (plan,) = settings_of(f"{MINIMAL}digests: {{d: {entry}}}\n", tmp_path).topology.digests
    assert ("month", timedelta(hours=9)) == (plan.period, plan.settle)


def test_what_came_from_the_environment_is_never_repeated(tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL.replace("kind: events", "kind: '${CI_SECRET}'"), tmp_path)
    assert "no kind of sender is called ${CI_SECRET}" == problem.what


def test_an_unknown_key_inside_suggests_its_neighbour(tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL.replace("secret:", "secert:"), tmp_path)
    assert ("sources.ci.secert", 5, "Did you mean secret?") == (problem.path, problem.line, problem.fix)


def test_a_channel_lost_to_a_comment_is_explained(tmp_path: Path) -> None:
    (problem,) = problems_of("bridges:\n  payments:\n    dev: #payments-dev\n    ops: '#ops'\n", tmp_path)
    assert ("bridges.payments.dev", 3) == (problem.path, problem.line)
    assert "in quotes" in problem.fix


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL + "services: [other]\n", tmp_path)
    assert ("services", 6, "written twice, first on line 3") == (problem.path, problem.line, problem.what)


def test_a_service_listed_twice_is_refused_and_a_list_is_as_good_as_a_mapping(tmp_path: Path) -> None:
    text = "services:\n  - payments\n  - name: checkout\n    environments: {live: produktion}\n  - payments\n"
    assert [("services.checkout.environments.live.tier", 4), ("services[2]", 5)] == [
        (p.path, p.line) for p in problems_of(text, tmp_path)
    ]
    found = settings_of("services: [payments, {name: checkout, aliases: shop}]", tmp_path).topology.services
    assert [("payments", ()), ("checkout", ("shop",))] == [(s.name, s.aliases) for s in found]


@pytest.mark.parametrize(
    ("text", "line"), [("bridges: [unclosed\n", 2), ("a:\n\tb: 1\n", 2), ("secret: *hidden-s3cret\n", 1), ("- 1\n", 1)]
)
def test_what_is_not_yaml_or_not_a_mapping_is_said_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    (problem,) = problems_of(text, tmp_path)
    assert line == problem.line
    assert "s3cret" not in str(problem)


def test_the_problem_report_reads_as_a_list_of_things_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        settings_of(MINIMAL.replace("kind: events", "kind: event"), tmp_path)
    path = tmp_path / "twinspan.yaml"
    expected = (
        "The configuration has 1 problem:\n"
        f"{path}:5: sources.ci.kind: no kind of sender is called event\n    Did you mean events?"
    )
    assert expected == str(caught.value)


def test_a_side_in_another_workspace_needs_that_workspace_and_a_way_to_hear_of_it(tmp_path: Path) -> None:
    text = """\
workspaces:
  partner: {bot_token: xoxp-1}
  Partner two: {bot_token: xoxb-1, signing_secret: x}
services: [payments]
bridges:
  payments: {dev: '#dev', ops: 'partnr/#ops'}
  search: {dev: 'partner/#dev', ops: 'partner/C0123456789'}
on_call:
  schedules:
    ops: {layers: [{members: ["@a"]}], usergroup: "partnr/@oncall"}
"""
    found = problems_of(text, tmp_path)
    assert [
        (2, "workspaces.partner.bot_token", "is not a bot token"),
        (2, "workspaces.partner", "requests from that workspace could not be heard"),
        (3, "workspaces.Partner two", "no workspace can be called Partner two"),
        (6, "bridges.payments.ops", "no workspace is called partnr"),
        (10, "on_call.schedules.ops.usergroup", "no workspace is called partnr"),
    ] == [(p.line, p.path, p.what) for p in found]
    assert "Did you mean partner?" == found[3].fix
