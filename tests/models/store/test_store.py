"""The store keeps what it is given, on both databases."""

from datetime import datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bot.database import Database, migrate
from handlers.routing import Notice
from models.records import Change, Deploy, Incident, MessageRef, TimelineEntry
from models.reports import CommitReport
from models.store import Store
from models.store.deliveries import NewDelivery
from models.store.deploys import DeployKey, deploy_key
from models.store.digests import Snapshot
from models.store.sources import Heard
from models.tables import Base
from models.words import DeployStatus, EntryKind, IncidentStatus, Severity, Tier


def delivery(key: str, at: datetime, *, body: bytes = b"body") -> NewDelivery:
    return NewDelivery(source="github", key=key, event="push", received_at=at, headers={"a": "b"}, body=body)


def deploy(at: datetime, number: int = 1, **fields: object) -> Deploy:
    return Deploy(
        source="github",
        deploy_id=f"d{number}",
        service="payments",
        environment="production",
        status=DeployStatus.SUCCEEDED,
        status_at=at,
        finished_at=at,
        received_at=at,
        latest_at=at,
        **fields,  # type: ignore[arg-type]  # the fields a test cares for
    )


def incident(at: datetime, number: int = 1, **fields: object) -> Incident:
    return Incident(
        source="alertmanager",
        incident_id=f"i{number}",
        services=("payments",),
        title="Queue deep",
        status=IncidentStatus.TRIGGERED,
        status_at=at,
        started_at=at,
        received_at=at,
        latest_at=at,
        **fields,  # type: ignore[arg-type]  # the fields a test cares for
    )


def notice(part: str = "card", subject: str = "deploy:1", priority: int = 5) -> Notice:
    return Notice(subject=subject, part=part, channel="#dev", side="dev", priority=priority)


