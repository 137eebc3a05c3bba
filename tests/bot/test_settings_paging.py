"""The `paging` of twinspan.yaml: what a policy is, and what is refused, with its place and its remedy."""

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.check_elsewhere import paging
from models.oncall import Restriction
from models.paging import Policy, Step
from models.people import Person
from models.words import Severity
from tests.bot.settings_files import MINIMAL, problems_of, settings_of

ROUTING_KEY = "R0123456789abcdef0123456789abcde"
SCHEDULES = """\
on_call:
  schedules:
    payments-ops:
      bridge: payments
      layers: [{members: ["@ada"]}]
      backup: "@ben"
      lead: "@jun"
"""
PAGING = """\
paging:
  default: night
  policies:
    night:
      from: sev2
      phone_minutes: 3
      steps:
        - {after: 0, notify: on_call}
        - {after: 5, notify: [backup, pd]}
        - {after: 10, notify: [lead, '#payments-ops', '@mira', mira@acme.example]}
  pagers:
    pd: {kind: pagerduty, key: '${PD_KEY}'}
    og: {kind: opsgenie, key: og-key, url: 'https://api.eu.opsgenie.com/'}
    hook: {kind: webhook, url: 'https://pager.example/hook?x=1'}
  quiet_hours:
    timezone: Europe/Berlin
    hours: [{days: mon-fri, from: "22:00", to: "07:00"}]
  phones: {"@ada": "+49 30 1234567", ben: 112}
"""
WHOLE = MINIMAL + SCHEDULES + PAGING


def test_a_whole_section_is_read(tmp_path: Path) -> None:
    settings = settings_of(WHOLE, tmp_path, PD_KEY=ROUTING_KEY)
    plan = settings.topology.paging
    minute = timedelta(minutes=1)
    steps = (
        Step(after=timedelta(), notify=("on_call",)),
        Step(after=5 * minute, notify=("backup", "pd")),
        Step(after=10 * minute, notify=("lead", "#payments-ops", "@mira", "mira@acme.example")),
    )
    policy = Policy(name="night", steps=steps, worst_from=Severity.SEV2, phone_after=3 * minute)
    assert (policy,) == plan.policies
    assert policy == settings.topology.policy_for(["payments"])
    assert {"pd": "pagerduty", "og": "opsgenie", "hook": "webhook"} == plan.pagers
    assert {"@ada": "+49 30 1234567", "ben": "112"} == plan.phones
    assert plan.quiet is not None
    assert (Restriction(days=frozenset(range(5)), begins=time(22), ends=time(7)),) == plan.quiet.hours
    assert frozenset({Severity.SEV3, Severity.SEV4, Severity.SEV5}) == plan.quiet.held


def test_pagers_keep_their_keys_to_themselves(tmp_path: Path) -> None:
    settings = settings_of(WHOLE, tmp_path, PD_KEY=ROUTING_KEY)
    assert ("https://events.pagerduty.com", ROUTING_KEY) == (settings.pagers["pd"].url, settings.pagers["pd"].key)
    assert "https://api.eu.opsgenie.com" == settings.pagers["og"].url
    assert ("https://pager.example/hook?x=1", None) == (settings.pagers["hook"].url, settings.pagers["hook"].key)
    assert {ROUTING_KEY, "og-key"} <= set(settings.secrets)
    assert ROUTING_KEY not in repr(settings)


def test_without_the_section_nobody_is_paged(tmp_path: Path) -> None:
    assert settings_of(MINIMAL, tmp_path).topology.policy_for(["payments"]) is None


