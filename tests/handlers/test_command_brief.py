"""The brief of who takes an incident's command over, and the points that people write down for it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.database import Database
from handlers.actions import Outcome, Press
from handlers.actions.incidents import ACTIONS as INCIDENTS
from handlers.actions.points import ACTIONS
from handlers.commands import Reply
from handlers.commands.change import COMMAND as CHANGE
from handlers.commands.freeze import COMMAND as FREEZE
from handlers.commands.incident import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from models.people import Person
from models.records import Deploy, MessageRef
from models.words import DeployKind, DeployStatus, Tier
from tests.support.world import context, typed

ADA, BEN = Person(user_id="U1", name="Ada", handle="ada"), Person(user_id="U2", name="Ben", handle="ben")


class People:
    async def people(self) -> Sequence[Person]:
        return [ADA, BEN]


@pytest.fixture
async def ctx(database: Database, at: datetime) -> Context:
    made = context(database)
    made.directory = People()
    await say(made, "open sev2 payments: checkout fails", at)
    await say(made, "assign me", at)
    return made


async def say(ctx: Context, text: str, at: datetime) -> Reply:
    return await COMMAND.run(ctx, typed(text, at, request_id=text))


async def shown(ctx: Context, text: str, at: datetime) -> str:
    reply = await say(ctx, text, at)
    assert reply.message is not None
    return reply.message.text + json.dumps(reply.message.blocks, ensure_ascii=False)


async def brief(ctx: Context, at: datetime) -> list[str]:
    """Return the lines of the brief, without the hint below them."""
    reply = await say(ctx, "handoff INC-1", at)
    assert reply.message is not None
    return [
        one for block in reply.message.blocks if block["type"] == "section" for one in block["text"]["text"].split("\n")
    ]


async def line_of(ctx: Context, name: str, at: datetime) -> str:
    return next(one for one in await brief(ctx, at) if one.startswith(f"*{name}*"))


def pressed(at: datetime, value: str, by: Person = ADA, **fields: Any) -> Press:
    return Press(
        user_id=by.user_id, user_name=by.name, value=value, trigger_id="t", request_id=by.name, at=at, fields=fields
    )


async def settle(ctx: Context, at: datetime, by: Person = ADA, **fields: Any) -> Outcome:
    return await ACTIONS.modals["point_settle_form"](ctx, pressed(at, json.dumps({"point": "1"}), by, **fields))


def deploy(number: int, at: datetime, **changes: Any) -> Deploy:
    known: dict[str, Any] = {
        "source": "ci", "deploy_id": str(number), "service": "payments", "environment": "production",
        "tier": Tier.PRODUCTION, "status": DeployStatus.SUCCEEDED, "status_at": at, "finished_at": at,
        "version": f"2.{number}.0", "received_at": at, "latest_at": at,
    }  # fmt: skip
    return Deploy(**(known | changes))


async def test_an_empty_brief_says_what_is_missing_where_it_is_looked_for(ctx: Context, at: datetime) -> None:
    lines = await brief(ctx, at + timedelta(minutes=10))
    assert lines[0].startswith("*SEV2* *INC-1 checkout fails*")
    assert "*Impact now* nobody has said a word yet" in lines
    assert "*Suspect* nothing is blamed yet · no rollback yet" in lines
    assert "*Last hour* nothing was deployed or changed" in lines
    assert "*Hypotheses* none is written down" in lines
    assert "*Ruled out* nothing yet" in lines
    assert "*Roles* lead Ada, on 10 min · comms nobody · scribe nobody" in lines
    assert "*Told* nobody yet" in lines
    assert lines[-1].startswith("*Next checkpoint* nobody promised one")


async def test_hypotheses_have_an_owner_and_a_next_check(ctx: Context, at: datetime) -> None:
    await say(ctx, "note hypothesis @ben: the pool leaks, next heap dump in 20m", at)
    await say(ctx, "note INC-1 theory: DNS", at)
    told = await line_of(ctx, "Hypotheses", at)
    assert told == "*Hypotheses* P1 the pool leaks (Ben, next check heap dump in 20m) · P2 DNS (Ada)"
    assert " P1 " in (await line_of(ctx, "Next checkpoint", at)).replace("*Next checkpoint*", "")
    assert "*overdue*" in await line_of(ctx, "Next checkpoint", at + timedelta(hours=1))


async def test_what_is_ruled_out_says_by_what_evidence_and_by_whom(ctx: Context, at: datetime) -> None:
    await say(ctx, "note hypothesis: the pool leaks", at)
    with pytest.raises(UserError, match="By what evidence"):
        await say(ctx, "note P1 ruled out", at)
    with pytest.raises(UserError, match="By what evidence"):
        await say(ctx, "note P1 confirmed", at)
    assert "P1 is ruled out" in await shown(ctx, "note P1 ruled out: the heap is flat", at + timedelta(minutes=1))
    assert "*Ruled out* the pool leaks: the heap is flat (Ada)" == await line_of(ctx, "Ruled out", at)
    await say(ctx, "note ruled out: DNS, mtr is clean", at + timedelta(minutes=2))
    assert "DNS, mtr is clean (Ada)" in await line_of(ctx, "Ruled out", at)
    await say(ctx, "note known: only cards of one bank fail", at + timedelta(minutes=3))
    assert "✔ only cards of one bank fail (Ada)" in await line_of(ctx, "Hypotheses", at)
    timeline = await shown(ctx, "timeline INC-1", at)
    assert "P1 hypothesis (Ada): the pool leaks" in timeline
    assert "P1 ruled out: the heap is flat (the pool leaks)" in timeline


async def test_running_actions_say_when_they_stop_and_decisions_that_they_wait(ctx: Context, at: datetime) -> None:
    await say(ctx, "note running @ben: replay the queue until lag is below 100", at)
    await say(ctx, "note running: drain eu-1", at)
    await say(ctx, "note decide: fail over to eu-2? by 03:40", at)
    running = await line_of(ctx, "Running", at)
    assert "P1 replay the queue (Ben, until lag is below 100)" in running
    assert "P2 drain eu-1 (Ada, *no stop condition*)" in running
    assert "P3 fail over to eu-2? (Ada, wanted by 03:40)" in await line_of(ctx, "To decide", at)
    await say(ctx, "note P1 done", at)
    await say(ctx, "note P3 decided: no, we roll back", at)
    lines = await brief(ctx, at)
    assert not any("replay" in one or "*To decide*" in one for one in lines)
    told = await shown(ctx, "note P2 ruled out: x", at)
    assert "It is a plain note: P2 is a running action: say `P2 done: …`" in told
    assert "P2 ruled out: x" in await shown(ctx, "timeline INC-1", at)


async def test_a_note_that_begins_like_a_points_end_is_kept_where_there_is_no_such_point(
    ctx: Context, at: datetime
) -> None:
    told = await shown(ctx, "note P1 confirmed by the bank's own desk", at)
    assert "📝 Noted on" in told
    assert "It is a plain note: no point of it is called P1; `/incident show INC-1` lists" in told
    assert "P1 confirmed by the bank's own desk" in await shown(ctx, "timeline INC-1", at)


async def test_a_note_does_not_end_another_incidents_point(ctx: Context, at: datetime) -> None:
    await say(ctx, "note INC-1 hypothesis: the pool leaks", at)
    await say(ctx, "open sev1 payments: cards fail", at)
    told = await shown(ctx, "note INC-2 P1 confirmed: by the bank", at)
    assert "P1 is a point of INC-1: `/incident note INC-1 P1 confirmed: …` ends it." in told
    assert "P1 the pool leaks" in await line_of(ctx, "Hypotheses", at)
    # Where it is not said which incident is meant, the point's number says it.
    assert "P1 is confirmed" in await shown(ctx, "note P1 confirmed: by the bank", at)


async def test_what_is_said_late_of_a_settled_point_is_kept_as_a_note(ctx: Context, at: datetime) -> None:
    await say(ctx, "note hypothesis: the pool leaks", at)
    await say(ctx, "note P1 ruled out: flat", at)
    assert "P1 is ruled out already, by Ada." in await shown(ctx, "note P1 confirmed: the dump shows it", at)
    assert "P1 confirmed: the dump shows it" in await shown(ctx, "timeline INC-1", at)


async def test_a_freeze_is_a_running_action_with_its_end(ctx: Context, at: datetime) -> None:
    await FREEZE.run(ctx, typed("payments for 2h while it burns", at, request_id="f"))
    assert "deploys of payments frozen until" in await line_of(ctx, "Running", at)
    assert "*Gate* ❄️ shut for payments" in await shown(ctx, "show INC-1", at)


async def test_changes_of_the_last_hour_and_the_way_back_are_told(ctx: Context, at: datetime) -> None:
    later = at + timedelta(minutes=30)
    async with ctx.transaction() as store:
        old, new = deploy(1, at - timedelta(hours=5)), deploy(2, at - timedelta(minutes=10))
        await store.deploys.add_many([old, new, deploy(3, later, kind=DeployKind.ROLLBACK)])
    await CHANGE.run(ctx, typed("payments: pool to 40", later, request_id="c"))
    hour = await line_of(ctx, "Last hour", later)
    assert "`2.2.0` succeeded" in hour
    assert "pool to 40" in hour
    assert "2.1.0" not in hour
    assert "rolled back: #3 payments `2.3.0` succeeded" in await line_of(ctx, "Suspect", later)


async def test_what_was_told_names_the_channels_where_it_arrived(ctx: Context, at: datetime) -> None:
    await say(ctx, "update half is back, next 30m", at)
    assert "“half is back” by Ada" in await line_of(ctx, "Told", at)
    assert "not delivered yet" in await line_of(ctx, "Told", at)
    async with ctx.transaction() as store:
        entry = next(e for e in await store.incidents.timeline(1) if e.text == "half is back")
        for channel in ("C1", "C2"):
            ref = MessageRef(
                subject="incident:1", part=f"entry:{entry.id}", side="ops", channel=channel, channel_id=channel, ts="1"
            )
            await store.messages.remember(ref, at)
    assert "to <#C1>, <#C2>" in await line_of(ctx, "Told", at)
    assert "next update" in await line_of(ctx, "Next checkpoint", at)


async def test_the_brief_says_whether_it_gets_worse(ctx: Context, at: datetime) -> None:
    await say(ctx, "severity sev1", at)
    assert "worse: sev2 → sev1" in await line_of(ctx, "Impact now", at)
    await say(ctx, "severity sev3", at + timedelta(minutes=5))
    assert "better: sev1 → sev3" in await line_of(ctx, "Impact now", at)


async def test_the_fullest_brief_has_less_than_twelve_lines(ctx: Context, at: datetime) -> None:
    for number in range(6):
        for words in ("hypothesis: h{}", "running: r{}", "decide: d{}", "ruled out: o{}", "known: k{}"):
            await say(ctx, f"note {words.format(number)}", at)
        await say(ctx, f"update number {number}", at)
        await say(ctx, f"action @ben todo {number}", at)
    assert 11 == len(await brief(ctx, at))


async def test_a_point_is_settled_with_its_button_and_of_two_people_one_does(ctx: Context, at: datetime) -> None:
    assert "point_settle" in await shown(ctx, "note hypothesis: the pool leaks", at)
    assert "point_settle" in await shown(ctx, "show INC-1", at)
    modal = (await ACTIONS.buttons["point_settle"](ctx, pressed(at, "1"))).modal
    assert modal is not None
    assert (await settle(ctx, at, outcome="confirmed")).errors.keys() == {"why"}
    outcomes = await asyncio.gather(
        settle(ctx, at, ADA, outcome="confirmed", why="dump"),
        settle(ctx, at, BEN, outcome="ruled out", why="flat"),
        return_exceptions=True,
    )
    (lost,) = [one for one in outcomes if isinstance(one, UserError)]
    assert "P1 is" in str(lost)
    assert "point_settle" not in await shown(ctx, "show INC-1", at)
    with pytest.raises(UserError, match="already, by"):
        await ACTIONS.buttons["point_settle"](ctx, pressed(at, "1"))


async def test_the_form_for_a_note_takes_points_too(ctx: Context, at: datetime) -> None:
    submit = INCIDENTS.modals["incident_note_form"]
    fields: dict[str, Any] = {
        "note": "the pool leaks",
        "kind": "hypothesis",
        "owner": "U2",
        "check": "heap dump at 10:20",
    }
    await submit(ctx, pressed(at, json.dumps({"incident": "1"}), **fields))
    assert "P1 the pool leaks (Ben, next check heap dump at 10:20)" in await line_of(ctx, "Hypotheses", at)
    await submit(ctx, pressed(at, json.dumps({"incident": "1"}), BEN, note="a plain one", kind="note"))
    assert "noted: a plain one" in await shown(ctx, "timeline INC-1", at)


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("nobody called “@bne”", "note hypothesis @bne: x"),
        ("There is no incident INC-7", "note INC-7 hypothesis: x"),
    ],
)
async def test_wrong_input_is_explained(ctx: Context, at: datetime, complaint: str, text: str) -> None:
    with pytest.raises(UserError, match=complaint):
        await say(ctx, text, at)


async def test_a_closed_incident_takes_no_point(ctx: Context, at: datetime) -> None:
    await say(ctx, "close INC-1", at)
    with pytest.raises(UserError, match="reopen it first"):
        await say(ctx, "note INC-1 hypothesis: x", at)
