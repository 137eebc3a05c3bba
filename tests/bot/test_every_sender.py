"""What every kind of sender may get wrong, through the real door: all of it is refused by name, or does no harm."""

import base64
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from bot.clock import utc_now
from bot.settings import Settings
from handlers import webhooks as webhook_files
from handlers.errors import MalformedPayload
from handlers.registry import discover
from handlers.webhooks import SourceKind, WebhookRequest
from models.reports import Report
from models.store.deliveries import Delivery
from models.topology import WebhookSource
from tests.support.stage import ADMIN, DEV, OPS, SECRET, Stage, stage
from tests.support.webhooks import captured, names, sign_gitlab_standard

LIMIT: Final = 1024 * 1024
KINDS: Final = {kind.kind: kind for kind in discover(webhook_files, "SOURCE", SourceKind)}
SENDERS: Final = {
    "github": "deployment_status__success",
    "gitlab": "deployment__success",
    "alertmanager": "alerts__firing_group_of_two",
    "events": "event__deploy_succeeded",
    "pagerduty": "incident.triggered__with_a_priority",
}
SIGNING_KEY: Final = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, for us").decode()
PINGS: Final = "<!channel> <!here|x> @here <@U1> *b* <https://evil.example|click> \u202eevil &lt;!everyone&gt; `x`"
# Where a text may be neither long nor hold what no database takes, the second is tried.
HOSTILE: Final = (PINGS + " \x00" + "x" * 3000, PINGS)
# What would ping somebody, or hide where a link leads.
LIVE: Final = re.compile(r"<!(?!date)|<https://evil|<@U1>")


def of_every_kind(settings: Settings) -> Settings:
    """Add the kinds that the demo has no source for, and limit what a source may send."""
    names_there = {source.name for source in settings.topology.sources}
    more = [WebhookSource(name=kind, kind=kind, secrets=(SECRET,)) for kind in KINDS if kind not in names_there]
    sources = tuple(
        replace(source, max_bytes=LIMIT, secrets=(SECRET, SIGNING_KEY))
        for source in (*settings.topology.sources, *more)
    )
    return replace(settings, topology=replace(settings.topology, sources=sources))


