"""The digest's arithmetic: medians between neighbours, production only, unknown is not zero."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.metrics import count_services, percentile, recovery, spread, started_within, total
from models.records import Incident
from models.words import DeployStatus, IncidentStatus, Tier

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=1)


def incident(
    number: int, *, started: int | None, acknowledged: int | None = None, resolved: int | None = None
) -> Incident:
    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else START + timedelta(minutes=minutes)

    return Incident(
        id=number,
        source="am",
        incident_id=str(number),
        services=("payments",),
        status=IncidentStatus.RESOLVED if resolved is not None else IncidentStatus.TRIGGERED,
        status_at=START,
        started_at=at(started),
        acknowledged_at=at(acknowledged),
        resolved_at=at(resolved),
        received_at=START,
        latest_at=START,
    )


def test_a_percentile_lies_between_neighbours() -> None:
    assert (2.5, 3.7) == (percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.9))
    assert percentile([], 0.5) is None


def test_a_spread_of_nothing_is_unknown() -> None:
    nothing = spread([])
    assert (None, None, 0) == (nothing.median_s, nothing.p90_s, nothing.n)


def test_only_production_counts_and_a_service_nobody_tells_of_is_unknown() -> None:
    deploys = [
        ("payments", Tier.PRODUCTION, DeployStatus.SUCCEEDED, 3),
        ("payments", Tier.STAGING, DeployStatus.SUCCEEDED, 9),
        ("payments", Tier.PRODUCTION, DeployStatus.FAILED, 1),
    ]
    payments, checkout = count_services(
        ["payments", "checkout"],
        deploys=deploys,
        changes={"checkout": 2},
        opened=[],
        with_deploys={"payments"},
        is_watched=True,
    )
    assert (3, 1, 0) == (payments.succeeded, payments.failed, payments.canceled)
    assert (None, 2) == (checkout.succeeded, checkout.changes)
    assert 3 == total([payments.succeeded, checkout.succeeded])
    assert total([checkout.succeeded]) is None


def test_durations_belong_to_the_window_in_which_they_ended() -> None:
    yesterday = incident(1, started=-60, acknowledged=-50, resolved=30)
    stub = incident(2, started=None, resolved=40)
    today = incident(3, started=10, acknowledged=20)
    tomorrow = incident(4, started=24 * 60, resolved=25 * 60)
    summed = recovery([yesterday, stub, today, tomorrow], START, END)
    assert (1, 1, 2) == (summed.opened, summed.acknowledged, summed.resolved)
    assert (90 * 60, 1) == (summed.restore.median_s, summed.restore.n)
    assert (600, 1) == (summed.acknowledge.median_s, summed.acknowledge.n)


def test_an_incident_counts_once_for_each_service_it_touches() -> None:
    both = replace(incident(1, started=10), services=("payments", "checkout", "payments"))
    opened = started_within([both, incident(2, started=-1)], START, END)
    counted = count_services(
        ["payments", "checkout", "search"], deploys=[], changes={}, opened=opened, with_deploys=set(), is_watched=True
    )
    assert [1, 1, 0] == [s.incidents for s in counted]


def test_where_nothing_could_tell_of_an_incident_none_is_not_zero() -> None:
    (payments,) = count_services(["payments"], deploys=[], changes={}, opened=[], with_deploys=set(), is_watched=False)
    assert payments.incidents is None


def test_a_reopened_incident_is_not_resolved() -> None:
    reopened = replace(incident(1, started=0, resolved=20), status=IncidentStatus.REOPENED)
    summed = recovery([reopened], START, END)
    assert (1, 0, None) == (summed.opened, summed.resolved, summed.restore.median_s)


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=30), st.floats(0, 1))
def test_a_percentile_lies_within_its_values_whatever_their_order(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found is not None
    assert min(values) - 1e-3 <= found <= max(values) + 1e-3
    assert found == percentile(values[::-1], share)
