"""What a digest says of what was left to do: incidents without review, action items past due."""

from dataclasses import replace

import pytest

from bot.database import Database
from handlers.acting import By
from handlers.action_items import add_item
from handlers.context import Context
from handlers.digest_runs import run_digest
from handlers.incident_moves import move
from handlers.views.digests import digest
from models.people import Person
from models.records import MessageRef
from models.store.digests import Snapshot
from models.words import IncidentStatus, Severity
from tests.handlers.test_digest_runs import DAILY, DAY, HOUR, MONDAY_NINE, SUNDAY
from tests.handlers.views import samples
from tests.support.reading import shown
from tests.support.world import TOPOLOGY, context

ADA = Person(user_id="U1", name="Ada", handle="ada")


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=replace(TOPOLOGY, digests=(DAILY,)))


async def posted(ctx: Context) -> Snapshot:
    (snapshot,) = await run_digest(ctx, DAILY, MONDAY_NINE, MONDAY_NINE)
    return snapshot


async def resolved(ctx: Context, name: str, severity: Severity, *, is_test: bool = False) -> int:
    over = {"started_at": SUNDAY - 2 * DAY, "resolved_at": SUNDAY + HOUR, "status": IncidentStatus.RESOLVED}
    told = samples.incident(
        id=0, leader_id=None, incident_id=name, title=name, severity=severity, is_test=is_test, **over
    )
    async with ctx.transaction() as store:
        number = (await store.incidents.add(told)).id
        subject = f"incident:{number}"
        card = MessageRef(subject=subject, part="card", side="ops", channel="#ops", channel_id="C1", ts=f"{number}.1")
        await store.messages.remember(card, SUNDAY)
    return number


async def test_what_nobody_reviewed_is_named_until_it_is_closed(ctx: Context) -> None:
    first = await resolved(ctx, "checkout fails", Severity.SEV1)
    await resolved(ctx, "pool is full", Severity.SEV3)
    await resolved(ctx, "a blip", Severity.SEV4)
    await resolved(ctx, "a drill", Severity.SEV1, is_test=True)
    closed = await resolved(ctx, "looked through", Severity.SEV2)
    await move(ctx, closed, "close", By(name="Ada", request_id="c", at=SUNDAY + 2 * HOUR))
    told = shown(digest(await posted(ctx), "ops"))
    assert f"2 incidents without review: *INC-{first}* sev1 checkout fails; *INC-2* sev3 pool is full" in told


async def test_action_items_past_due_are_named_with_their_owner(ctx: Context) -> None:
    number = await resolved(ctx, "checkout fails", Severity.SEV4)
    by = By(name="Ada", request_id="i", at=SUNDAY + HOUR)
    for text, due in (("raise the limit", SUNDAY.date() + DAY), ("later", SUNDAY.date() + 5 * DAY), ("some day", None)):
        await add_item(ctx, number, text, ADA, due, replace(by, request_id=text))
    told = shown(digest(await posted(ctx), "dev"))
    assert f"1 action item past due: *A1* raise the limit (Ada, due 2026-03-01, INC-{number})" in told


async def test_where_nothing_is_left_nothing_is_said(ctx: Context) -> None:
    assert "Left to do" not in shown(digest(await posted(ctx), "ops"))
