"""Sender kinds: each file here exports `SOURCE`, a `SourceKind` whose two functions are pure.

A file turns one sender's requests into reports (`models.reports`); it knows nothing of storage, Slack or time. It may
import `handlers.signatures` and `handlers.payload`, and no other file of this folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.reports import Report
from models.topology import WebhookSource


@dataclass(slots=True)
class WebhookRequest:
    """One request as it came: header names in lower case, the body's raw bytes, the instant it was received.

    Not frozen, for speed alone, like `Parsed`: nothing changes them.
    """

    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejection:
    """One event of a batch that can never succeed: its place in the batch, the path of its first wrong field, why."""

    index: int
    path: str
    problem: str


@dataclass(slots=True, kw_only=True)
class Parsed:
    """What one authentic request says.

    `key` identifies the delivery within its source: a redelivery has the same one. `event` is the sender's own name
    for it (`deployment_status`). `ignored` says why an event is none of ours; then `reports` is empty. `rejected` are
    the events of a batch that can never succeed beside good ones (a request with no good event raises
    `MalformedPayload`).
    """

    key: str
    event: str
    reports: tuple[Report, ...] = ()
    ignored: str | None = None
    rejected: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One kind of sender.

    `verify` raises `NotAuthentic`; `parse` raises `MalformedPayload`. `events` are the event kinds it knows, as in
    the names of its fixtures. `headers` are the ones (lower case) that must be stored to parse the body again.
    """

    kind: str
    events: tuple[str, ...]
    headers: tuple[str, ...]
    verify: Callable[[WebhookRequest, WebhookSource], None]
    parse: Callable[[WebhookRequest, WebhookSource], Parsed]
