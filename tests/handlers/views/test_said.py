"""Every message is taken by Slack, stands alone as text, and cannot be turned against a channel."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given, settings

from bot.sandbox.blocks import problems, size, view_problems
from handlers.views import (
    Message,
    causes,
    changes,
    deploys,
    failures,
    incident_forms,
    incidents,
    modals,
)
from models.response import ResponsePlan
from models.words import IncidentStatus, Side
from tests.handlers.views import samples
from tests.handlers.views.everything_said import LATER, SEEN, everything_said, home_of, with_words
from tests.handlers.views.samples import AT
from tests.handlers.views.test_text import BROADCAST, HOSTILE

OURS = re.compile(r"<(?:!date\^\d+\^[^<>|]+\|[^<>|]+|https?://[^<>|]+\|[^<>]*|#C\d+)>")


def assert_acceptable(said: Message) -> None:
    blocks = list(said.blocks)
    assert [] == problems(blocks)
    assert size(blocks) <= 13_000
    assert said.text.strip()
    assert len(said.text) <= 3000
    for shown in [said.text, *_texts(blocks)]:
        bare = OURS.sub("", shown)
        assert "<" not in bare
        assert ">" not in bare
        assert BROADCAST.search(shown) is None
    json.dumps(blocks).encode()


def _texts(value: Any) -> Iterator[str]:
    """Yield every markup text of blocks; plain text objects format nothing."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        else:
            yield from (text for one in value.values() for text in _texts(one))


@pytest.mark.parametrize("words", ["<!channel>&*_`" * 400, "x"])
def test_the_home_stays_within_the_limits_and_pings_nobody(words: str) -> None:
    shown = home_of(words)
    assert [] == view_problems(shown.view)
    assert all("<!channel" not in text for text in _texts(shown.view["blocks"]))


@pytest.mark.parametrize("side", ["dev", "ops"])
@settings(max_examples=12)
@given(words=HOSTILE)
def test_hostile_text_never_pings_and_never_breaks_a_message(side: Side, words: str) -> None:
    for said in everything_said(words, side):
        assert_acceptable(said)


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_very_long_text_stays_within_the_limits(side: Side) -> None:
    for said in everything_said("<!channel>&" * 5000, side):
        assert_acceptable(said)


@settings(max_examples=12)
@given(words=HOSTILE)
def test_forms_take_hostile_text(words: str) -> None:
    forms = [
        modals.change(services=["payments"], environments=["production"], channel_id="C1", what=words, url=words),
        incident_forms.note(with_words(samples.incident(), words), channel_id="C1"),
        incident_forms.update(with_words(samples.incident(), words), ResponsePlan(), channel_id="C1"),
        incident_forms.opening(services=[], channel_id="C1"),
        causes.ask(with_words(samples.incident(), words), [with_words(samples.deploy(), words)] * 90, **SEEN),
    ]
    for form in forms:
        assert [] == view_problems(form.view)


@pytest.mark.parametrize("side", ["dev", "ops"])
def test_a_deploy_tells_each_side_in_its_own_words(side: Literal["dev", "ops"]) -> None:
    previous = samples.deploy(id=11, version="1.4.1", sha="a" * 40)
    said = deploys.card(
        samples.deploy(commits_known=True),
        side,
        commits=[samples.commit()],
        previous=previous,
        runbook="https://runbooks.example/payments",
        elsewhere="https://acme.slack.com/archives/C2/p1",
    )
    shown = said.blocks[0]["text"]["text"]

    assert 1 == len(said.blocks)
    expected = {"dev": ["1 commit by Ada", "|changes>", "C2/p1|ops>"], "ops": ["back: `1.4.1`", "|runbook>", "|dev>"]}
    assert all(words in shown for words in expected[side])
    assert not any(words in shown for words in expected["ops" if side == "dev" else "dev"])
    assert "2026-03-02 09:00 UTC" in said.text


