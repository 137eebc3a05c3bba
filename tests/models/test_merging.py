"""Merging gives the same record in any order of arrival."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from models.merging import merge_change, merge_deploy, merge_incident
from models.records import Change, Deploy, Incident
from models.reports import ChangeReport, DeployReport, IncidentReport
from models.words import UNSET, ChangeStatus, DeployStatus, IncidentStatus

Record = TypeVar("Record")
Report = TypeVar("Report")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def deployed(*reports: DeployReport) -> Deploy:
    def fold(stored: Deploy | None, report: DeployReport) -> Deploy:
        return merge_deploy(
            stored, report, source="ci", service="shop", environment="production", tier=None, received_at=START
        )

    return folded(fold, reports)


def changed(*reports: ChangeReport) -> Change:
    return folded(lambda s, r: merge_change(s, r, source="ci", service="shop", received_at=START), reports)


def happened(*reports: IncidentReport) -> Incident:
    return folded(lambda s, r: merge_incident(s, r, source="am", services=("shop",), received_at=START), reports)


def folded(fold: Callable[[Record | None, Report], Record], reports: tuple[Report, ...]) -> Record:
    record: Record | None = None
    for report in reports:
        record = fold(record, report)
    assert record is not None
    return record


def deploy_report(at: int, status: DeployStatus, **fields: Any) -> DeployReport:
    return DeployReport(
        deploy_id="d1", service="shop", environment="production", occurred_at=minute(at), status=status, **fields
    )


def incident_report(at: int, status: IncidentStatus, **fields: Any) -> IncidentReport:
    return IncidentReport(incident_id="i1", occurred_at=minute(at), status=status, **fields)


maybe_text = st.one_of(st.just(UNSET), st.none(), st.sampled_from(["a", "b", "c"]))
minutes = st.integers(0, 6)
deploy_reports = st.builds(
    lambda at, status, **f: deploy_report(at, status, **f),
    minutes,
    st.sampled_from([s for s in DeployStatus if s is not DeployStatus.UNKNOWN]),
    version=maybe_text,
    sha=maybe_text,
    started_at=st.one_of(st.just(UNSET), minutes.map(minute)),
    finished_at=st.one_of(st.just(UNSET), minutes.map(minute)),
    fixes=st.one_of(st.just(UNSET), st.none(), st.sampled_from([("d0",), ()])),
)
incident_reports = st.builds(
    lambda at, status, **f: incident_report(at, status, **f),
    minutes,
    st.sampled_from(IncidentStatus),
    title=maybe_text,
    caused_by=st.one_of(st.just(UNSET), st.none(), st.sampled_from([("d0",), ("d1", "d2")])),
    started_at=st.one_of(st.just(UNSET), st.none(), minutes.map(minute)),
    acknowledged_at=st.one_of(st.just(UNSET), minutes.map(minute)),
    acknowledged_by=maybe_text,
    unacknowledged_at=st.one_of(st.just(UNSET), minutes.map(minute)),
    resolved_at=st.one_of(st.just(UNSET), minutes.map(minute)),
)
change_reports = st.builds(
    lambda at, **f: ChangeReport(change_id="c1", service="shop", occurred_at=minute(at), **f),
    minutes,
    summary=maybe_text,
    actor=maybe_text,
    environment=st.one_of(st.none(), st.sampled_from(["production", "staging"])),
    status=st.one_of(st.just(UNSET), st.sampled_from(ChangeStatus)),
)


@given(st.lists(deploy_reports, min_size=1, max_size=4))
def test_a_deploy_is_the_same_in_any_order_of_arrival(reports: list[DeployReport]) -> None:
    first, *others = [deployed(*order) for order in permutations(reports)]
    assert all(first == other for other in others)


@given(st.lists(incident_reports, min_size=1, max_size=4))
def test_an_incident_is_the_same_in_any_order_of_arrival(reports: list[IncidentReport]) -> None:
    first, *others = [happened(*order) for order in permutations(reports)]
    assert all(first == other for other in others)


@given(st.lists(change_reports, min_size=1, max_size=4))
def test_a_change_is_the_same_in_any_order_of_arrival(reports: list[ChangeReport]) -> None:
    first, *others = [changed(*order) for order in permutations(reports)]
    assert all(first == other for other in others)


@given(st.lists(deploy_reports, min_size=1, max_size=3))
def test_hearing_everything_twice_changes_nothing(reports: list[DeployReport]) -> None:
    assert deployed(*reports) == deployed(*reports, *reports)


def test_one_that_was_given_up_runs_again_when_it_starts_after_that_and_not_when_its_old_start_is_retold() -> None:
    given_up = replace(
        deployed(deploy_report(1, DeployStatus.STARTED)), status=DeployStatus.UNKNOWN, status_at=minute(4)
    )

    def after(report: DeployReport) -> tuple[DeployStatus, datetime | None]:
        told = merge_deploy(
            given_up, report, source="ci", service="shop", environment="production", tier=None, received_at=minute(9)
        )
        return told.status, told.started_at

    assert (DeployStatus.UNKNOWN, minute(1)) == after(deploy_report(1, DeployStatus.STARTED))
    assert (DeployStatus.STARTED, minute(6)) == after(deploy_report(6, DeployStatus.STARTED))
    assert (DeployStatus.STARTED, minute(5)) == after(deploy_report(6, DeployStatus.STARTED, started_at=minute(5)))
    assert (DeployStatus.STARTED, minute(6)) == after(deploy_report(6, DeployStatus.STARTED, started_at=minute(1)))


def test_a_success_is_never_taken_back() -> None:
    late = deploy_report(1, DeployStatus.STARTED)
    failed = deploy_report(3, DeployStatus.FAILED)
    result = deployed(deploy_report(2, DeployStatus.SUCCEEDED), late, failed)
    assert (DeployStatus.SUCCEEDED, minute(1), minute(2)) == (result.status, result.started_at, result.finished_at)


def test_an_absent_field_is_kept_and_an_explicit_null_clears_it() -> None:
    first = deploy_report(1, DeployStatus.QUEUED, version="v1", sha="abc")
    second = deploy_report(2, DeployStatus.STARTED, version=None)
    result = deployed(first, second)
    assert (None, "abc") == (result.version, result.sha)


def test_a_resolution_before_its_trigger_is_a_stub_until_the_start_is_known() -> None:
    resolved = incident_report(5, IncidentStatus.RESOLVED)
    assert happened(resolved).started_at is None
    whole = happened(resolved, incident_report(1, IncidentStatus.TRIGGERED))
    assert (IncidentStatus.RESOLVED, minute(1), minute(5)) == (whole.status, whole.started_at, whole.resolved_at)


def test_only_an_explicit_later_event_reopens() -> None:
    resolved = incident_report(5, IncidentStatus.RESOLVED)
    assert IncidentStatus.RESOLVED == happened(resolved, incident_report(6, IncidentStatus.TRIGGERED)).status
    assert IncidentStatus.REOPENED == happened(resolved, incident_report(6, IncidentStatus.REOPENED)).status
