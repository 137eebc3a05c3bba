"""What Prometheus reads: the text format, or OpenMetrics where that is asked for, with the same names and values."""

import subprocess
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from bot.clock import utc_now
from bot.telemetry import Metrics
from tests.support.prometheus import TOOL

TEXT, OPENMETRICS = (
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
)
# As Prometheus 3 asks: its `scrape_protocols`, the first one most.
USUAL = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
TEXT_FIRST = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2"


def used() -> Metrics:
    """Return metrics of which each was told something."""
    metrics, at = Metrics(), utc_now()
    metrics.delivery('ci "1"\n', "accepted")
    metrics.group(3, 0.004)
    metrics.applied("applied", 3, 0.01)
    metrics.post("said", 0.2)
    metrics.queue("outbox", 2, at - timedelta(seconds=9), 1, at)
    return metrics


@pytest.mark.parametrize(
    ("expected", "accept"),
    [
        (TEXT, ""),
        (TEXT, "*/*"),
        (TEXT, "text/plain;version=0.0.4"),
        (TEXT, TEXT_FIRST),
        (TEXT, "application/openmetrics-text;q=0"),
        (TEXT, "text/html, application/openmetrics-textual"),
        (OPENMETRICS, "application/openmetrics-text"),
        (OPENMETRICS, "Application/OpenMetrics-Text; version=x; q=, text/plain"),
        (OPENMETRICS, USUAL),
    ],
)
def test_the_form_is_that_which_is_asked_for(expected: str, accept: str) -> None:
    assert expected == Metrics().exposition(accept)[1]


def test_both_forms_say_the_same_under_the_same_names() -> None:
    metrics = used()
    text, openmetrics = (metrics.exposition(form)[0].decode() for form in ("", USUAL))
    assert openmetrics.endswith("\n# EOF\n")
    in_text = {(s.name, *sorted(s.labels.items()), s.value) for family in read_text(text) for s in family.samples}
    families = list(read_openmetrics(openmetrics))  # type: ignore[no-untyped-call]  # of the library
    assert in_text == {(s.name, *sorted(s.labels.items()), s.value) for family in families for s in family.samples}
    assert "counter" in {family.type for family in families if family.name == "twinspan_deliveries"}


@pytest.mark.prometheus
@pytest.mark.skipif(TOOL is None, reason="needs promtool")
def test_prometheus_has_nothing_to_say_against_the_text() -> None:
    assert TOOL is not None
    checked = subprocess.run([TOOL, "check", "metrics"], input=used().exposition()[0], capture_output=True, check=False)
    assert (0, b"", b"") == (checked.returncode, checked.stdout, checked.stderr)