async def test_a_delivery_stored_twice_is_known_by_its_first_id(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        first = await store.deliveries.add_group([delivery("a", at), delivery("b", at), delivery("a", at)])
    async with database.transaction() as store:
        again = await store.deliveries.add_group([delivery("b", at), delivery("c", at)])
    assert [True, True, False] == [stored.is_new for stored in first]
    assert first[0].id == first[2].id
    assert (first[1].id, [False, True]) == (again[0].id, [stored.is_new for stored in again])


async def test_claimed_deliveries_come_oldest_first_and_only_while_waiting(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        stored = await store.deliveries.add_group([delivery("a", at), delivery("b", at, body=b"\x00\xff")])
        await store.deliveries.mark([stored[0].id], "done", at)
    async with database.transaction() as store:
        (claimed,) = await store.deliveries.claim(10)
    assert (stored[1].id, b"\x00\xff", {"a": "b"}, at) == (
        claimed.id,
        claimed.body,
        claimed.headers,
        claimed.received_at,
    )


async def test_deploys_and_changes_share_one_numbering(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        numbers = await store.deploys.add_many([deploy(at), deploy(at, 2, fixes=("d1",))])
        change = await store.changes.add(
            Change(
                source="slack",
                change_id="c1",
                service="payments",
                summary="flag on",
                status_at=at,
                occurred_at=at,
                received_at=at,
                latest_at=at,
            )
        )
        assert {change.id} == {1, 2, 3} - set(numbers.values())
        second = await store.deploys.get(numbers["github", "payments", "production", "d2"])
        assert second == deploy(at, 2, fixes=("d1",), id=second.id if second else 0)
        assert await store.changes.get(second.id if second else 0) is None


@pytest.mark.parametrize("count", [2, 600])
async def test_new_deploys_few_or_many_get_a_number_each_and_keep_all_they_hold(
    count: int, database: Database, at: datetime
) -> None:
    odd = {"title": 'a\tb\n\\N "ü', "fixes": ("x", "y"), "said": {"ref": 7}, "attempt": 2, "tier": Tier.PRODUCTION}

    async def add(store: Store) -> dict[DeployKey, int]:
        return await store.deploys.add_many([deploy(at + timedelta(seconds=n), n, **odd) for n in range(count)])

    numbers = await database.at_once(add)
    async with database.transaction() as store:
        stored = await store.deploys.by_keys(numbers.keys())
        (after,) = (await store.deploys.add_many([deploy(at, 9_999)])).values()
    assert numbers == {key: one.id for key, one in stored.items()}
    assert count == len(set(numbers.values())) == len([number for number in numbers.values() if number < after])
    for n, one in enumerate(sorted(stored.values(), key=lambda d: d.latest_at)):
        assert deploy(at + timedelta(seconds=n), n, id=numbers[deploy_key(one)], **odd) == one


async def test_a_small_change_is_taken_back_once(database: Database, at: datetime) -> None:
    change = Change(
        source="slack", change_id="c1", service="p", status_at=at, occurred_at=at, received_at=at, latest_at=at
    )
    async with database.transaction() as store:
        stored = await store.changes.add(change)
        undone = await store.changes.set_undone(stored.id, by="Ada")
        assert undone is not None
        assert "Ada" == undone.undone_by
        assert await store.changes.set_undone(stored.id, by="Ben") is None
        assert [] == await store.changes.recent()


async def test_commits_fill_in_what_was_missing(database: Database, at: datetime) -> None:
    early = CommitReport(repository="acme/payments", sha="abc", message="Fix rounding")
    late = CommitReport(repository="acme/payments", sha="abc", authored_at=at, message="other", pr=7)
    async with database.transaction() as store:
        (number,) = (await store.deploys.add_many([deploy(at)])).values()
        await store.commits.add([early])
        await store.commits.add([late])
        await store.commits.link([(number, [(early.repository, early.sha)])])
        (commit,) = await store.commits.of(number)
    assert ("Fix rounding", at, 7) == (commit.message, commit.authored_at, commit.pr)


async def test_incidents_are_listed_worst_first_and_found_by_service(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.incidents.add(incident(at, 1, severity=Severity.SEV3))
        worst = await store.incidents.add(incident(at, 2, severity=Severity.SEV1))
        await store.incidents.add(incident(at, 3, is_signal=True))
        assert [worst.id, 1] == [i.id for i in await store.incidents.list_open(["payments"])]
        assert [] == await store.incidents.list_open(["checkout"])
        assert worst.id == worst.leader_id


async def test_a_retold_timeline_entry_is_kept_once(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        stored = await store.incidents.add(incident(at))
        entry = TimelineEntry(incident_id=stored.id, at=at, kind=EntryKind.NOTE, actor="Mira", text="looking")
        assert await store.incidents.add_entry(entry, "k")
        assert not await store.incidents.add_entry(entry, "k")
        assert [entry] == await store.incidents.timeline(stored.id)


async def test_the_outbox_keeps_the_order_of_a_subject_and_urgent_things_first(
    database: Database, at: datetime
) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([notice(), notice("details"), notice(subject="incident:1", priority=0)], at)
        assert ["#dev"] == await store.outbox.claimable(at, "me")
        taken = [await store.outbox.take("#dev", at)]
        for _ in range(2):
            last = taken[-1]
            assert last is not None
            await store.outbox.sent(last, at)
            taken.append(await store.outbox.take("#dev", at))
    assert ["incident:1|#dev|card", "deploy:1|#dev|card", "deploy:1|#dev|details"] == [t.key for t in taken if t]


async def test_a_reply_waits_for_its_card(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([notice(), notice("details")], at)
        card = await store.outbox.take("#dev", at)
        assert card is not None
        await store.outbox.put_back(card, due_at=at + timedelta(seconds=9), reason="http_500")
        assert await store.outbox.take("#dev", at) is None


async def test_a_change_while_posting_is_said_afterwards(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([notice()], at)
        taken = await store.outbox.take("#dev", at)
        await store.outbox.notify([notice()], at)
        assert taken is not None
        await store.outbox.sent(taken, at)
        again = await store.outbox.take("#dev", at)
        assert again is not None
        assert (2, False) == (again.version, again.is_doubtful)


async def test_what_was_left_in_slacks_hands_is_doubtful(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([notice()], at)
        await store.outbox.take("#dev", at)
    async with database.transaction() as store:
        again = await store.outbox.take("#dev", at + timedelta(minutes=1))
    assert again is not None
    assert (True, at) == (again.is_doubtful, again.posting_since)


async def test_a_channel_has_one_voice_at_a_time(database: Database, at: datetime) -> None:
    soon = at + timedelta(seconds=30)
    async with database.transaction() as store:
        await store.outbox.notify([notice()], at)
        assert await store.channels.lease("#dev", "one", at=at, until=soon)
        assert not await store.channels.lease("#dev", "two", at=at, until=soon)
        assert [] == await store.outbox.claimable(at, "two")
        assert await store.channels.lease("#dev", "two", at=soon, until=soon + timedelta(seconds=30))


async def test_the_queue_of_a_channel_can_be_seen(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        await store.outbox.notify([notice(), notice(subject="deploy:2")], at)
        taken = await store.outbox.take("#dev", at)
        assert taken is not None
        await store.outbox.fail(taken, "not_in_channel")
        (queue,) = await store.outbox.queues()
        assert (1, 1, "not_in_channel", at) == (queue.waiting, queue.failed, queue.failed_reason, queue.oldest_at)
        assert (1, at) == await store.outbox.backlog()
        assert 1 == await store.outbox.retry("#dev", at)


async def test_a_message_is_found_by_where_it_is(database: Database, at: datetime) -> None:
    ref = MessageRef(subject="deploy:1", part="card", side="dev", channel="#dev", channel_id="C1", ts="1.2")
    async with database.transaction() as store:
        await store.messages.remember(ref, at)
        assert "deploy:1" == await store.messages.subject_at("C1", "1.2")
        assert ref == await store.messages.card("deploy:1", "#dev")


async def test_a_period_has_one_snapshot(database: Database, at: datetime) -> None:
    snapshot = Snapshot(
        plan="daily",
        bridge="payments",
        period_start=at,
        period_end=at + timedelta(days=1),
        timezone="UTC",
        computed_at=at,
        numbers={"deploys": None},
    )
    async with database.transaction() as store:
        first = await store.digests.add(snapshot)
        assert first is not None
        assert await store.digests.add(snapshot) is None
        assert first == await store.digests.latest("payments")


async def test_a_held_name_is_released_by_mapping_it(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        (stored,) = await store.deliveries.add_group([delivery("a", at)])
        await store.deliveries.mark([stored.id], "held", at)
        await store.names.hold([(stored.id, "service", "Pay-Svc", "")])
        (held,) = await store.names.held()
        assert ("Pay-Svc", 1) == (held.name, held.deliveries)
        assert 1 == await store.names.map("service", "pay-svc", "payments", by="Ada", at=at)
        assert {("service", "pay-svc"): "payments"} == await store.names.mappings()
        assert 1 == (await store.deliveries.counts())["waiting"]


async def test_a_senders_usual_gap_is_learned(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        for minute in (0, 10, 20):
            heard = at + timedelta(minutes=minute)
            await store.sources.hear(
                [
                    Heard(
                        name="github",
                        kind="github",
                        deliveries=1,
                        first_received_at=heard,
                        last_received_at=heard,
                        last_event_at=None,
                    )
                ]
            )
        (state,) = await store.sources.all()
    assert (600.0, 3) == (state.usual_gap_s, state.deliveries)


async def test_an_event_is_new_once(database: Database, at: datetime) -> None:
    async with database.transaction() as store:
        assert await store.seen.first_time("slack", "Ev1", at)
        assert not await store.seen.first_time("slack", "Ev1", at)
        await store.seen.remember([("ci", "e1", at), ("ci", "e1", at)])
        assert {"e1"} == await store.seen.known("ci", ["e1", "e2"])


async def test_migrations_equal_the_metadata_up_and_down(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert [] == await connection.run_sync(differences)
    await engine.dispose()


def test_migrations_go_down_and_up_again(database_url: str) -> None:
    migrate(database_url, "base")
    migrate(database_url)
