"""Change debt: what is temporary or by hand stays on the list, in every handoff, until somebody closes it."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.database import Database
from handlers.actions import Outcome, Press
from handlers.actions.changes import ACTIONS
from handlers.commands.change import COMMAND, parse
from handlers.context import Context
from handlers.debts import debts_of, give_debts, tell_of_ended
from handlers.errors import UserError
from handlers.handoff_brief import gather
from handlers.speech import render
from handlers.views import handoffs, home
from models.debts import Debt
from models.handoffs import Handoff, HandoffPlan
from models.oncall import OnCallSchedule
from models.people import Person
from models.records import MessageRef
from tests.support.world import TOPOLOGY, context, typed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPS = OnCallSchedule(name="ops", bridge="payments")
ADA, BEN = Person(user_id="U1", name="Ada", handle="ada"), Person(user_id="U2", name="Ben", handle="ben")


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=replace(TOPOLOGY, schedules=(OPS,)))


async def say(ctx: Context, text: str, at: datetime) -> str:
    reply = await COMMAND.run(ctx, typed(text, at, request_id=f"{text}{at}"))
    assert reply.message is not None
    return reply.message.text + json.dumps(reply.message.blocks, ensure_ascii=False)


async def press(ctx: Context, action: str, at: datetime, by: Person = ADA) -> Outcome:
    pressed = Press(
        user_id=by.user_id, user_name=by.name, value="1", trigger_id="t", request_id=f"{action}{by.name}", at=at
    )
    return await ACTIONS.buttons[action](ctx, pressed)


async def debts(ctx: Context) -> list[Debt]:
    async with ctx.reading() as store:
        return await store.debts.open()


async def shown(ctx: Context, part: str, at: datetime, side: str = "ops") -> str:
    async with ctx.reading() as store:
        said = await render(
            store, ctx.topology, subject="change:1", part=part, side=side, channel=f"#payments-{side}", params={}, at=at
        )
    return json.dumps(said.blocks, ensure_ascii=False) if said else ""


async def taken(ctx: Context, channel: str, at: datetime) -> list[str]:
    """Return the parts that wait to be said in a channel, and remember them as said."""
    found: list[str] = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take(channel, at):
            await store.outbox.sent(item, at)
            ref = MessageRef(
                subject=item.subject, part=item.part, side="ops", channel=channel, channel_id="C1", ts=str(len(found))
            )
            await store.messages.remember(ref, at)
            found.append(item.part)
    return found


async def handoff(ctx: Context, at: datetime) -> str:
    one = Handoff(schedule="ops", boundary=at, outgoing="@ada", incoming="@ben", drafted_at=at)
    async with ctx.reading() as store:
        brief = await gather(store, ctx.topology, OPS, one, at)
    return json.dumps(handoffs.card(one, brief, HandoffPlan()).blocks, ensure_ascii=False)


@pytest.mark.parametrize(
    ("summary", "hours", "text"),
    [
        ("retries off", 2, "payments: retries off for 2h"),
        ("retries off", 9, "payments: retries off until 18:00 !prod revert: switch them on"),
        ("retries off", 24, "payments: retries off #temporary"),
        ("retries off for all", 2, "payments: retries off for all for 2h"),
        ("paused until support answers", None, "payments: paused until support answers"),
        ("switched it off for all", None, "payments: switched it off for all"),
        ("new-cart for 5 %", None, "payments: new-cart for 5 %"),
    ],
)
def test_an_end_is_read_where_it_names_an_instant(at: datetime, summary: str, hours: int | None, text: str) -> None:
    draft = parse(text, TOPOLOGY, at, ZoneInfo("UTC"))
    assert (summary, at + hours * HOUR if hours else None) == (draft.summary, draft.until)


async def test_what_is_temporary_says_so_and_stays_in_every_handoff_until_it_is_closed(
    ctx: Context, at: datetime
) -> None:
    assert "temporary until" in await say(ctx, "payments: retries off for 2h revert: switch them on", at)
    assert "temporary until" in await shown(ctx, "card", at, "dev")
    for day in (1, 9, 30):
        told = await handoff(ctx, at + day * DAY)
        assert "#1 *payments* retries off" in told
        assert "*was to be gone" in told
        assert "back: switch them on" in told
    assert "is off the list, by Ada" in await say(ctx, "done 1", at + 31 * DAY)
    assert "✔ done: Ada" in await shown(ctx, "card", at + 31 * DAY)
    assert "Nothing to report" in await handoff(ctx, at + 32 * DAY)


async def test_a_flag_by_hand_is_owed_without_an_end_and_other_changes_are_not(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: new-cart on #flag", at)
    await say(ctx, "payments: pool to 40 #config", at)
    assert [(1, None)] == [(debt.change_id, debt.until) for debt in await debts(ctx)]
    assert "by hand, no end (Ada)" in await handoff(ctx, at + 10 * DAY)
    assert "new-cart" in await say(ctx, "list", at)
    await tell_of_ended(ctx, at + 100 * DAY)
    assert "expired" not in str(await taken(ctx, "U1", at + 100 * DAY))


async def test_its_end_is_told_once_in_ops_and_to_its_owner_and_the_reminder_ends(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    assert ["card"] == await taken(ctx, "#payments-ops", at)
    await tell_of_ended(ctx, at + HOUR)
    assert [] == await taken(ctx, "U1", at + HOUR)
    late = at + 2 * HOUR
    await asyncio.gather(tell_of_ended(ctx, late), tell_of_ended(ctx, late))
    (part,) = await taken(ctx, "U1", late)
    assert {"card", part} == set(await taken(ctx, "#payments-ops", late))
    assert "Ada has to see to that; no way back is written down" in await shown(ctx, part, late)
    await tell_of_ended(ctx, late + DAY)
    assert [] == await taken(ctx, "U1", late + DAY)

    await press(ctx, "change_done", late + DAY, BEN)
    assert [part] == await taken(ctx, "U1", late + DAY)
    assert "✔ done: Ben" in await shown(ctx, part, late + DAY)


async def test_a_reminder_that_is_closed_before_it_was_said_is_not_said(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    await tell_of_ended(ctx, at + 2 * HOUR)
    await press(ctx, "change_done", at + 2 * HOUR)
    assert "" == await shown(ctx, f"expired:{at + 2 * HOUR:%Y%m%dT%H%M%S}", at + 2 * HOUR)


async def test_it_may_stay_longer_and_is_told_of_again(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    await tell_of_ended(ctx, at + 2 * HOUR)
    await press(ctx, "change_longer", at + 3 * HOUR, BEN)
    assert [(at + 27 * HOUR, "U2")] == [(debt.until, debt.owner_id) for debt in await debts(ctx)]
    await say(ctx, "extend 1 until fri 18:00", at + 3 * HOUR)
    assert datetime(2026, 3, 6, 18, tzinfo=at.tzinfo) == (await debts(ctx))[0].until
    await tell_of_ended(ctx, at + 5 * DAY)
    assert 1 == len([p for p in await taken(ctx, "U1", at + 5 * DAY) if p.startswith("expired:20260306")])


async def test_closing_is_undone_and_undoing_the_change_closes(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    await say(ctx, "done 1", at)
    assert "on the list again" in str(await press(ctx, "change_reopen", at))
    assert [1] == [debt.change_id for debt in await debts(ctx)]
    await say(ctx, "undo 1", at)
    assert [] == await debts(ctx)
    with pytest.raises(UserError, match="was undone, by Ada"):
        await say(ctx, "open 1", at)


async def test_of_two_who_close_it_at_once_one_does_and_the_other_is_told(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    outcomes = await asyncio.gather(
        press(ctx, "change_done", at, ADA), press(ctx, "change_done", at, BEN), return_exceptions=True
    )
    (lost,) = [str(one) for one in outcomes if isinstance(one, UserError)]
    assert lost.startswith("#1 is done already, by ")


async def test_it_changes_hands_with_a_shift(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    async with ctx.transaction() as store:
        await give_debts(store, ["payments"], ADA, BEN, at + HOUR)
    await tell_of_ended(ctx, at + 2 * HOUR)
    assert 1 == len(await taken(ctx, "U2", at + 2 * HOUR))
    assert [] == await taken(ctx, "U1", at + 2 * HOUR)


async def test_the_home_lists_it_with_done(ctx: Context, at: datetime) -> None:
    await say(ctx, "payments: retries off for 2h", at)
    async with ctx.reading() as store:
        owed = await debts_of(store)
    assert "change_done" in str(home.home(home.Waiting(debts=owed), at).view)


async def test_the_form_asks_until_when(ctx: Context, at: datetime) -> None:
    async def submit(until: str) -> Outcome:
        fields = {"service": "payments", "what": f"retries off {until}", "until": until}
        form = Press(user_id="U1", user_name="Ada", value="{}", trigger_id="t", request_id=until, at=at, fields=fields)
        return await ACTIONS.modals["change_form"](ctx, form)

    assert {"until"} == (await submit("some day")).errors.keys()
    assert {"until"} == (await submit("2020-01-01")).errors.keys()
    for words in ("2h", "18:00", "for 2h", "fri 18:00"):
        await submit(words)
    assert [2, 2, 9, 105] == [(debt.until - at) / HOUR for debt in await debts(ctx) if debt.until]


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("There is no small change #9", "done 9"),
        ("#1 was not logged as temporary", "done 1"),
        ("Until when", "extend 1 some day"),
        ("is past", "payments: x until 2020-01-01"),
        ("more than a year away", "payments: x until 2031-01-01"),
    ],
)
async def test_wrong_input_is_explained(ctx: Context, at: datetime, complaint: str, text: str) -> None:
    await say(ctx, "payments: pool to 40", at)
    with pytest.raises(UserError, match=complaint):
        await say(ctx, text, at)