def test_commits_and_comparison_lead_to_the_repositorys_own_host() -> None:
    gitlab = samples.deploy(
        repository="acme/pay", url="https://git.example/acme/pay/-/jobs/7", sha="b" * 40, previous_sha="a" * 40
    )
    shown = json.dumps(deploys.details(gitlab, "dev", commits=[samples.commit(pr=77)]).blocks)

    assert f"https://git.example/acme/pay/-/compare/{'a' * 40}...{'b' * 40}|compare" in shown
    assert "https://git.example/acme/pay/-/merge_requests/77|#77" in shown


def test_commits_that_nobody_told_are_unknown_and_not_none() -> None:
    untold, none = samples.deploy(commits_known=False), samples.deploy(commits_known=True)

    assert "commits unknown" in deploys.details(untold, "ops").text
    assert "no commits" in deploys.details(none, "ops").text


@pytest.mark.parametrize(("at", "offered"), [(AT, True), (LATER, False)])
def test_undo_is_offered_only_in_its_time(at: datetime, offered: bool) -> None:
    said = changes.card(samples.change(), "dev", at=at, undo_until=LATER)

    assert offered == ("accessory" in said.blocks[0])


_LATER_ON = ["Resolve", "Update", "I have command", "Note", "Set cause"]


@pytest.mark.parametrize(
    ("buttons", "status"),
    [
        (["Acknowledge", "Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.TRIGGERED),
        (["Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.ACKNOWLEDGED),
        (["Resolve", "Update", "It is back", *_LATER_ON[2:]], IncidentStatus.MITIGATED),
        (["Close", "Reopen", "Note", "Set cause"], IncidentStatus.RESOLVED),
        (["Acknowledge", "Mitigated", *_LATER_ON, "Freeze deploys"], IncidentStatus.REOPENED),
    ],
)
def test_an_incidents_buttons_fit_its_state(buttons: list[str], status: IncidentStatus) -> None:
    said = incidents.card(samples.incident(status=status), "ops", incidents.Shown())

    assert buttons == [element["text"]["text"] for element in said.blocks[-1]["elements"]]


def test_a_group_counts_its_alerts_and_shows_the_worst_of_them() -> None:
    resolved = samples.incident(id=4, status=IncidentStatus.RESOLVED, resolved_at=AT)
    said = incidents.card(
        samples.incident(severity=None), "ops", incidents.Shown(members=[samples.incident(severity=None), resolved])
    )

    assert "2 alerts, 1 resolved" in json.dumps(said.blocks)
    assert "SEV1" in said.text


def test_the_end_of_a_group_is_said_of_all_of_it_from_its_first_start_to_its_last_end() -> None:
    first = samples.incident(id=3, status=IncidentStatus.RESOLVED, started_at=AT, resolved_at=AT + timedelta(minutes=5))
    last = replace(
        first, id=4, leader_id=3, started_at=AT + timedelta(minutes=2), resolved_at=AT + timedelta(minutes=9)
    )
    said = incidents.moved(last, IncidentStatus.RESOLVED, "ops", members=[first, last])

    assert "✅ INC-3 *resolved* (all 2 alerts) · after 9 min" == said.text


@pytest.mark.parametrize(("count", "words"), [(1, "*1 unknown name* holds back"), (2, "*2 unknown names* hold back")])
def test_names_that_hold_back_are_counted_in_sound_english(count: int, words: str) -> None:
    name = failures.UnknownName(kind="service", name="paymnets", service="", deliveries=1)
    assert words in failures.unknown_names([name] * count).text


def test_a_channel_that_refuses_messages_says_why_and_what_to_do() -> None:
    trouble = failures.ChannelTrouble(
        channel="#payments-ops", failed=3, waiting=1, oldest_at=AT, reason="not_in_channel"
    )
    shown = json.dumps(failures.channel(trouble).blocks)

    assert all(words in shown for words in ["not a member", "/invite @twinspan", "4 messages wait", "Nothing is lost"])
    assert "takes messages again" in failures.channel(replace(trouble, failed=0)).text
