"""The door's engine: many requests in one transaction, each answered for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Database
from bot.telemetry import Metrics
from handlers.errors import MalformedPayload, Overloaded
from handlers.intake import Intake, Pressure, Receipt
from handlers.sender_warnings import warnings_about
from handlers.webhooks import Parsed, SourceKind, WebhookRequest
from models.reports import DeployReport
from models.store.deliveries import Delivery
from models.topology import WebhookSource
from models.words import UNSET, DeployStatus
from tests.support.world import TOPOLOGY

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOURCE = WebhookSource(name="github", kind="github")


def echo(request: WebhookRequest, source: WebhookSource) -> Parsed:
    """Take the body for the key."""
    return Parsed(key=request.body.decode(), event="echo")


KIND = SourceKind(kind="github", events=("echo",), headers=("x-kept",), verify=lambda r, s: None, parse=echo)


def request(key: str) -> WebhookRequest:
    return WebhookRequest(headers={"x-kept": "yes", "authorization": "Bearer s"}, body=key.encode(), at=AT)


def intake(database: Database, queue_size: int = 100_000, group_size: int = 256) -> Intake:
    return Intake(
        in_turn=database.in_turn,
        topology=lambda: TOPOLOGY,
        telemetry=Metrics(),
        elapsed=asyncio.get_running_loop().time,
        on_stored=lambda: None,
        queue_size=queue_size,
        group_size=group_size,
    )


@asynccontextmanager
async def storing(door: Intake) -> AsyncIterator[None]:
    worker = asyncio.create_task(door.run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def waiting(database: Database) -> list[Delivery]:
    async with database.reading() as store:
        return await store.deliveries.claim(1000)


async def sent(door: Intake, *keys: str) -> list[Receipt | BaseException]:
    """Send all at the same moment."""
    return await asyncio.gather(*(door.receive(SOURCE, KIND, request(key)) for key in keys), return_exceptions=True)


async def test_each_of_many_is_answered_for_its_own_row(database: Database) -> None:
    door = intake(database, group_size=64)
    keys = [f"k{number}" for number in range(300)]
    async with storing(door):
        receipts = await sent(door, *keys)

    numbers = {d.key: d.id for d in await waiting(database)}
    assert [("accepted", numbers[key]) for key in keys] == [
        (r.status, r.delivery) for r in receipts if isinstance(r, Receipt)
    ]


async def test_a_key_twice_in_a_group_and_once_before_it_is_one_row(database: Database) -> None:
    door = intake(database)
    async with storing(door):
        before = await sent(door, "b")
        receipts = await sent(door, "a", "b", "a", "c")

    assert ["accepted"] == [r.status for r in before if isinstance(r, Receipt)]
    found = [r for r in receipts if isinstance(r, Receipt)]
    assert ["accepted", "duplicate", "duplicate", "accepted"] == [r.status for r in found]
    assert found[0].delivery == found[2].delivery
    assert ["b", "a", "c"] == [d.key for d in await waiting(database)]


@pytest.mark.parametrize("place", [0, 4, 9])
async def test_a_row_that_cannot_be_stored_never_fails_its_neighbours(database: Database, place: int) -> None:
    """A NUL is no character of PostgreSQL's text, a lone surrogate none of any database's."""
    keys = [f"k{number}" for number in range(10)]
    door = intake(database)
    # The key reaches the database as it is: no sender can send this, and no parser should let it pass.
    bad = replace(KIND, parse=lambda r, s: Parsed(key="\ud800", event="echo"))
    async with storing(door):
        results = await asyncio.gather(
            *(door.receive(SOURCE, bad if n == place else KIND, request(k)) for n, k in enumerate(keys)),
            return_exceptions=True,
        )

    assert [n == place for n in range(10)] == [isinstance(r, Overloaded) for r in results]
    assert [k for n, k in enumerate(keys) if n != place] == [d.key for d in await waiting(database)]


@pytest.mark.postgres
async def test_a_nul_in_a_key_never_fails_its_neighbours(database: Database) -> None:
    door = intake(database)
    async with storing(door):
        results = await sent(door, "before", "nul\x00", "after")

    assert {"before", "after"} <= {d.key for d in await waiting(database)}
    assert isinstance(results[0], Receipt)
    assert isinstance(results[2], Receipt)


async def test_only_the_headers_that_matter_are_kept_and_never_a_secret(database: Database) -> None:
    door = intake(database)
    async with storing(door):
        await sent(door, "k")

    assert [{"x-kept": "yes"}] == [d.headers for d in await waiting(database)]


async def test_beyond_its_queue_it_says_when_to_come_again(database: Database) -> None:
    door = intake(database, queue_size=3)
    first = [asyncio.create_task(door.receive(SOURCE, KIND, request(f"k{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as refused:
        await door.receive(SOURCE, KIND, request("one too many"))
    async with storing(door):
        receipts = await asyncio.gather(*first)

    assert 2 == refused.value.retry_after
    assert {"accepted"} == {r.status for r in receipts}


async def test_a_database_that_is_away_refuses_the_whole_group_at_once(database: Database) -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    door = replace(intake(database), in_turn=away.in_turn)
    async with storing(door):
        results = await sent(door, "a", "b")
        door.in_turn = database.in_turn
        again = await sent(door, "a", "b")
    await away.close()

    assert ["database_unavailable"] * 2 == [r.reason for r in results if isinstance(r, Overloaded)]
    assert ["accepted"] * 2 == [r.status for r in again if isinstance(r, Receipt)]


async def test_what_waits_at_the_end_is_stored_before_it_ends(database: Database) -> None:
    door = intake(database)
    waiting_for = asyncio.create_task(door.receive(SOURCE, KIND, request("late")))
    worker = asyncio.create_task(door.run())
    await asyncio.sleep(0)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)

    assert (await waiting_for).delivery is not None


async def test_a_sender_that_gives_up_waiting_does_not_disturb_the_others(database: Database) -> None:
    door = intake(database)
    gone = asyncio.create_task(door.receive(SOURCE, KIND, request("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    async with storing(door):
        [receipt] = await sent(door, "stays")

    assert isinstance(receipt, Receipt)
    assert "accepted" == receipt.status


def test_pressure_is_of_the_last_quarters_of_a_second() -> None:
    pressure = Pressure()
    pressure.add(40, 10.0)
    assert pressure.is_open(10.0)
    assert not pressure.is_busy(10.1)
    assert pressure.is_busy(10.3)
    assert not pressure.is_open(11.0)


def deployed(
    service: str = "payments", environment: str = "production", ahead: timedelta = timedelta()
) -> DeployReport:
    return DeployReport(
        deploy_id="1",
        service=service,
        environment=environment,
        occurred_at=AT + ahead,
        status=DeployStatus.SUCCEEDED,
        started_at=UNSET,
    )


@pytest.mark.parametrize(
    ("report", "warning"),
    [
        (deployed("paymnets"), "unknown service 'paymnets'"),
        (deployed(environment="prod-eu"), "unknown environment 'prod-eu' of payments"),
        (deployed(ahead=timedelta(minutes=6)), "in the future"),
    ],
)
def test_a_sender_is_told_once_what_is_odd(report: DeployReport, warning: str) -> None:
    [told] = warnings_about([report, report], TOPOLOGY, AT)
    assert warning in told


def test_what_is_as_it_should_be_is_no_reason_for_a_warning() -> None:
    assert [] == warnings_about([deployed(ahead=timedelta(minutes=5)), deployed("pay", "prod")], TOPOLOGY, AT)


def test_more_than_a_day_ahead_is_malformed() -> None:
    with pytest.raises(MalformedPayload):
        warnings_about([deployed(ahead=timedelta(hours=24, seconds=1))], TOPOLOGY, AT)
