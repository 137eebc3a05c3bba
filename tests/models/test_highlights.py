"""A digest points at the most urgent three things, and at nothing where too little is known to tell."""

from typing import Any

import pytest

from models.highlights import highlights
from tests.support.snapshots import UNKNOWN, deployed, open_incident, period, service, took


def found(
    now: dict[str, Any],
    before: dict[str, Any] | None = None,
    *,
    services: Any = (),
    still_open: Any = (),
    forgotten: int = 0,
) -> list[str]:
    told = highlights(period(**now), period(**(before or {})), services, still_open, forgotten)
    return [one["kind"] for one in told]


@pytest.mark.parametrize(
    ("kinds", "now", "before"),
    [
        ([], {}, {}),
        ([], UNKNOWN, UNKNOWN),
        ([], deployed(12, 3), UNKNOWN),
        (["fails_more"], deployed(12, 3), deployed(9, 1)),
        ([], deployed(12, 3), deployed(4, 0)),
        ([], deployed(4, 4), deployed(9, 0)),
        ([], deployed(12, 2), deployed(12, 1)),
        (["takes_longer"], took("mttr", 1800.0, 0.0, 5), took("mttr", 1200.0, 0.0, 5)),
        ([], took("mttr", 1800.0, 0.0, 4), took("mttr", 1200.0, 0.0, 5)),
        ([], took("mttr", 1700.0, 0.0, 5), took("mttr", 1200.0, 0.0, 5)),
        ([], took("mttr", 1800.0, 0.0, 5), took("mttr", 0.0, 0.0, 5)),
    ],
)
def test_a_number_is_pointed_at_where_enough_of_it_got_worse(
    kinds: list[str], now: dict[str, Any], before: dict[str, Any]
) -> None:
    assert kinds == found(now, before)


def test_of_a_period_that_still_runs_nothing_is_called_worse() -> None:
    now = period(**deployed(12, 3), **took("mttr", 1800.0, 0.0, 5))
    services = [service("payments", 4, failed=2), service("checkout", 9)]
    assert ["fails_most"] == [one["kind"] for one in highlights(now, None, services, [])]


def test_a_failed_deploy_is_forgotten_where_no_open_incident_stands_for_it() -> None:
    assert ["open"] == found({"fdrt_open": 1}, still_open=[open_incident()])
    assert ["open", "broken"] == found({"fdrt_open": 2}, still_open=[open_incident()], forgotten=1)
    (told,) = highlights(period(fdrt_open=2), period(), [], [], 2)
    assert {"kind": "broken", "count": 2} == told


def test_the_service_most_of_whose_deploys_failed_is_named_where_there_are_others() -> None:
    worst = service("payments", 4, failed=2)
    assert ["fails_most"] == found({}, services=[worst, service("checkout", 9, failed=1)])
    assert [] == found({}, services=[worst])
    assert [] == found({}, services=[service("payments", 5, failed=2), service("legacy", None)])


def test_no_more_than_three_are_pointed_at_the_open_incident_first() -> None:
    services = [service("payments", 4, failed=2), service("checkout", 9)]
    worse = deployed(12, 3) | took("mttr", 1800.0, 0.0, 5)
    before = deployed(9, 1) | took("mttr", 1200.0, 0.0, 5)
    kinds = found(worse, before, services=services, still_open=[open_incident()], forgotten=2)
    assert ["open", "broken", "fails_more"] == kinds
