"""PagerDuty's schedules, of layers and of shifts: who is on call there, by e-mail; what is said when it cannot tell."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from bot.calendars import Calendars
from bot.check_elsewhere import pagerduty_schedules, told_back
from bot.database import Database
from bot.pagerduty_schedules import PagerDutySchedules
from bot.settings import Settings
from bot.settings_environment import PagerDuty
from handlers.commands.oncall import COMMAND
from handlers.context import Context
from handlers.oncall_troubles import tell_troubles
from models.oncall import OnCallSchedule
from models.people import Person
from models.store.oncall import Copy
from models.topology import Topology, WebhookSource
from tests.support.pagerduty import PagerDutyServer, error
from tests.support.world import Clock, context, typed

START = datetime(2026, 3, 23, 12, tzinfo=UTC)
SCHEDULE = OnCallSchedule(name="ops", pagerduty="PSCHED1")
MIRA = Person(user_id="U4", name="Mira", handle="mira", real_name="Mira L", email="Mira@acme.example")


class People:
    async def people(self) -> Sequence[Person]:
        return [MIRA]


def of_layers(user: str = "PMIRA", **more: str) -> dict[str, Any]:
    person = {"id": user, "type": "user_reference", "summary": "Mira Lindqvist", **more}
    return {"start": "2026-03-23T09:00:00+01:00", "end": "2026-03-30T09:00:00+02:00", "user": person}


def of_shifts(user: str | None = "PMIRA") -> dict[str, Any]:
    member = {"type": "user_member", "user_id": user} if user else {"type": "empty_member"}
    return {"start_time": "2026-03-23T08:00:00Z", "end_time": "2026-03-30T07:00:00Z", "member": member}


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """Return an open SQLite file: what is copied is kept as other calendars are, which is tried on both."""
    opened = Database(sqlite_url)
    yield opened
    await opened.close()


def ctx_of(database: Database) -> Context:
    ctx = context(database, topology=Topology(schedules=(SCHEDULE,), admin_channel="#admin"))
    ctx.directory = People()
    return ctx


async def copied(
    database: Database, server: PagerDutyServer, *, token: str = "token-1", times: int = 1, clock: Clock | None = None
) -> Copy:
    now = clock or Clock(START)
    async with server.running() as url:
        calendars = Calendars(ctx_of(database), now, PagerDutySchedules(PagerDuty(token=token, api=url)))
        for _ in range(times):
            await calendars.copy()
    async with database.reading() as store:
        copy = await store.oncall.copy("ops")
    assert copy is not None
    return copy


@pytest.mark.parametrize(
    "server",
    [
        PagerDutyServer(schedules={"PSCHED1": [of_layers()]}),
        PagerDutyServer(shifts={"PSCHED1": [of_shifts(None), of_shifts()]}),
    ],
    ids=["layers", "shifts"],
)
async def test_shifts_are_copied_under_the_address_of_who_has_them(database: Database, server: PagerDutyServer) -> None:
    (shift,) = (await copied(database, server)).shifts
    assert ("mira@acme.example", "pagerduty") == (shift.person, shift.why)
    assert (datetime(2026, 3, 23, 8, tzinfo=UTC), timedelta(days=7) - timedelta(hours=1)) == (
        shift.start,
        shift.end - shift.start,
    )


async def test_an_address_is_asked_for_once_in_a_while(database: Database) -> None:
    server, clock = PagerDutyServer(schedules={"PSCHED1": [of_layers()]}), Clock(START)
    await copied(database, server, times=3, clock=clock)
    assert 1 == sum(path == "/users/PMIRA" for _, path, _ in server.asked)


async def test_who_has_no_address_there_is_called_by_name(database: Database) -> None:
    server = PagerDutyServer(schedules={"PSCHED1": [of_layers("PGONE"), of_layers("PX", email="x@acme.example")]})
    shifts = (await copied(database, server)).shifts
    assert ["Mira Lindqvist", "x@acme.example"] == [shift.person for shift in shifts]


async def test_the_person_on_call_is_the_one_in_slack_with_that_address(database: Database) -> None:
    await copied(database, PagerDutyServer(schedules={"PSCHED1": [of_layers()]}))
    reply = await COMMAND.run(ctx_of(database), typed("ops", START))
    assert "Mira" in str(reply.message)
    assert "mira@acme.example" not in str(reply.message)


async def test_somebody_who_is_nobody_in_slack_is_told_of_ahead(database: Database) -> None:
    await copied(database, PagerDutyServer(schedules={"PSCHED1": [of_layers("PBOT")]}))
    ctx = ctx_of(database)
    await tell_troubles(ctx, START)
    async with ctx.transaction() as store:
        said = await store.outbox.take("#admin", START)
    assert "bot@acme.example is nobody in Slack" in (said.params["words"] if said else "")


@pytest.mark.parametrize(
    ("answer", "token", "words"),
    [
        (None, "token-1", "knows no schedule PSCHED1"),
        (None, "another", "does not accept PAGERDUTY_TOKEN"),
        (None, "", "PAGERDUTY_TOKEN is not set"),
        (error(403, 2010, "Access Denied"), "token-1", "may not read schedules"),
        (error(429, 2020, "Rate Limit Exceeded"), "token-1", "asked too often"),
        (Response(status_code=502), "token-1", "answers 502"),
        (Response("<html>"), "token-1", "not as documented"),
        (JSONResponse({"schedule": {"final_schedule": None}}), "token-1", "not as documented"),
    ],
)
async def test_what_went_wrong_is_said_and_the_last_copy_is_kept(
    database: Database, answer: Response | None, token: str, words: str
) -> None:
    await copied(database, PagerDutyServer(schedules={"PSCHED1": [of_layers()]}))
    later = Clock(START + timedelta(hours=1))
    copy = await copied(database, PagerDutyServer(answers=[answer]), token=token, clock=later)
    assert words in str(copy.error)
    assert ["mira@acme.example"] == [shift.person for shift in copy.shifts]


@pytest.mark.parametrize(
    ("user", "found", "is_fine"),
    [
        ("PMIRA", "mira@acme.example in the next five weeks", True),
        ("PBOT", "nobody in Slack is bot@acme.example", False),
    ],
)
async def test_check_tries_each_schedule_and_looks_for_its_people(
    tmp_path: Path, user: str, found: str, is_fine: bool
) -> None:
    server = PagerDutyServer(schedules={"PSCHED1": [of_layers(user)]})
    async with server.running() as url:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path}/t.db",
            slack_bot_token=SecretStr("xoxb-1"),
            topology=Topology(schedules=(SCHEDULE,)),
            pagerduty=PagerDuty(token="token-1", api=url),
        )
        ((subject, said, fix),) = await pagerduty_schedules(settings, [MIRA], START)
    assert ("schedule ops", found, is_fine) == (subject, said, not fix)


@pytest.mark.parametrize(
    ("token", "sender", "found", "is_fine"),
    [
        ("token-1", "bot@acme.example", "is told as bot@acme.example where a person is no user there", True),
        ("token-1", None, "is told in the names of those who are users there (PAGERDUTY_FROM is not set)", True),
        ("token-1", "nobody@acme.example", "has no user nobody@acme.example", False),
        ("another", "bot@acme.example", "answers 401 to PAGERDUTY_TOKEN", False),
    ],
)
async def test_check_looks_whether_it_can_be_told_and_tells_it_nothing(
    token: str, sender: str | None, found: str, is_fine: bool
) -> None:
    server = PagerDutyServer()
    async with server.running() as url:
        settings = Settings(
            database_url="sqlite+aiosqlite:///none.db",
            topology=Topology(sources=(WebhookSource(name="pd", kind="pagerduty", is_told_back=True),)),
            pagerduty=PagerDuty(token=token, api=url, sender=sender),
        )
        ((subject, said, fix),) = await told_back(settings)
    assert ("PagerDuty", found, is_fine) == (subject, said, not fix)
    assert {"GET"} == {method for method, _, _ in server.asked}


async def test_check_says_what_to_do_where_pagerduty_does_not_tell(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/t.db",
        topology=Topology(schedules=(SCHEDULE,)),
        pagerduty=PagerDuty(api="http://127.0.0.1:9"),
    )
    ((_, said, fix),) = await pagerduty_schedules(settings, [], START)
    assert ("PAGERDUTY_TOKEN is not set", "Set PAGERDUTY_TOKEN") == (said, fix[:19])
