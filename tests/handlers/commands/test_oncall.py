"""`/oncall`: who is on call now, next and at a time; overrides and swaps; what is asked back."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.database import Database
from handlers.actions import Press
from handlers.actions.oncall import ACTIONS
from handlers.commands.oncall import COMMAND
from handlers.context import Context, NothingShared
from handlers.errors import UserError
from handlers.oncall_troubles import tell_troubles
from models.oncall import Layer, OnCallSchedule, Override
from models.people import Person
from models.records import MessageRef
from models.troubles import Trouble
from tests.support.world import TOPOLOGY, context, typed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
PEOPLE = [
    Person(user_id="U1", name="Ada", handle="ada", real_name="Ada Okafor"),
    Person(user_id="U2", name="Ben", handle="ben", real_name="Ben Hartley"),
    Person(user_id="U4", name="Mira", handle="mira", real_name="Mira Lind"),
]
WEEKLY = Layer(name="weekly", members=("@ada", "@ben"), starts=date(2026, 1, 5))
OPS = OnCallSchedule(name="payments-ops", timezone="Europe/Berlin", layers=(WEEKLY,), bridge="payments")


class People:
    async def people(self) -> Sequence[Person]:
        return PEOPLE


def configured(database: Database, *schedules: OnCallSchedule) -> Context:
    services = (replace(TOPOLOGY.services[0], on_call="payments-ops"), TOPOLOGY.services[1])
    made = context(database, topology=replace(TOPOLOGY, schedules=schedules, services=services))
    made.directory = People()
    return made


@pytest.fixture
def ctx(database: Database) -> Context:
    return configured(database, OPS)


async def say(ctx: Context, text: str, at: datetime = MONDAY, request_id: str = "t1") -> str:
    reply = await COMMAND.run(ctx, typed(text, at, request_id=request_id))
    assert reply.message is not None
    return reply.message.text + str(reply.message.blocks)


async def press(ctx: Context, action: str, value: str, who: str = "U2", at: datetime = MONDAY) -> str:
    pressed = Press(user_id=who, user_name="Ben", value=value, trigger_id="t", request_id=f"{action}{value[:8]}", at=at)
    outcome = await ACTIONS.buttons[action](ctx, pressed)
    assert outcome.message is not None
    return outcome.message.text


async def test_who_is_on_call_now_until_when_and_who_is_next(ctx: Context) -> None:
    said = await say(ctx, "")
    assert "payments-ops: Ada" in said
    assert "then Ben" in said
    assert "2026-03-09 08:00 UTC" in said


async def test_a_service_is_looked_up_by_its_schedule_and_at_a_time(ctx: Context) -> None:
    assert "payments-ops: Ada" in await say(ctx, "pay")
    assert ": Ben, until" in await say(ctx, "payments mon 12:00")
    assert ": Ada, until" in await say(ctx, "payments-ops 2026-03-17 09:00")


async def test_what_is_not_known_is_asked_back(ctx: Context) -> None:
    with pytest.raises(UserError, match=r"no schedule or service “paymnts”. Did you mean payments\?"):
        await say(ctx, "paymnts")
    with pytest.raises(UserError, match="“whenever” is no time I know"):
        await say(ctx, "payments whenever")
    # A service without a schedule of its own has its bridge's.
    assert "payments-ops: Ada" in await say(ctx, "checkout")


async def test_without_a_schedule_it_says_how_to_make_one(database: Database) -> None:
    assert "on_call: schedules:" in await say(configured(database), "")


async def test_an_override_stands_until_it_is_taken_back(ctx: Context) -> None:
    assert "Mira is on call" in await say(ctx, "override @mira for 2h")
    assert "payments-ops: Mira" in await say(ctx, "", MONDAY + timedelta(hours=1))
    assert "payments-ops: Ada" in await say(ctx, "", MONDAY + timedelta(hours=2))
    assert "Mira from" in await say(ctx, "overrides")
    assert "taken back" in await press(ctx, "oncall_override_undo", "1")
    assert "payments-ops: Ada" in await say(ctx, "", MONDAY + timedelta(hours=1))
    with pytest.raises(UserError, match="is over, or was taken back already"):
        await press(ctx, "oncall_override_undo", "1")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("past already", "override @ben from 2026-01-01 to 2026-01-02"),
        ("nobody called “@bne” here. Did you mean @ben", "override @bne tonight"),
        ("Who, and when", "override @ben"),
        ("before it begins", "override @ben from fri 18:00 to 2026-03-03"),
        ("With whom", "swap"),
        ("Swapping with yourself", "swap @ada"),
        ("Mira has no shift", "swap @mira"),
    ],
)
async def test_wrong_input_is_explained(ctx: Context, words: str, text: str) -> None:
    with pytest.raises(UserError, match=words):
        await say(ctx, text)


async def test_a_swap_changes_nothing_until_the_other_accepts(ctx: Context) -> None:
    await say(ctx, "swap @ben")
    async with ctx.transaction() as store:
        asked = await store.outbox.take("U2", MONDAY)
    assert asked is not None
    assert "payments-ops: Ben" in await say(ctx, "", MONDAY + timedelta(days=7))
    value = json.dumps(asked.params)
    assert "Swapped" in await press(ctx, "oncall_swap_accept", value)
    assert "payments-ops: Ada" in await say(ctx, "", MONDAY + timedelta(days=7))
    assert "payments-ops: Ben" in await say(ctx, "", MONDAY + timedelta(days=14))
    with pytest.raises(UserError, match="was changed since"):
        await press(ctx, "oncall_swap_accept", value)
    async with ctx.reading() as store:
        assert {"U1", "U2"} <= {queue.channel for queue in await store.outbox.queues()}


async def test_next_are_the_shifts_that_come(ctx: Context) -> None:
    told = await say(ctx, "next")
    first, second, third = told.index("Ben <!date^1773043200"), told.index("then Ada <!date^"), told.rindex("then Ben")
    assert first < second < third
    assert told == await say(ctx, "next payments")
    with pytest.raises(UserError, match="zzz"):
        await say(ctx, "next zzz")


async def test_mine_are_ones_own_shifts_and_may_be_had_as_a_calendar(ctx: Context) -> None:
    sent: list[bytes] = []

    class Files(NothingShared):
        async def share(
            self, channel: str, *, name: str, content: bytes, comment: str, thread_ts: str | None = None
        ) -> str | None:
            sent.append(content)
            return None

    ctx.sharing = Files()
    assert "*payments-ops* now" in await say(ctx, "mine")
    await press(ctx, "oncall_calendar", "mine", who="U1")
    assert sent[0].startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"DTSTART:20260302T100000Z\r\nDTEND:20260309T080000Z\r\nSUMMARY:On call: payments-ops" in sent[0]


async def test_what_is_wrong_ahead_is_told_once_in_ops(database: Database) -> None:
    nobody = OnCallSchedule(name="night", layers=(replace(WEEKLY, members=("@ghost",)),), bridge="payments")
    ctx = configured(database, OPS, nobody)
    for _ in range(2):
        await tell_troubles(ctx, MONDAY)
    async with ctx.transaction() as store:
        said = await store.outbox.take("#payments-ops", MONDAY)
        assert said is not None
        assert "@ghost is nobody in Slack" == said.params["words"]
        await store.outbox.sent(said, MONDAY)
        assert await store.outbox.take("#payments-ops", MONDAY) is None


async def test_a_gap_and_a_person_in_two_places_are_seen_ahead(database: Database) -> None:
    late = OnCallSchedule(name="late", layers=(replace(WEEKLY, starts=date(2026, 3, 9)),))
    ctx = configured(database, OPS, late)
    await tell_troubles(ctx, MONDAY)
    async with ctx.transaction() as store:
        told = await store.outbox.take("#twinspan-admin", MONDAY)
    assert told is not None
    assert "nobody now until 2026-03-09 09:00 UTC" in told.params["words"] or "until 2026-03-09" in told.params["words"]
    assert "is in payments-ops too" in told.params["words"]


async def test_who_waits_for_another_process_to_tell_troubles_knows_what_that_told(database: Database) -> None:
    old, new = Trouble(key="stranger:@ghost", words="x"), Trouble(key="calendar", words="y")
    async with database.transaction() as store:
        await store.oncall.save_troubles("late", [old])

    async def other() -> Sequence[Trouble]:
        async with database.transaction() as store:
            return await store.oncall.troubles("late")

    async with database.transaction() as store:
        await store.oncall.troubles("late")
        waiting = asyncio.create_task(other())
        await asyncio.sleep(0.3)
        await store.oncall.save_troubles("late", [old, new])
    assert [old, new] == await waiting


async def test_what_is_wrong_for_good_is_not_told_anew_each_hour(database: Database) -> None:
    forever = replace(WEEKLY, members=("@ada",), every=52, starts=date(2025, 12, 29))
    ctx = configured(database, *(OnCallSchedule(name=name, layers=(forever,)) for name in ("one", "two")))
    told: list[str] = []
    for hour in range(3):
        await tell_troubles(ctx, MONDAY + timedelta(hours=hour))
        async with ctx.transaction() as store:
            while said := await store.outbox.take("#twinspan-admin", MONDAY + timedelta(hours=hour)):
                told.append(said.params["words"])
                await store.outbox.sent(said, MONDAY)
    assert ["@ada is in one too now on", "@ada is in two too now on"] == sorted(told)


async def spoken(ctx: Context, at: datetime) -> list[tuple[str, str]]:
    """Return what is said in ops, as (kind of message, words), and remember it as said."""
    found = []
    async with ctx.transaction() as store:
        while item := await store.outbox.take("#payments-ops", at):
            await store.outbox.sent(item, at)
            ref = MessageRef(
                subject=item.subject, part=item.part, side="ops", channel=item.channel, channel_id="C2", ts=item.part
            )
            await store.messages.remember(ref, at)
            found.append((item.part.removeprefix("loud:").partition(":")[0], item.params["words"]))
    return found


async def test_a_new_gap_is_said_in_the_channel_and_a_filled_one_in_the_thread(database: Database) -> None:
    only = replace(WEEKLY, members=("@ada",))
    short = OnCallSchedule(name="payments-ops", layers=(replace(only, starts=date(2026, 3, 9)),), bridge="payments")
    ctx = configured(database, short)
    gap = "nobody now until 2026-03-09 09:00 UTC"
    await tell_troubles(ctx, MONDAY)
    assert [("card", gap)] == await spoken(ctx, MONDAY)

    # Filled: said in the thread, and the message says that nothing is wrong any more.
    filled = Override(
        schedule="payments-ops", person="@ben", start=MONDAY, end=MONDAY + 8 * DAY, by="Ada", made_at=MONDAY
    )
    async with ctx.transaction() as store:
        number = await store.oncall.add_override(filled)
    await tell_troubles(ctx, MONDAY + HOUR)
    assert [("card", ""), ("over", gap)] == sorted(await spoken(ctx, MONDAY + HOUR))
    await tell_troubles(ctx, MONDAY + 2 * HOUR)
    assert [] == await spoken(ctx, MONDAY + 2 * HOUR)

    # Taken back: it is new again, so it notifies, once.
    async with ctx.transaction() as store:
        await store.oncall.cancel_override(number, MONDAY)
    later = MONDAY + 3 * HOUR
    await asyncio.gather(tell_troubles(ctx, later), tell_troubles(ctx, later))
    assert [("card", gap), ("new", gap)] == sorted(await spoken(ctx, later))
    for day in range(1, 8):
        await tell_troubles(ctx, MONDAY + day * DAY)
        assert "new" not in str(await spoken(ctx, MONDAY + day * DAY))
