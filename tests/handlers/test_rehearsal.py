"""What a payload would do, shown before a rule is in use: nothing is stored, nothing is queued."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zstandard
from sqlalchemy import select

from bot.database import Database
from handlers.actions import Outcome, Press
from handlers.actions.rehearsal import ACTIONS
from handlers.bookkeeping import Told, book
from handlers.commands.bridge import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.rehearsal import Payload, rehearse
from handlers.views.rehearsal import FORM, summary
from models.reports import DeployReport
from models.store.deliveries import NewDelivery
from models.tables import Base
from models.topology import WebhookSource
from models.words import DeployStatus
from tests.support.webhooks import captured
from tests.support.world import TOPOLOGY, context, typed

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SENDERS = (*TOPOLOGY.sources, WebhookSource(name="gitlab", kind="gitlab"), WebhookSource(name="ci", kind="events"))
DEPLOYED = captured("github", "deployment_status__success").body


@pytest.fixture
def ctx(database: Database) -> Context:
    return context(database, topology=replace(TOPOLOGY, sources=SENDERS))


def generic(**changed: Any) -> bytes:
    """Return a generic event of a deploy."""
    event = {
        "id": "e1",
        "source": "ci",
        "type": "deploy",
        "occurred_at": "2026-11-24T11:00:00Z",
        "service": "payments",
        "environment": {"id": "production"},
        "deploy": {"deploy_id": "d1", "status": "failed"},
    }
    return json.dumps(event | changed).encode()


async def told(ctx: Context, body: bytes, source: str | None = "ci", **more: Any) -> str:
    payload = Payload(body=body, source=source, **more)
    return "\n".join(summary(await rehearse(ctx.transaction, ctx.reading, ctx.topology, payload, NOON)))


async def everything(database: Database) -> dict[str, list[Any]]:
    """Return every row of every table."""
    async with database._reader.connect() as connection:
        return {
            name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for name, table in Base.metadata.tables.items()
        }


async def kept(ctx: Context, body: bytes) -> int:
    """Store a delivery of GitHub; return its number."""
    headers = {"x-github-event": "deployment_status", "x-github-delivery": "g1"}
    raw = NewDelivery(
        source="github",
        key="g1",
        event="deployment_status",
        received_at=NOON,
        headers=headers,
        body=zstandard.compress(body),
    )
    async with ctx.transaction() as store:
        (stored,) = await store.deliveries.add_group([raw])
    return stored.id


async def submitted(ctx: Context, **fields: str) -> Outcome:
    press = Press(
        user_id="U1",
        user_name="Ada",
        value="{}",
        trigger_id="t",
        request_id="r",
        at=NOON,
        channel_id="C1",
        fields=fields,
    )
    return await ACTIONS.modals[FORM](ctx, press)


async def test_the_records_and_the_messages_are_shown_with_their_rule(ctx: Context) -> None:
    shown = await told(ctx, DEPLOYED, "github")
    for words in [
        "deploy `1184220451` of *payments* (`acme/payments`) to production: succeeded",
        "#payments-dev: a new deploy, its message. Rule `bridge`: this is the dev channel of the bridge *payments*",
        "#payments-ops: a new deploy, its details. Rule `bridge`: this is the ops channel of the bridge *payments*",
        "live since",
    ]:
        assert words in shown


@pytest.mark.parametrize(
    "body",
    [
        DEPLOYED,
        captured("github", "push__two_commits").body,
        captured("github", "release__published").body,
        b'{"deployment": {}}',
        b"no JSON",
    ],
    ids=["deploy", "commits", "change", "malformed", "no JSON"],
)
async def test_nothing_is_stored_and_nothing_is_queued(ctx: Context, database: Database, body: bytes) -> None:
    before = await everything(database)
    await told(ctx, body, "github")
    assert before == await everything(database)
    assert [] == [name for name, rows in before.items() if rows]


async def test_nothing_is_stored_of_an_incident_or_of_what_is_held(ctx: Context, database: Database) -> None:
    before = await everything(database)
    assert "*Messages*" in await told(ctx, captured("alertmanager", "alerts__firing_group_of_two").body, "alerts")
    await told(ctx, generic(service="unheard-of"))
    assert before == await everything(database)


async def test_a_record_that_is_there_is_called_by_its_number_and_stays_as_it_is(
    ctx: Context, database: Database
) -> None:
    number = await kept(ctx, DEPLOYED)
    report = DeployReport(
        service="payments", environment="production", deploy_id="d1", status=DeployStatus.STARTED, occurred_at=NOON
    )
    async with ctx.transaction() as store:
        await book(store, ctx.topology, [Told(number, "ci", NOON, report)])
    before = await everything(database)
    assert "#payments-dev: deploy #1, its failure." in await told(ctx, generic(occurred_at="2026-11-24T12:00:00Z"))
    assert before == await everything(database)


async def test_an_unknown_service_is_a_warning_and_held(ctx: Context) -> None:
    shown = await told(ctx, generic(service="unheard-of"))
    assert "unknown service" in shown
    assert "`unheard-of` (unknown)" in shown
    assert "*Messages* none: it is held until its names are mapped" in shown


async def test_a_time_ahead_is_a_warning_and_far_ahead_is_refused(ctx: Context) -> None:
    soon, far = (NOON + timedelta(hours=hours) for hours in (1, 25))
    assert "is in the future; check the sender's clock" in await told(ctx, generic(occurred_at=soon.isoformat()))
    assert "*Refused* at `$.occurred_at`" in await told(ctx, generic(occurred_at=far.isoformat()))


async def test_a_malformed_payload_is_refused_with_the_path_of_the_wrong_field(ctx: Context) -> None:
    assert "*Refused* at `$.deploy.status`" in await told(
        ctx, generic(deploy={"deploy_id": "d1", "status": "lost in space"})
    )
    assert "*Refused* at `$" in await told(ctx, b"no JSON", "github")


async def test_an_ignored_event_is_told_with_its_reason_and_what_was_meant(ctx: Context) -> None:
    assert "*Ignored*: pong" in await told(ctx, captured("github", "ping__repository").body, "github")
    assert "Did you mean push?" in await told(ctx, b"{}", "github", event="pushh")


@pytest.mark.parametrize(
    ("kind", "name", "event"),
    [
        ("github", "deployment__created", "deployment"),
        ("github", "deployment_status__queued", "deployment_status"),
        ("github", "workflow_run__success", "workflow_run"),
        ("github", "push__merge", "push"),
        ("github", "push__tag", "push"),
        ("github", "pull_request__merged", "pull_request"),
        ("github", "release__published", "release"),
        ("github", "ping__repository", "ping"),
        ("gitlab", "deployment__success", "Deployment Hook"),
        ("gitlab", "pipeline__success", "Pipeline Hook"),
        ("gitlab", "push__two_commits", "Push Hook"),
        ("gitlab", "release__created", "Release Hook"),
    ],
)
async def test_the_event_is_guessed_from_the_payload(ctx: Context, kind: str, name: str, event: str) -> None:
    payload = Payload(body=captured(kind, name).body, source=kind)
    assert event == (await rehearse(ctx.transaction, ctx.reading, ctx.topology, payload, NOON)).event


@pytest.mark.parametrize(
    ("source", "event", "complaint"),
    [
        ("githb", None, "Did you mean github?"),
        (None, None, "Say which sender it comes from: github, alerts, gitlab, ci."),
        ("github", None, "Say which event of github it is"),
        ("ci", "push", "leave the event out"),
    ],
)
async def test_what_is_unclear_is_asked(ctx: Context, source: str | None, event: str | None, complaint: str) -> None:
    with pytest.raises(UserError) as raised:
        await told(ctx, b"{}", source, event=event)
    assert complaint in str(raised.value)


async def test_without_a_sender_it_is_said_where_one_is_added(database: Database) -> None:
    with pytest.raises(UserError, match="add one under `sources`"):
        await COMMAND.run(context(database, topology=replace(TOPOLOGY, sources=())), typed("test", NOON))


async def test_a_stored_delivery_is_tried_again_by_its_number(ctx: Context, database: Database) -> None:
    number = await kept(ctx, DEPLOYED)
    before = await everything(database)
    reply = await COMMAND.run(ctx, typed(f"test {number}", NOON))
    assert reply.message is not None
    assert "a new deploy, its message" in str(reply.message.blocks)
    assert before == await everything(database)


@pytest.mark.parametrize(("words", "complaint"), [("test 99", "no delivery 99"), ("test me", "/bridge test 123")])
async def test_a_wrong_delivery_is_answered_with_what_to_do(ctx: Context, words: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await COMMAND.run(ctx, typed(words, NOON))


async def test_the_form_takes_a_payload_and_becomes_the_answer(ctx: Context, database: Database) -> None:
    reply = await COMMAND.run(ctx, typed("test", NOON))
    assert reply.modal is not None
    assert "3,000 characters" in str(reply.modal.view)
    before = await everything(database)
    outcome = await submitted(ctx, source="github", payload=DEPLOYED.decode())
    assert outcome.modal is not None
    assert "a new deploy, its message" in str(outcome.modal.view)
    assert before == await everything(database)


async def test_the_form_shows_what_is_wrong_under_its_field(ctx: Context) -> None:
    assert {"payload"} == set((await submitted(ctx, source="ci", payload=" ")).errors)
    assert "$" in (await submitted(ctx, source="ci", payload="{}")).errors["payload"]
    assert "Say which event" in (await submitted(ctx, source="github", payload="{}")).errors["event"]


async def test_an_incident_of_an_unknown_service_goes_to_the_admin_channel_or_it_is_said_that_nobody_hears(
    ctx: Context,
) -> None:
    body = captured("alertmanager", "alerts__firing_single_bearer").body.replace(b"payments", b"unheard-of")
    body = body.replace(b"checkout", b"unheard-of")
    assert "#twinspan-admin: a new incident, its message. Rule `admin`" in await told(ctx, body, "alerts")
    ctx.topology = replace(ctx.topology, admin_channel=None)
    assert "*Messages* none: the incident is kept" in await told(ctx, body, "alerts")