@pytest.fixture
async def door(sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(sqlite_url, of_every_kind) as running:
        yield running


def proof(kind: str, body: bytes, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """Return the headers by which a sender of a kind proves itself."""
    sign = hmac.digest(secret.encode(), body, "sha256").hex()
    match kind:
        case "github":
            return {"x-hub-signature-256": f"sha256={sign}"}
        case "gitlab":
            return sign_gitlab_standard(SIGNING_KEY, body, at=at) if at else {"x-gitlab-token": secret}
        case "pagerduty":
            return {"x-pagerduty-signature": f"v1={sign}"}
        case "events" if at:
            sent = str(int(at.timestamp()))
            made = hmac.digest(secret.encode(), f"{sent}.".encode() + body, "sha256").hex()
            return {"x-twinspan-signature": f"t={sent},v1={made}"}
        case _:
            return {"authorization": f"Bearer {secret}"}


async def send(
    door: Stage, kind: str, body: bytes, *, name: str | None = None, proven: Mapping[str, str] | None = None
) -> httpx.Response:
    """Post a body with the headers of a captured request; `proven` in place of a right signature."""
    kept = {
        header: value
        for header, value in captured(kind, name or SENDERS[kind]).headers.items()
        if header in (*KINDS[kind].headers, "content-type", "idempotency-key") and "signature" not in header
    }
    headers = {**kept, **(proof(kind, body) if proven is None else proven)}
    return await door.http.post(f"/webhooks/{kind}", content=body, headers=headers)


def body_of(kind: str, name: str | None = None) -> bytes:
    return captured(kind, name or SENDERS[kind]).body


@pytest.fixture(params=sorted(SENDERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def stored(door: Stage) -> list[Delivery]:
    async with door.bot.database.reading() as store:
        return [d for d in [await store.deliveries.get(number) for number in range(1, 100)] if d is not None]


def test_no_kind_of_sender_is_left_out() -> None:
    assert set(KINDS) == set(SENDERS)


async def test_a_right_request_is_stored_and_again_a_duplicate(door: Stage, kind: str) -> None:
    answers = [await send(door, kind, body_of(kind)) for _ in range(2)]

    assert [(202, "accepted"), (200, "duplicate")] == [(a.status_code, a.json()["status"]) for a in answers]
    assert answers[0].json()["delivery"] == answers[1].json()["delivery"]


async def test_a_wrong_and_a_missing_proof_and_a_changed_body_are_401_and_learn_nothing(door: Stage, kind: str) -> None:
    body = body_of(kind)
    answers = [
        await send(door, kind, body, proven=proof(kind, body, "not-the-secret")),
        await send(door, kind, body, proven={}),
        await send(door, kind, body, proven=dict.fromkeys(proof(kind, body), "")),
    ]
    if kind in ("github", "pagerduty"):
        answers.append(await send(door, kind, body + b" ", proven=proof(kind, body)))

    assert {(401, ("error",))} == {(a.status_code, tuple(a.json())) for a in answers}
    assert {"signature or token missing or wrong"} == {a.json()["error"] for a in answers}
    assert [] == await stored(door)


@pytest.mark.parametrize("kind", ["gitlab", "events"])
async def test_a_signature_counts_for_five_minutes(door: Stage, kind: str) -> None:
    body = body_of(kind)
    stale = [
        await send(door, kind, body, proven=proof(kind, body, at=utc_now() + timedelta(seconds=s))) for s in (-330, 330)
    ]
    fresh = await send(door, kind, body, proven=proof(kind, body, at=utc_now() - timedelta(seconds=270)))

    assert [401, 401, 202] == [a.status_code for a in (*stale, fresh)]


BROKEN: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "empty": lambda body: b"",
    "truncated": lambda body: body[:-9],
    "not JSON": lambda body: b"deploy!",
    "null": lambda body: b"null",
    "a text": lambda body: b'"text"',
    "deep and unclosed": lambda body: b"[" * 50_000,
    "deeply nested": lambda body: b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "invalid UTF-8": lambda body: body.replace(b'"', b'"\xff\xfe', 1),
}


async def test_what_can_never_succeed_is_422_with_its_place(door: Stage, kind: str) -> None:
    answers = {what: await send(door, kind, broken(body_of(kind))) for what, broken in BROKEN.items()}

    assert dict.fromkeys(BROKEN, (422, "$")) == {w: (a.status_code, a.json()["path"][:1]) for w, a in answers.items()}
    assert [] == [what for what, answer in answers.items() if not answer.json()["error"]]
    assert [] == await stored(door)


async def test_a_body_over_the_limit_is_413(door: Stage, kind: str) -> None:
    assert 413 == (await send(door, kind, b" " * LIMIT + body_of(kind))).status_code
    assert [] == await stored(door)


async def test_fields_that_nobody_knows_change_nothing(door: Stage, kind: str) -> None:
    value = json.loads(body_of(kind))
    assert 202 == (await send(door, kind, json.dumps(_with_unknown_fields(value)).encode())).status_code
    await door.applied()

    assert {"failed"}.isdisjoint({delivery.state for delivery in await stored(door)})


async def test_a_time_of_over_a_day_ahead_is_422(door: Stage, kind: str) -> None:
    ahead = (utc_now() + timedelta(hours=25)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = await send(door, kind, json.dumps(_with_times(json.loads(body_of(kind)), ahead)).encode())

    assert (422, True) == (answer.status_code, "future" in answer.json()["error"]), answer.text
    assert [] == await stored(door)


async def test_a_refusal_is_short_however_long_the_wrong_value_is(door: Stage, kind: str) -> None:
    value = json.loads(body_of(kind))
    answers = [
        await send(door, kind, json.dumps(_put(value, place, "x" * 100_000)).encode()) for place in list(_texts(value))
    ]

    assert max(len(answer.content) for answer in answers) < 2000


async def test_numbers_written_as_text_are_taken_or_named(door: Stage, kind: str) -> None:
    answer = await send(door, kind, json.dumps(_numbers_as_text(json.loads(body_of(kind)))).encode())
    await door.applied()

    assert answer.status_code in (202, 422)
    assert answer.status_code == 202 or answer.json()["path"].startswith("$.")
    assert {"failed"}.isdisjoint({delivery.state for delivery in await stored(door)})


async def test_hostile_words_in_every_field_ping_nobody_and_break_nothing(door: Stage, kind: str) -> None:
    sent = 0
    for name in names(kind):
        body = _as_hostile_as_possible(kind, name)
        if body is not None:
            answer = await send(door, kind, body, name=name)
            assert answer.status_code in (200, 202), (name, answer.text)
            sent += answer.status_code == 202
    await door.settled(60)

    assert sent > 0
    assert {"failed"}.isdisjoint({delivery.state for delivery in await stored(door)})
    shown = [text for channel in (DEV, OPS, ADMIN) for text in _mrkdwn(door, channel)]
    assert [text for text in shown if "evil" in text]
    assert [] == [text for text in shown if LIVE.search(text)]
    async with door.bot.database.reading() as store:
        assert [] == await store.outbox.failures()


def _with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{key: _with_unknown_fields(inner) for key, inner in value.items()}, "x_unknown": "?"}
    return [_with_unknown_fields(inner) for inner in value] if isinstance(value, list) else value


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def _with_times(value: Any, instant: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_times(inner, instant) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_times(inner, instant) for inner in value]
    return instant if isinstance(value, str) and _INSTANT.match(value) else value


def _numbers_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers_as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(inner) for inner in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_hostile_as_possible(kind: str, name: str) -> bytes | None:
    """Return a captured body with hostile words in every text that may hold some; `None`: none of ours."""
    request = captured(kind, name)
    value, source = json.loads(request.body), WebhookSource(name=kind, kind=kind)
    before = _read(KINDS[kind], request, value, source)
    if not before:
        return None
    for place in list(_texts(value)):
        for tried in (_put(value, place, text) for text in HOSTILE):
            after = _read(KINDS[kind], request, tried, source)
            if after and _place(after) == _place(before):
                value = tried
                break
    return json.dumps(value).encode()


def _read(kind: SourceKind, request: WebhookRequest, value: Any, source: WebhookSource) -> tuple[Report, ...]:
    try:
        return kind.parse(replace(request, body=json.dumps(value).encode()), source).reports
    except MalformedPayload:
        return ()


def _place(reports: tuple[Report, ...]) -> list[Any]:
    """Return what decides where reports are told, and whether they are."""
    kept = ("service", "services", "environment", "repository", "opens", "severity")
    return [[getattr(report, name, None) for name in kept] for report in reports]


def _texts(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        yield place
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _texts(inner, (*place, step))


def _put(value: Any, place: tuple[str | int, ...], text: str) -> Any:
    changed = deepcopy(value)
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = text
    return changed


def _mrkdwn(door: Stage, channel: str) -> list[str]:
    """Return every text of a channel and its threads in which Slack looks for mentions and links."""
    found = []
    for message in door.seen.messages(channel):
        for said in door.sandbox.workspace.thread(channel, message.ts):
            found += [said.text, *_mrkdwn_of(said.blocks)]
    return found


def _mrkdwn_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for inner in value.values():
            yield from _mrkdwn_of(inner)
    if isinstance(value, list):
        for inner in value:
            yield from _mrkdwn_of(inner)
