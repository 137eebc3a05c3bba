"""Who is meant by a typed name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from bot.database import Database
from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.people import person_named
from models.people import Person, account_in
from tests.support.world import context

BEN = Person(user_id="U2", name="Ben", handle="ben", real_name="Ben Okafor", email="ben@example.com")
BEN_HART = Person(user_id="U3", name="hart", handle="bhart", real_name="Ben Hart")
MIRA = Person(user_id="U4", name="Mira", handle="mira", real_name="Mira Lind")


@dataclass
class Known:
    everybody: Sequence[Person]
    failure: PostFailure | None = None

    async def people(self) -> Sequence[Person]:
        if self.failure:
            raise self.failure
        return self.everybody


def knowing(database: Database, *people: Person, failure: PostFailure | None = None) -> Context:
    ctx = context(database)
    ctx.directory = Known(people, failure)
    return ctx


@pytest.fixture
def by(at: datetime) -> By:
    return By(name="Ada", request_id="r1", at=at, user_id="U1")


@pytest.mark.parametrize("typed", ["@ben", "ben", "BEN", "Ben Okafor", "ben@example.com", "<@U2>", "<@U2|ben>", "U2"])
async def test_a_person_is_found_by_everything_they_are_called(database: Database, by: By, typed: str) -> None:
    assert BEN == await person_named(knowing(database, BEN, MIRA), typed, by)


async def test_a_handle_stands_before_a_first_name_that_two_share(database: Database, by: By) -> None:
    assert BEN == await person_named(knowing(database, BEN_HART, BEN), "@ben", by)


async def test_me_is_who_asks(database: Database, by: By) -> None:
    assert ("U1", "Ada") == ((me := await person_named(knowing(database), "me", by)).user_id, me.name)


async def test_a_mistyped_name_is_asked_back(database: Database, by: By) -> None:
    with pytest.raises(UserError, match=r"nobody called “@mria” here. Did you mean @mira\?"):
        await person_named(knowing(database, BEN, MIRA), "@mria", by)


async def test_a_name_that_several_have_is_asked_back(database: Database, by: By) -> None:
    other = Person(user_id="U9", name="Ben", handle="ben2", real_name="Ben Zhu")
    with pytest.raises(UserError, match=r"may be @bhart \(Ben Hart\), @ben2 \(Ben Zhu\): which one\?"):
        await person_named(knowing(database, BEN_HART, other), "Ben", by)


async def test_who_is_in_two_workspaces_is_one_person_and_a_mention_from_there_is_understood(
    database: Database, by: By
) -> None:
    there = replace(BEN, user_id="partner/U7")
    assert BEN == await person_named(knowing(database, BEN, there), "@ben", by)
    assert there == await person_named(knowing(database, BEN, there), "<@partner/U7|ben>", by)
    assert there == account_in("partner", BEN, [BEN, there])
    assert account_in("partner", MIRA, [MIRA, there]) is None


async def test_a_slack_that_tells_nobody_is_said(database: Database, by: By) -> None:
    with pytest.raises(UserError, match="Slack does not tell me who there is"):
        await person_named(knowing(database, failure=PostFailure("timeout")), "@ben", by)
