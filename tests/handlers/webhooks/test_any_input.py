"""Whatever comes, a parser reads it or says what is wrong; nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.webhooks import SourceKind
from handlers.webhooks.alertmanager import SOURCE as ALERTMANAGER
from handlers.webhooks.events import SOURCE as EVENTS
from handlers.webhooks.pagerduty import SOURCE as PAGERDUTY
from models.topology import WebhookSource
from tests.support.webhooks import captured, is_well_behaved, mutations, names, of_json

KINDS = [pytest.param(kind, id=kind.kind) for kind in (ALERTMANAGER, EVENTS, PAGERDUTY)]
SENDER = WebhookSource(name="any", kind="any")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEDIA_TYPES = ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"]
HEADERS = st.fixed_dictionaries(
    {"content-type": st.sampled_from(MEDIA_TYPES)},
    optional={name: st.text() for name in EVENTS.headers if name != "content-type"},
)


@pytest.mark.parametrize("kind", KINDS)
@given(value=VALUES, headers=HEADERS)
def test_any_json_is_read_or_malformed(kind: SourceKind, value: Any, headers: dict[str, str]) -> None:
    assert is_well_behaved(kind, of_json(value, headers), SENDER)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data(), replacement=VALUES)
def test_any_change_to_a_real_payload_is_read_or_malformed(
    kind: SourceKind, data: st.DataObject, replacement: Any
) -> None:
    request = captured(kind.kind, data.draw(st.sampled_from(names(kind.kind))))
    for value in mutations(json.loads(request.body), replacement):
        assert is_well_behaved(kind, of_json(value, dict(request.headers)), SENDER)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), noise=st.binary(max_size=4))
def test_any_damage_to_a_real_body_is_read_or_malformed(kind: SourceKind, data: st.DataObject, noise: bytes) -> None:
    request = captured(kind.kind, data.draw(st.sampled_from(names(kind.kind))))
    start = data.draw(st.integers(0, len(request.body)))
    end = data.draw(st.integers(start, len(request.body)))
    damaged = request.body[:start] + noise + request.body[end:]
    assert is_well_behaved(kind, type(request)(request.headers, damaged, request.at), SENDER)
