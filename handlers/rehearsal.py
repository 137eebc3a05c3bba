"""What a payload would do: it is read, booked and put into words in a transaction that is always taken back.

The sender need not prove who it is: nothing is kept, nothing is queued, nobody hears of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Final

import zstandard

import handlers.webhooks as webhook_files
from handlers.bookkeeping import Booked, Told, book
from handlers.context import Context
from handlers.errors import MalformedPayload, UserError
from handlers.ports import Transaction
from handlers.registry import discover
from handlers.routing import Notice, route
from handlers.sender_warnings import warnings_about
from handlers.speech import render
from handlers.suggest import did_you_mean
from handlers.views.rehearsal import Rehearsal, Spoken
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from handlers.why import services_of
from models.store import Store
from models.store.deliveries import NewDelivery
from models.topology import Topology, WebhookSource

_MOST_BYTES: Final = 64 * 1024 * 1024
_NAME: Final = "rehearsal"
# GitHub names its event in a header alone; by this key of the body it can be guessed. The first that fits counts.
_GITHUB_KEYS: Final = {
    "deployment_status": "deployment_status",
    "deployment": "deployment",
    "workflow_run": "workflow_run",
    "pull_request": "pull_request",
    "release": "release",
    "commits": "push",
    "zen": "ping",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What is tried: `source` may be left out where there is one; `event` is the sender's own name for it."""

    body: bytes
    source: str | None = None
    event: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _TakenBack(Exception):
    """Ends the transaction, so that the database forgets it."""


def source_names(topology: Topology) -> list[str]:
    """Return the names of the senders.

    Raises:
        UserError: none is configured.
    """
    if not topology.sources:
        raise UserError("No sender is configured yet: add one under `sources` in twinspan.yaml.")
    return [source.name for source in topology.sources]


async def rehearse(
    transaction: Transaction, reading: Transaction, topology: Topology, payload: Payload, at: datetime
) -> Rehearsal:
    """Return what a payload would do at `at`.

    Raises:
        UserError: the sender or the event is unknown or not said.
    """
    source = _source(topology, payload.source)
    kind = _kinds()[source.kind]
    request = WebhookRequest(headers=_headers(kind, payload), body=payload.body, at=at)
    found = Rehearsal(source=source.name, kind=kind.kind)
    try:
        parsed = kind.parse(request, source)
        found = replace(found, event=parsed.event, warnings=parsed.warnings)
        if parsed.ignored is not None:
            return replace(found, ignored=parsed.ignored + _meant(kind, payload.event))
        warnings = (*parsed.warnings, *warnings_about(parsed.reports, topology, at))
    except MalformedPayload as error:
        return replace(found, malformed=(error.path, error.problem))
    found = replace(
        found,
        warnings=warnings,
        rejected=[(r.index, r.path, r.problem) for r in parsed.rejected],
        reports=parsed.reports,
        names={name: known.name for name in _names(parsed) if (known := topology.service_named(name))},
    )
    booked, said = await _played(transaction, topology, source, request, parsed)
    there = await _known(reading, {one.subject for one in said})
    return replace(
        found,
        repeated=booked.repeated,
        messages=[replace(one, is_known=one.subject in there) for one in said],
    )


async def rehearse_delivery(ctx: Context, number: int, at: datetime) -> Rehearsal:
    """Return what a stored delivery would do if it came in now: of what was applied before, nothing is new.

    Raises:
        UserError: it is not kept, or its sender is not configured any more.
    """
    async with ctx.reading() as store:
        stored = await store.deliveries.get(number) if number < 2**63 else None
    if stored is None:
        raise UserError(f"I know no delivery {number}: it never was, or is older than what is kept.")
    body = zstandard.ZstdDecompressor().decompress(stored.body, max_output_size=_MOST_BYTES)
    payload = Payload(source=stored.source, body=body, headers=stored.headers)
    return await rehearse(ctx.transaction, ctx.reading, ctx.topology, payload, at)


