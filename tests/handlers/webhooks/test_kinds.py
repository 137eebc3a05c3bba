"""Every kind of sender keeps to its shape, and none is without stored requests."""

import pytest

from handlers import webhooks
from handlers.registry import discover
from handlers.webhooks import SourceKind
from tests.support.webhooks import FIXTURES, names

KINDS = discover(webhooks, "SOURCE", SourceKind)


def test_no_two_kinds_have_the_same_name() -> None:
    assert len(KINDS) == len({kind.kind for kind in KINDS})


def test_stored_requests_belong_to_a_kind() -> None:
    assert {kind.kind for kind in KINDS} == {folder.name for folder in FIXTURES.iterdir()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_each_event_that_a_kind_knows_has_a_stored_request_and_no_request_is_of_another(kind: SourceKind) -> None:
    assert set(kind.events) == {name.partition("__")[0] for name in names(kind.kind)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_the_headers_that_are_kept_are_named_as_they_arrive_and_prove_nothing(kind: SourceKind) -> None:
    assert [name.lower() for name in kind.headers] == list(kind.headers)
    assert not [name for name in kind.headers if any(word in name for word in ("authorization", "token", "signature"))]
