"""What Prometheus is told: counts and times from the handlers, depths and ages read at scrape time."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics import exposition as openmetrics

_QUALITY: Final = re.compile(r";\s*q=([01](?:\.\d*)?)")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(kw_only=True)
class Metrics:
    """The metrics of one process, on a registry of their own. Implements `handlers.ports.Telemetry`."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        registry = self.registry
        self._children: dict[tuple[str, str], Counter] = {}
        self._deliveries = Counter(
            "twinspan_deliveries", "Requests at the door.", ["source", "outcome"], registry=registry
        )
        self._group_size = Histogram(
            "twinspan_group_size",
            "Deliveries stored in one transaction.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=registry,
        )
        self._group_seconds = Histogram(
            "twinspan_group_seconds", "Time to store one group.", buckets=_SECONDS, registry=registry
        )
        self._applied = Counter("twinspan_applied", "Deliveries applied.", ["outcome"], registry=registry)
        self._batch_seconds = Histogram(
            "twinspan_apply_batch_seconds", "Time to apply one batch.", buckets=_SECONDS, registry=registry
        )
        self._posts = Counter("twinspan_posts", "Calls to Slack.", ["outcome"], registry=registry)
        self._post_seconds = Histogram(
            "twinspan_post_seconds", "Time of one call to Slack.", buckets=_SECONDS, registry=registry
        )
        self._waiting = Gauge("twinspan_waiting", "What waits, by queue.", ["queue"], registry=registry)
        self._oldest = Gauge(
            "twinspan_oldest_waiting_seconds", "Age of the oldest that waits, by queue.", ["queue"], registry=registry
        )
        self._failed = Gauge("twinspan_failed", "What failed for good, by queue.", ["queue"], registry=registry)

    def delivery(self, source: str, outcome: str) -> None:
        """Count a request at the door."""
        child = self._children.get((source, outcome))
        if child is None:
            child = self._children[source, outcome] = self._deliveries.labels(source, outcome)
        child.inc()

    def group(self, size: int, seconds: float) -> None:
        """Time one group commit at the door."""
        self._group_size.observe(size)
        self._group_seconds.observe(seconds)

    def applied(self, outcome: str, count: int, seconds: float) -> None:
        """Count deliveries that were applied."""
        self._applied.labels(outcome).inc(count)
        self._batch_seconds.observe(seconds)

    def post(self, outcome: str, seconds: float) -> None:
        """Count a call to Slack."""
        self._posts.labels(outcome).inc()
        self._post_seconds.observe(seconds)

    def queue(self, name: str, waiting: int, oldest: datetime | None, failed: int, at: datetime) -> None:
        """Set the depth of a queue, the age of its oldest entry, and how many failed for good."""
        self._waiting.labels(name).set(waiting)
        self._oldest.labels(name).set((at - oldest).total_seconds() if oldest else 0.0)
        self._failed.labels(name).set(failed)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return what Prometheus reads, and its media type: OpenMetrics where Accept prefers it, else text."""
        # Not `choose_encoder`, which fails on a version that is no number, and passes over what is preferred.
        wanted = _wanted(accept, "application/openmetrics-text")
        if wanted > 0 and wanted >= _wanted(accept, "text/plain"):
            told: bytes = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call]  # of the library
            return told, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4


def _wanted(accept: str, media_type: str) -> float:
    """Return how much an Accept header wants a media type, from 0 to 1."""
    entries = [entry for entry in accept.casefold().split(",") if entry.partition(";")[0].strip() == media_type]
    return max((float(told[1]) if (told := _QUALITY.search(entry)) else 1.0 for entry in entries), default=0.0)
