"""The rows of a digest's services are the numbers of each service alone."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.delivery import Facts, IncidentFact, Rollout, measure
from models.periods import previous, window
from models.service_rows import facts_by_service, service_rows

WEEK = window(date(2026, 3, 2), "week", "Europe/Berlin")
BEFORE = previous(WEEK)
NAMES = ("a", "b", "c")

_instants = st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 12), timezones=st.just(UTC))  # noqa: DTZ001
_names = st.sampled_from(NAMES)
_rollouts = st.builds(
    Rollout, service=_names, name=st.text(max_size=3), finished_at=_instants, failed_at=st.none() | _instants
)
_incidents = st.builds(
    IncidentFact,
    id=st.integers(),
    name=st.text(max_size=3),
    services=st.lists(_names, max_size=2).map(tuple),
    started_at=st.none() | _instants,
    acknowledged_at=st.none(),
    resolved_at=st.none(),
    blame=st.none(),
)
_facts = st.builds(
    Facts,
    rollouts=st.lists(_rollouts),
    attempts_failed=st.lists(st.tuples(_names, _instants)),
    incidents=st.lists(_incidents),
    changes=st.lists(st.tuples(_names, _instants)),
    alive_from=st.dictionaries(_names, _instants),
    watched_from=st.none() | _instants,
)


def alone(facts: Facts, service: str) -> Facts:
    return replace(
        facts,
        rollouts=[r for r in facts.rollouts if r.service == service],
        attempts_failed=[a for a in facts.attempts_failed if a[0] == service],
        incidents=[i for i in facts.incidents if service in i.services],
        changes=[c for c in facts.changes if c[0] == service],
        alive_from={name: at for name, at in facts.alive_from.items() if name == service},
    )


@given(facts=_facts)
def test_the_facts_of_each_service_are_those_that_name_it(facts: Facts) -> None:
    assert {name: alone(facts, name) for name in NAMES} == facts_by_service(NAMES, facts)


@given(facts=_facts, as_of=_instants)
def test_a_row_is_what_is_measured_of_its_service_alone(facts: Facts, as_of: datetime) -> None:
    for row in service_rows(NAMES, facts, (BEFORE, WEEK), as_of):
        was, now = measure([BEFORE, WEEK], alone(facts, row.name), as_of)
        assert (now.deploys, now.failed_deploys, now.deploy_attempts_failed) == (
            row.deploys,
            row.failed,
            row.attempts_failed,
        )
        assert (now.incidents_started, now.changes, was.deploys) == (row.incidents, row.changes, row.previous_deploys)
