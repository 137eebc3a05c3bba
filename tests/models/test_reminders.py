"""Reminders: what is due when, what people said to it, and that nothing is due of what is over."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import Incident
from models.reminders import MOST_TIMES, Due, Heard, ReminderKind, due_of, is_to_say
from models.response import LEVELS, Response
from models.words import IncidentStatus, Severity

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEV1 = LEVELS[Severity.SEV1]


def incident(status: IncidentStatus = IncidentStatus.TRIGGERED, since: datetime = AT, **more: bool) -> Incident:
    return Incident(
        id=1,
        source="slack",
        incident_id="1",
        status=status,
        status_at=since,
        started_at=AT,
        received_at=AT,
        latest_at=AT,
        **more,  # type: ignore[arg-type]
    )


def kinds(one: Incident, at: datetime, response: Response | None = None) -> list[ReminderKind]:
    return [due.kind for due in due_of(one, response or Response(incident_id=1), SEV1, at)]


def test_what_nobody_has_is_due_after_what_its_severity_allows() -> None:
    assert [] == kinds(incident(), AT + 4 * MINUTE)
    assert [ReminderKind.UNACKNOWLEDGED] == kinds(incident(), AT + 5 * MINUTE)
    assert [] == kinds(incident(IncidentStatus.ACKNOWLEDGED), AT + 5 * MINUTE)


def test_an_update_is_due_when_it_was_promised_else_as_the_severity_asks() -> None:
    acknowledged = incident(IncidentStatus.ACKNOWLEDGED)
    assert [ReminderKind.UPDATE] == kinds(acknowledged, AT + 30 * MINUTE)
    promised = Response(incident_id=1, updated_at=AT + MINUTE, next_update_at=AT + 60 * MINUTE)
    assert [] == kinds(acknowledged, AT + 59 * MINUTE, promised)
    assert [ReminderKind.UPDATE] == kinds(acknowledged, AT + 60 * MINUTE, promised)


def test_what_is_open_for_too_long_is_due() -> None:
    spoken = Response(incident_id=1, updated_at=AT + 239 * MINUTE)
    assert [ReminderKind.OPEN] == kinds(incident(IncidentStatus.MITIGATED), AT + 240 * MINUTE, spoken)


@pytest.mark.parametrize("over", [incident(IncidentStatus.RESOLVED), incident(is_test=True), incident(is_signal=True)])
def test_nothing_is_due_of_what_is_over_or_only_a_test(over: Incident) -> None:
    assert [] == kinds(over, AT + timedelta(days=9))


def said(times: int = 1, **more: datetime) -> Heard:
    return Heard(said_at=AT, times=times, **more)


DUE = Due(kind=ReminderKind.UPDATE, since=AT - MINUTE, within=30 * MINUTE)


@pytest.mark.parametrize(
    ("expected", "heard", "after"),
    [
        (True, None, 0),
        (False, said(), 29),
        (True, said(), 30),
        (False, said(snoozed_until=AT + 60 * MINUTE), 59),
        (True, said(snoozed_until=AT + 10 * MINUTE), 11),
        (False, said(dismissed_at=AT), 600),
        (True, said(dismissed_at=AT - 2 * MINUTE), 30),
        (False, said(times=MOST_TIMES), 600),
    ],
)
def test_it_is_said_again_unless_people_answered(expected: bool, heard: Heard | None, after: int) -> None:
    assert expected is is_to_say(DUE, heard, AT + after * MINUTE)


@given(minutes=st.lists(st.integers(0, 3), min_size=1, max_size=400))
def test_however_often_one_looks_it_is_said_at_most_so_often(minutes: list[int]) -> None:
    heard, at, told = None, AT, 0
    for step in minutes:
        at += step * MINUTE
        if is_to_say(DUE, heard, at):
            told += 1
            heard = Heard(said_at=at, times=told)
    assert told <= min(MOST_TIMES, (at - AT) / (30 * MINUTE) + 1)