async def _played(
    transaction: Transaction, topology: Topology, source: WebhookSource, request: WebhookRequest, parsed: Parsed
) -> tuple[Booked, list[Spoken]]:
    """Book the reports and put the messages into words; then let the database forget all of it."""
    booked, said = Booked(), list[Spoken]()
    try:
        async with transaction() as store:
            raw = NewDelivery(
                source=source.name,
                key=f"{_NAME}:{parsed.key}"[:255],
                event=parsed.event,
                received_at=request.at,
                headers={},
                body=b"",
            )
            (stored,) = await store.deliveries.add_group([raw])
            told = [Told(stored.id, source.name, request.at, report) for report in parsed.reports]
            booked = await book(store, topology, told)
            said = [await _spoken(store, topology, notice, request.at) for notice in _latest(booked.notices)]
            raise _TakenBack
    except _TakenBack:
        return booked, said


def _latest(notices: Sequence[Notice]) -> list[Notice]:
    """Return each message once, as it was last wanted."""
    return list({notice.key: notice for notice in notices}.values())


async def _spoken(store: Store, topology: Topology, notice: Notice, at: datetime) -> Spoken:
    services = await services_of(store, notice.subject)
    rule, bridge = route(notice.channel, services, topology)
    said = await render(
        store,
        topology,
        subject=notice.subject,
        part=notice.part,
        side=notice.side,
        channel=notice.channel,
        params=notice.params,
        at=at,
    )
    return Spoken(
        subject=notice.subject,
        part=notice.part,
        channel=notice.channel,
        side=notice.side,
        rule=rule,
        bridge=bridge,
        services=services,
        text=said.text if said else None,
    )


async def _known(reading: Transaction, subjects: set[str]) -> set[str]:
    """Return the subjects that are in the memory already: the numbers of others were forgotten with them."""
    async with reading() as store:
        return {subject for subject in subjects if await services_of(store, subject) or await _is_open(store, subject)}


async def _is_open(store: Store, subject: str) -> bool:
    """Say whether it is an incident that is known: one may be of no service."""
    kind, _, number = subject.partition(":")
    return kind == "incident" and await store.incidents.get(int(number)) is not None


@cache
def _kinds() -> dict[str, SourceKind]:
    return {kind.kind: kind for kind in discover(webhook_files, "SOURCE", SourceKind)}


def _source(topology: Topology, name: str | None) -> WebhookSource:
    names = source_names(topology)
    if name is None:
        if len(names) > 1:
            raise UserError(f"Say which sender it comes from: {', '.join(names)}.")
        name = names[0]
    source = topology.source_named(name)
    if source is None:
        raise UserError(f"I know no sender “{name[:60]}”." + did_you_mean(name, names))
    return source


def _headers(kind: SourceKind, payload: Payload) -> dict[str, str]:
    """Return the headers the sender would send: those given, and its event where a header says it."""
    given = {name.lower(): value for name, value in payload.headers.items()}
    header = f"x-{kind.kind}-event"
    if header not in kind.headers:
        if payload.event:
            raise UserError(f"A sender of the kind {kind.kind} says its event in the payload: leave the event out.")
        return given
    event = given.get(header) or payload.event or _guessed(kind, payload.body)
    if event is None:
        raise UserError(f"Say which event of {kind.kind} it is, its payload does not: {', '.join(kind.events)}.")
    if kind.kind == "gitlab" and event in kind.events:
        event = f"{event.capitalize()} Hook"
    return {"x-github-delivery": _NAME, **given, header: event}


def _guessed(kind: SourceKind, body: bytes) -> str | None:
    """Return the event that a payload looks like; any of them where it is not even an object, to hear what is wrong."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return kind.events[0]
    if not isinstance(value, dict):
        return kind.events[0]
    if kind.kind == "gitlab":
        said = value.get("object_kind")
        return said if isinstance(said, str) else None
    return next((event for key, event in _GITHUB_KEYS.items() if key in value), None)


def _meant(kind: SourceKind, event: str | None) -> str:
    return "." + did_you_mean(event, kind.events) if event and event not in kind.events else ""


def _names(parsed: Parsed) -> set[str]:
    """Return the senders' names of the services that a request is about."""
    names: set[str] = set()
    for report in parsed.reports:
        names.update(getattr(report, "services", ()))
        names.update(filter(None, [getattr(report, "service", None)]))
    return names