@pytest.mark.parametrize(
    ("old", "new", "path", "what", "fix"),
    [
        (
            "default: night",
            "default: nigth",
            "paging.default",
            "no paging policy is called nigth",
            "Did you mean night?",
        ),
        (
            "notify: on_call",
            "notify: on_cal",
            "…steps[0].notify[0]",
            "nobody is called on_cal",
            "Did you mean on_call?",
        ),
        ("[backup, pd]", "[backup, pdd]", "…steps[1].notify[1]", "nobody is called pdd", "Did you mean pd?"),
        (
            "[lead, '#payments-ops'",
            "[lead, '#Payments Ops'",
            "…steps[2].notify[1]",
            "nobody is called #Payments Ops",
            "Write on_call",
        ),
        ("after: 10", "after: 5", "…steps[2].after", "not later than the step before", "Let each step come later"),
        ("notify: on_call", "notify: []", "…steps[0].notify", "a step that tells nobody", "Name whom"),
        ("${PD_KEY}", "short", "paging.pagers.pd.key", "an integration key has 32", "Events API v2"),
        (
            "kind: opsgenie, key: og-key,",
            "kind: opsgenie,",
            "paging.pagers.og.key",
            "a pager without a key",
            "Add `key",
        ),
        (
            "url: 'https://pager.example/hook?x=1'",
            "key: k",
            "paging.pagers.hook.url",
            "without an address",
            "Add `url:`",
        ),
        ("https://pager.example", "pager.example", "paging.pagers.hook.url", "is not a web address", "for example"),
        ("    hook: {", "    lead: {", "paging.pagers.lead", "lead means somebody else", "another name"),
        ("Europe/Berlin", "Europe/Berln", "paging.quiet_hours.timezone", "no zone is called", "Europe/Berlin"),
        ('from: "22:00"', 'from: "25:00"', "paging.quiet_hours.hours[0].from", "is no time of a day", "HH:MM"),
        (
            "    hours: [",
            "    hold: [sev2]\n    hours: [",
            "paging.quiet_hours.hold[0]",
            "sev2 is never held back",
            "Take it out",
        ),
        ("ben: 112", "ben: soon", "paging.phones.ben", "no phone number", "Write one"),
        ('backup: "@ben"', "usergroup: ops", "on_call.schedules.payments-ops", "names no backup", "Add `backup:`"),
        ("bridge: payments", "usergroup: ops", "services.payments", "it has no schedule", "Give it `on_call:`"),
        (
            "services: [payments]",
            "services: {payments: {paging: nihgt}}",
            "services.payments.paging",
            "nihgt",
            "night?",
        ),
        ("kind: webhook", "kind: webhok", "paging.pagers.hook.kind", "must be", "webhook"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_line_and_remedy(
    tmp_path: Path, old: str, new: str, path: str, what: str, fix: str
) -> None:
    assert old in WHOLE
    problems = problems_of(WHOLE.replace(old, new, 1), tmp_path, PD_KEY=ROUTING_KEY)
    whole = path.replace("…", "paging.policies.night.")
    found = next(p for p in problems if p.path == whole)
    assert what in found.what
    assert fix in found.fix
    assert found.line is not None


def test_who_tells_pagerduty_must_have_an_address(tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL, tmp_path, PAGERDUTY_FROM="ops team")
    assert ("PAGERDUTY_FROM", "is no e-mail address") == (problem.path, problem.what)
    source = "  pd: {kind: pagerduty, secret: s}\n"
    told = settings_of(MINIMAL + source, tmp_path, PAGERDUTY_TOKEN="t", PAGERDUTY_FROM="ops@acme.example")
    assert "ops@acme.example" == told.pagerduty.sender
    assert [False, True] == [one.is_told_back for one in told.topology.sources]
    assert [False, False] == [one.is_told_back for one in settings_of(MINIMAL + source, tmp_path).topology.sources]


def test_check_names_whom_a_policy_tells_and_slack_does_not_know(tmp_path: Path) -> None:
    settings = settings_of(WHOLE, tmp_path, PD_KEY=ROUTING_KEY)
    mira = Person(user_id="U4", name="Mira", handle="mira", email="mira@acme.example")
    rows = {subject: (found, fix) for subject, found, fix in paging(settings, [mira])}
    assert ("3 steps in 10 min, sev2 and worse", "") == rows["policy night"]
    assert ("pagerduty, events.pagerduty.com (not tried: that would wake somebody)", "") == rows["pager pd"]
    stranger = replace(mira, name="M", handle="m", email="")
    (found, fix) = next((f, x) for subject, f, x in paging(settings, [stranger]) if subject == "policy night")
    assert ("nobody in Slack is @mira, mira@acme.example", True) == (found, bool(fix))
