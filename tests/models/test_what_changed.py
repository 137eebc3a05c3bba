"""What changed before an incident: who is a candidate, in which order, for which reasons; how often they were right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from models.records import Change, Deploy, Incident
from models.what_changed import (
    BY_HAND,
    DEPENDENCY,
    FAILED,
    HOUR_BEFORE,
    MINUTES_BEFORE,
    SAME_ENVIRONMENT,
    SAME_SERVICE,
    Entry,
    hit_rates,
    ranked,
)
from models.words import ChangeKind, DeployKind, DeployStatus, IncidentStatus

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INCIDENT = Incident(
    id=1,
    source="slack",
    incident_id="1",
    services=("payments",),
    environment="production",
    status=IncidentStatus.TRIGGERED,
    status_at=AT,
    started_at=AT,
    received_at=AT,
    latest_at=AT,
)


def deploy(
    number: int,
    minutes_before: float,
    service: str = "payments",
    environment: str = "production",
    status: DeployStatus = DeployStatus.SUCCEEDED,
) -> Deploy:
    at = AT - minutes_before * MINUTE
    return Deploy(
        id=number,
        source="ci",
        deploy_id=str(number),
        service=service,
        environment=environment,
        status=status,
        status_at=at,
        finished_at=at,
        received_at=at,
        latest_at=at,
    )


def change(number: int, minutes_before: float, kind: ChangeKind | None = None) -> Change:
    at = AT - minutes_before * MINUTE
    return Change(
        id=number,
        source="slack",
        change_id=str(number),
        service="payments",
        kind=kind,
        status_at=at,
        occurred_at=at,
        received_at=at,
        latest_at=at,
    )


def numbers(*entries: Entry) -> list[int]:
    return [candidate.entry.id for candidate in ranked(INCIDENT, entries, {"ledger"})]


def test_only_what_happened_in_the_window_to_what_it_touches_is_a_candidate() -> None:
    inside: list[Entry] = [deploy(1, 120), deploy(2, -5), deploy(3, 1, service="ledger"), change(4, 60)]
    outside = [deploy(5, 121), deploy(6, -6), deploy(7, 1, service="search")]
    assert {1, 2, 3, 4} == set(numbers(*inside, *outside))


def test_the_likeliest_comes_first_and_of_equals_the_latest() -> None:
    failed = deploy(5, 50, status=DeployStatus.FAILED)
    order = numbers(deploy(1, 100), deploy(2, 10), deploy(3, 8), change(4, 10, ChangeKind.FLAG), failed)
    assert [3, 2, 5, 4, 1] == order


def test_every_reason_is_printed() -> None:
    (one,) = ranked(INCIDENT, [deploy(1, 50, status=DeployStatus.FAILED)], set())
    assert (SAME_SERVICE, SAME_ENVIRONMENT, HOUR_BEFORE, FAILED) == one.reasons
    (two,) = ranked(INCIDENT, [deploy(1, 3, service="ledger", environment="staging")], {"ledger"})
    assert (DEPENDENCY, MINUTES_BEFORE) == two.reasons
    (three,) = ranked(INCIDENT, [change(1, 90, ChangeKind.FLAG)], set())
    assert (SAME_SERVICE, BY_HAND) == three.reasons


def test_where_it_was_felt_before_it_was_reported_that_counts() -> None:
    felt = AT - 60 * MINUTE
    assert [1] == [c.entry.id for c in ranked(INCIDENT, [deploy(1, 170), deploy(2, 30)], set(), felt_at=felt)]


def test_a_reasons_rate_is_how_often_it_stood_at_the_cause() -> None:
    candidates = ranked(INCIDENT, [deploy(1, 10), deploy(2, 90)], set())
    rates = hit_rates([(candidates, ("deploy:1",)), (candidates, ("deploy:9",))])
    assert ((1, 4), (1, 2), (0, 0)) == (rates[SAME_SERVICE], rates[MINUTES_BEFORE], rates[FAILED])


def test_the_way_back_is_no_suspect_and_what_came_after_did_not_come_before() -> None:
    back = replace(deploy(1, -2), kind=DeployKind.ROLLBACK)
    earlier = replace(deploy(2, 20), kind=DeployKind.ROLLBACK)
    under_way = replace(deploy(3, -2), started_at=AT - 3 * MINUTE)
    found = {c.entry.id: c.reasons for c in ranked(INCIDENT, [back, earlier, under_way, deploy(4, -3)], ())}
    assert {2, 3, 4} == set(found)
    assert MINUTES_BEFORE in found[3]
    assert (SAME_SERVICE, SAME_ENVIRONMENT) == found[4]
