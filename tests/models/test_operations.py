import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.operations import (
    NOT_ASKED,
    Found,
    Objective,
    burn_rate,
    error_budget_left,
    expression,
    placeholders,
    reading,
    seconds,
    share,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)
PROMISE = Objective(target=0.999, availability_query="a", latency_query="b")


@pytest.mark.parametrize(
    ("availability", "burnt", "left"),
    [(1.0, 0.0, 1.0), (0.9995, 0.5, 0.5), (0.999, 1.0, 0.0), (0.9856, 14.4, -13.4), (0.0, 1000.0, -999.0)],
)
def test_the_budget_burns_as_the_workbook_says(availability: float, burnt: float, left: float) -> None:
    assert pytest.approx(burnt) == burn_rate(availability, 0.999)
    assert pytest.approx(left) == error_budget_left(availability, 0.999)


def test_what_is_unknown_stays_unknown() -> None:
    assert burn_rate(None, 0.999) is None
    assert burn_rate(0.5, None) is None
    assert burn_rate(0.5, 1.0) is None
    assert error_budget_left(None, 0.999) is None


@given(st.floats())
def test_only_what_can_be_an_availability_is_one(value: float) -> None:
    found = share(value)
    assert found is None or 0 <= found <= 1
    assert (found is None) == (not -1e-6 <= value <= 1 + 1e-6)


@given(st.floats())
def test_only_a_finite_time_is_a_latency(value: float) -> None:
    found = seconds(value)
    assert (found is not None) == (math.isfinite(value) and value >= 0)


def test_a_reading_has_all_numbers_and_no_reason() -> None:
    found = reading(
        "payments",
        PROMISE,
        availability=Found(value=0.998),
        of_budget=Found(value=0.9995),
        latency=Found(value=0.25),
        chart=NOT_ASKED,
        points=((AT, 0.9), (AT, math.nan), (AT, None), (AT, 99.9)),
    )
    assert (0.998, 0.25, None) == (found.availability, found.latency_s, found.reason)
    assert pytest.approx(2.0) == found.burn_rate
    assert pytest.approx(0.5) == found.error_budget_left
    assert [0.9, None, None, None] == [value for _, value in found.points]


def test_one_reason_for_everything_is_said_once_and_several_say_for_what() -> None:
    down, empty = Found(reason="Prometheus cannot be reached"), Found(reason="no data")
    everything = reading("p", PROMISE, availability=down, of_budget=down, latency=down, chart=down, points=())
    assert "Prometheus cannot be reached" == everything.reason
    some = reading("p", PROMISE, availability=empty, of_budget=empty, latency=down, chart=NOT_ASKED, points=())
    assert "availability, error budget: no data; latency: Prometheus cannot be reached" == some.reason
    one = reading(
        "p", PROMISE, availability=Found(value=1.0), of_budget=empty, latency=NOT_ASKED, chart=NOT_ASKED, points=()
    )
    assert ("error budget: no data", None, 0.0) == (one.reason, one.error_budget_left, one.burn_rate)


def test_a_number_that_cannot_be_is_unknown_and_said() -> None:
    percent, negative = Found(value=99.9), Found(value=-1.0)
    found = reading(
        "p", PROMISE, availability=percent, of_budget=NOT_ASKED, latency=negative, chart=NOT_ASKED, points=()
    )
    assert (None, None, None) == (found.availability, found.latency_s, found.burn_rate)
    assert "availability: gives 99.9, which is not between 0 and 1; latency: gives -1 seconds" == found.reason


def test_a_service_with_latency_alone_has_a_chart_of_it() -> None:
    found = reading(
        "p",
        Objective(latency_query="b"),
        availability=NOT_ASKED,
        of_budget=NOT_ASKED,
        latency=Found(value=3.0),
        chart=NOT_ASKED,
        points=((AT, 3.0), (AT, -1.0)),
    )
    assert ((AT, 3.0), (AT, None)) == found.points


def test_only_the_placeholders_are_replaced() -> None:
    query = 'up{job="$service",path=~"a$"}[$window] $windows $$'
    assert 'up{job="pay",path=~"a$"}[86400s] $windows $$' == expression(query, "pay", timedelta(days=1))
    assert ["service", "window", "windows"] == placeholders(query + "$window")
    assert "[1s]" == expression("[$window]", "pay", timedelta(0))
    assert "$window" == expression("$service", "$window", timedelta(days=1))
