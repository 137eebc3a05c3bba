"""`GET /gate`, and `twinspan gate` that asks it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from bot.clock import utc_now
from bot.database import Database
from bot.gate import EVERY, Gate
from bot.gate_command import Asking, ask
from handlers.acting import By
from handlers.context import Context
from handlers.errors import Unavailable
from handlers.freezes import Scope, freeze, give_pass, lift
from models.freezes import FreezePlan
from tests.support.world import TOPOLOGY, Clock, context

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = By(name="Ada", request_id="f1", at=NOON, user_id="U1")
PRODUCTION = {"service": "payments", "environment": "production"}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database)


@pytest.fixture
def gate(ctx: Context, clock: Clock) -> Gate:
    return Gate(ctx=ctx, now=clock)


async def get(gate: Gate, query: dict[str, str], token: str | None = None, method: str = "GET") -> tuple[int, Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the gate reads no body")

    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {"method": method, "path": "/gate", "query_string": urlencode(query).encode(), "headers": headers}
    await gate(scope, receive, send)
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


async def frozen(ctx: Context, gate: Gate) -> int:
    made = await freeze(
        ctx, Scope(name="payments", services=("payments",)), (NOON, NOON + timedelta(hours=2)), "x", ADA
    )
    await gate.refresh()
    return made.id


async def test_nothing_frozen_lets_a_deploy_go(gate: Gate) -> None:
    await gate.refresh()
    status, told = await get(gate, PRODUCTION)
    assert (status, told["allow"], told["freeze"], told["fail"]) == (200, True, None, "open")


async def test_frozen_says_who_why_and_until_when(ctx: Context, gate: Gate) -> None:
    await frozen(ctx, gate)
    _, told = await get(gate, {"service": "pay", "environment": "prod"})
    assert (told["allow"], told["reason"], told["until"]) == (False, "x", "2026-03-02T14:00:00Z")
    assert told["freeze"]["owner"] == "Ada"
    _, staging = await get(gate, {"service": "payments", "environment": "staging"})
    assert staging["allow"]


async def test_until_is_when_all_overlapping_freezes_are_over(ctx: Context, gate: Gate) -> None:
    await frozen(ctx, gate)
    both = Scope(name="all", services=("payments", "checkout"))
    span = NOON + timedelta(hours=1), NOON + timedelta(hours=5)
    await freeze(ctx, both, span, "y", replace(ADA, request_id="f2"))
    await gate.refresh()
    _, told = await get(gate, PRODUCTION)
    assert told["until"] == "2026-03-02T17:00:00Z"


async def test_an_end_and_a_lift_open_it_again(ctx: Context, gate: Gate, clock: Clock) -> None:
    number = await frozen(ctx, gate)
    await lift(ctx, number, replace(ADA, at=NOON + timedelta(minutes=1)))
    clock.forward(61)
    await gate.refresh()
    assert (await get(gate, PRODUCTION))[1]["allow"]


async def test_a_pass_is_for_the_deploy_that_asks_first(ctx: Context, gate: Gate) -> None:
    await frozen(ctx, gate)
    await give_pass(ctx, ["payments"], "hotfix", ADA)
    await gate.refresh()
    _, first = await get(gate, PRODUCTION | {"deploy": "run-1"})
    assert (first["allow"], first["override"]["by"]) == (True, "Ada")
    _, other = await get(gate, PRODUCTION | {"deploy": "run-2"})
    assert not other["allow"]
    _, again = await get(gate, PRODUCTION | {"deploy": "run-1"})
    assert again["allow"]


async def test_on_another_replica_too_only_one_deploy_has_the_pass(ctx: Context, gate: Gate, clock: Clock) -> None:
    await frozen(ctx, gate)
    await give_pass(ctx, ["payments"], "hotfix", ADA)
    other = Gate(ctx=ctx, now=clock)
    await gate.refresh()
    await other.refresh()
    answers = [await get(g, PRODUCTION | {"deploy": d}) for g, d in ((gate, "run-1"), (other, "run-2"))]
    assert [told["allow"] for _, told in answers] == [True, False]


async def test_a_rollback_goes_through_unless_the_configuration_forbids_it(ctx: Context, gate: Gate) -> None:
    await frozen(ctx, gate)
    rollback = PRODUCTION | {"kind": "rollback"}
    assert (await get(gate, rollback))[1]["allow"]
    ctx.topology = replace(ctx.topology, freezes=FreezePlan(allow_rollbacks=False))
    await gate.refresh()
    assert not (await get(gate, rollback))[1]["allow"]


async def test_who_was_held_up_is_kept_once(ctx: Context, gate: Gate) -> None:
    number = await frozen(ctx, gate)
    for _ in range(3):
        for _ in range(2):
            await get(gate, PRODUCTION | {"deploy": "run-1", "by": "zoe", "url": "https://ci.example/1"})
        await gate.refresh()
    async with ctx.reading() as store:
        held = await store.freezes.held_by(number)
    assert [(h.who, h.deploy, h.url) for h in held] == [("zoe", "run-1", "https://ci.example/1")]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"environment": "production"}, 400, "service is missing"),
        ({"service": "paymets", "environment": "production"}, 404, "Did you mean payments"),
        ({"service": "payments", "environment": "mars"}, 404, "no environment 'mars'"),
        (PRODUCTION | {"servise": "x"}, 400, "Did you mean service"),
    ],
)
async def test_a_wrong_question_says_what_is_wrong(gate: Gate, query: dict[str, str], status: int, words: str) -> None:
    got, told = await get(gate, query)
    assert got == status
    assert words in told["error"]


async def test_only_get_is_answered(gate: Gate) -> None:
    assert (await get(gate, PRODUCTION, method="POST"))[0] == 405


async def test_with_tokens_in_the_configuration_one_is_needed(ctx: Context, clock: Clock) -> None:
    gate = Gate(ctx=ctx, now=clock, tokens=("s3cret",))
    assert (await get(gate, PRODUCTION))[0] == 401
    assert (await get(gate, PRODUCTION, token="wrong"))[0] == 401
    assert (await get(gate, PRODUCTION, token="s3cret"))[0] == 200


async def test_in_doubt_each_environment_fails_as_configured_and_the_answer_says_so(
    ctx: Context, gate: Gate, clock: Clock
) -> None:
    ctx.topology = replace(TOPOLOGY, freezes=FreezePlan(fail_closed=("production",)))
    _, unread = await get(gate, PRODUCTION)
    assert (unread["allow"], unread["fail"]) == (False, "closed")
    await gate.refresh()
    clock.forward(60)
    _, told = await get(gate, PRODUCTION)
    assert not told["allow"]
    assert "known only as of 2026-03-02 12:00:00" in told["reason"]
    _, staging = await get(gate, {"service": "payments", "environment": "staging"})
    assert (staging["allow"], staging["fail"]) == (True, "open")


async def test_what_is_frozen_stays_frozen_while_the_database_is_away(ctx: Context, gate: Gate, clock: Clock) -> None:
    await frozen(ctx, gate)

    def away() -> Any:
        raise Unavailable

    ctx.reading = away
    clock.forward(60)
    with pytest.raises(Unavailable):
        await gate.refresh()
    assert not (await get(gate, PRODUCTION))[1]["allow"]


async def test_a_database_that_is_away_is_logged_once_then_rarely_and_when_it_is_back(
    ctx: Context, gate: Gate, clock: Clock
) -> None:
    reading, tries = ctx.reading, 0

    def away() -> Any:
        nonlocal tries
        tries += 1
        if tries == 3:
            clock.forward(300)
        if tries == 5:
            ctx.reading = reading
        raise Unavailable

    ctx.reading = away
    with capture_logs() as logged:
        running = asyncio.create_task(gate.run())
        async with asyncio.timeout(20):
            while not any(line["event"] == "gate_refreshed" for line in logged):
                await asyncio.sleep(0.05)
        running.cancel()
    assert ["gate_not_refreshed", "gate_not_refreshed", "gate_refreshed"] == [line["event"] for line in logged]
    assert (5, 300.0) == (tries, logged[-1]["seconds"])


async def test_doubt_sets_in_by_the_clock_while_a_reading_hangs(ctx: Context, gate: Gate, clock: Clock) -> None:
    ctx.topology = replace(TOPOLOGY, freezes=FreezePlan(fail_closed=("production",)))
    await gate.refresh()
    assert (await get(gate, PRODUCTION))[1]["allow"]
    clock.forward(60)
    _, told = await get(gate, PRODUCTION)
    assert (told["allow"], told["fail"]) == (False, "closed")


async def test_a_freeze_made_at_one_replica_holds_at_another_within_a_second(ctx: Context, database: Database) -> None:
    other = Gate(ctx=context(database), now=utc_now)
    reading = asyncio.create_task(other.run())
    before, after = set[str](), set[str]()
    try:
        async with asyncio.timeout(30):
            while not before:
                before |= {as_of for as_of in [(await get(other, PRODUCTION))[1]["as_of"]] if as_of}
                await asyncio.sleep(0.01)
            at = utc_now()
            span = (at, at + timedelta(hours=1))
            await freeze(ctx, Scope(name="payments", services=("payments",)), span, "x", replace(ADA, at=at))
            while (told := (await get(other, PRODUCTION))[1])["allow"]:
                after |= {told["as_of"]} - before
                await asyncio.sleep(0.01)
    finally:
        reading.cancel()
    # One reading may be on its way when the freeze is stored; the next, half a second after it, brings it.
    assert len(after) <= 1
    assert EVERY <= 0.5


def client(gate: Gate) -> httpx.AsyncClient:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await gate(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app))


async def test_the_command_ends_with_0_or_1_and_2_for_a_wrong_question(ctx: Context, gate: Gate) -> None:
    await gate.refresh()
    asking = Asking(server="http://bot", query=dict(PRODUCTION))
    async with client(gate) as http:
        assert (await ask(asking, http)).code == 0
        await frozen(ctx, gate)
        denied = await ask(asking, http)
        assert denied.code == 1
        assert "until 2026-03-02T14:00:00Z: x, by Ada" in denied.line
        wrong = await ask(replace(asking, query=PRODUCTION | {"service": "pymnts"}), http)
        assert (wrong.code, "Did you mean payments" in wrong.line) == (2, True)


async def test_the_command_waits_until_it_is_lifted(ctx: Context, gate: Gate, clock: Clock) -> None:
    number = await frozen(ctx, gate)

    async def sleep(_seconds: float) -> None:
        await lift(ctx, number, replace(ADA, at=NOON + timedelta(minutes=1)))
        clock.forward(61)
        await gate.refresh()

    async with client(gate) as http:
        asked = await ask(Asking(server="http://bot", query=dict(PRODUCTION), wait=60), http, sleep)
    assert asked.code == 0


async def test_a_bot_that_cannot_be_asked_stops_a_deploy_unless_told_otherwise() -> None:
    asking = Asking(server="http://127.0.0.1:9", query=dict(PRODUCTION))
    async with httpx.AsyncClient() as http:
        assert (await ask(asking, http)).code == 1
        assert (await ask(replace(asking, fail_open=True), http)).code == 0


async def test_what_the_bot_called_frozen_stays_so_while_it_is_away(ctx: Context, gate: Gate) -> None:
    await frozen(ctx, gate)
    answers = iter([True])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not next(answers):
            raise httpx.ConnectError("restarting")
        await gate(scope, receive, send)

    async def sleep(_seconds: float) -> None:
        """Nobody waits here."""

    asking = Asking(server="http://bot", query=dict(PRODUCTION), wait=0.05, every=0.03, fail_open=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        first = await ask(replace(asking, wait=0), http)
        assert (first.code, "Frozen" in first.line) == (1, True)
        answers = iter([True, *[False] * 10_000])
        assert (await ask(asking, http, sleep)).code == 1


@pytest.mark.parametrize("body", ["[]", "<html>", '{"detail": "Not Found"}'])
async def test_what_is_no_gate_is_said_to_be_none(body: str) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(404, text=body))
    async with httpx.AsyncClient(transport=transport) as http:
        asked = await ask(Asking(server="http://elsewhere", query=dict(PRODUCTION)), http)
    assert (asked.code, asked.line) == (1, "http://elsewhere answered 404, and not as a gate: is it the bot?")
