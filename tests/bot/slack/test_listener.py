"""What people do in Slack, over HTTP and through Bolt: acknowledged at once, done once, answered to whoever asked."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.sandbox.config import ALL_SCOPES
from bot.sandbox.delivery import encoded, signed
from bot.slack.tasks import Tasks
from handlers import speech
from handlers.routing import Notice
from handlers.views.asked import Asked
from handlers.views.layout import actions, button, message
from models.topology import Topology
from models.words import IncidentStatus
from tests.bot.slack.conftest import Bot, Slack


async def test_a_change_in_one_line_is_echoed_to_its_author_only(bot: Bot, slack: Slack) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change payments: raised A & B <x>")
    await bot.settled()

    assert outcome.ok
    assert outcome.milliseconds < 1000
    (echo,) = bot.whispers("ada")
    assert "Logged as #1: *payments*: raised A &amp; B &lt;x&gt;" in echo
    assert [] == bot.whispers("ben")
    async with bot.ctx.reading() as store:
        (change,) = await store.changes.recent()
    assert ("ada", "raised A & B <x>") == (change.actor, change.summary)


async def test_undo_in_the_echo_takes_the_change_back(bot: Bot, slack: Slack) -> None:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change payments: raised the pool")
    await bot.settled()
    (echo,) = [m for m in slack.workspace.timeline("payments-dev", slack.workspace.user("ada").id) if m.ephemeral_to]
    await slack.sandbox.actor.click("ada", "change_undo", channel="payments-dev", ts=echo.ts)
    await bot.settled()

    assert "Undone: #1" in bot.whispers("ada")[-1]
    async with bot.ctx.reading() as store:
        assert [] == await store.changes.recent()


async def test_without_text_a_form_opens_and_shows_what_is_wrong(bot: Bot, slack: Slack) -> None:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")
    await bot.settled()
    (view,) = slack.workspace.modals("ada")
    values: dict[str, Any] = {
        "service": {"service": "payments"},
        "what": {"what": "   "},
        "environment": {"environment": "production"},
        "revert": {"revert": "lower it"},
    }
    refused = await slack.sandbox.actor.submit_view("ada", view.id, values)
    taken = await slack.sandbox.actor.submit_view("ada", view.id, values | {"what": {"what": "raised the pool"}})
    await bot.settled()

    assert {"what": "Say in a sentence what changed."} == refused.errors
    assert taken.ok
    assert [] == slack.workspace.modals("ada")
    assert "Logged as #1: *payments* (production): raised the pool" in bot.whispers("ada")[-1]


async def test_a_message_becomes_a_change_that_links_to_it(bot: Bot, slack: Slack) -> None:
    outcome = await slack.sandbox.actor.post_message("ben", "payments-dev", "Raised the &lt;pool&gt; to 40")
    assert outcome.message is not None
    await slack.sandbox.actor.run_shortcut("ada", "log_as_change", channel="payments-dev", ts=outcome.message.ts)
    await bot.settled()
    (view,) = slack.workspace.modals("ada")
    await slack.sandbox.actor.submit_view("ada", view.id, {"service": {"service": "payments"}})
    await bot.settled()

    async with bot.ctx.reading() as store:
        (change,) = await store.changes.recent()
    assert "Raised the <pool> to 40" == change.summary
    assert change.url is not None
    assert f"/archives/{slack.id('payments-dev')}/p{outcome.message.ts.replace('.', '')}" in change.url


async def test_a_user_error_is_shown_in_its_own_words_and_pings_nobody(bot: Bot, slack: Slack) -> None:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change <!channel>: @here hello")
    await bot.settled()

    (shown,) = bot.whispers("ada")
    assert "I know no service “&lt;!channel&gt;”" in shown


async def test_anything_else_has_a_reference_that_is_in_the_log(bot: Bot, slack: Slack) -> None:
    async with bot.database.transaction() as store:
        await store._connection.exec_driver_sql("DROP TABLE timeline")
    with capture_logs() as logs:
        await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/incident open payments: it fails")
        await bot.settled()

    (shown,) = bot.whispers("ada")
    assert "Something went wrong (ref ref1)" in shown
    assert [("handler_failed", "/incident", "ref1")] == [(e["event"], e["handler"], e["ref"]) for e in logs]


async def test_an_incident_is_handled_by_buttons_and_the_second_person_is_told(bot: Bot, slack: Slack) -> None:
    card = await _incident_card(bot, slack)
    for person in ("mira", "jun"):
        await slack.sandbox.actor.click(person, "incident_acknowledge", channel="payments-dev", ts=card)
        await bot.settled()

    assert ["INC-1 is acknowledged already, by mira."] == bot.whispers("jun")
    assert [] == bot.whispers("mira")
    async with bot.ctx.reading() as store:
        incident = await store.incidents.get(1)
    assert incident is not None
    assert (IncidentStatus.ACKNOWLEDGED, "mira") == (incident.status, incident.acknowledged_by)


async def test_a_note_is_written_in_a_form(bot: Bot, slack: Slack) -> None:
    card = await _incident_card(bot, slack)
    await slack.sandbox.actor.click("mira", "incident_note", channel="payments-dev", ts=card)
    await bot.settled()
    (view,) = slack.workspace.modals("mira")
    await slack.sandbox.actor.submit_view("mira", view.id, {"note": {"note": "drained\neu-1"}})
    await bot.settled()

    async with bot.ctx.reading() as store:
        timeline = await store.incidents.timeline(1)
    assert ("mira", "drained\neu-1") == (timeline[-1].actor, timeline[-1].text)


async def _incident_card(bot: Bot, slack: Slack) -> str:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/incident open sev1 payments: it fails")
    await bot.settled()
    async with bot.ctx.reading() as store:
        message = await speech.render(
            store,
            bot.ctx.topology,
            subject="incident:1",
            part="card",
            side="dev",
            channel="#payments-dev",
            params={},
            at=slack.clock(),
        )
    assert message is not None
    return (await slack.messenger.post("#payments-dev", message, key="incident:1|card")).ts


async def test_a_form_that_comes_too_late_is_explained(bot: Bot, slack: Slack) -> None:
    slack.workspace.add_fault(kind="error", method="views.open", error="expired_trigger_id", remaining=1)
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")
    await bot.settled()

    (shown,) = bot.whispers("ada")
    assert "Slack lets a form open for three seconds only" in shown


async def test_a_handler_that_hangs_is_acknowledged_all_the_same(bot: Bot, slack: Slack) -> None:
    slack.workspace.add_fault(kind="hang", method="users.info", seconds=30)
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change payments: raised the pool")
    await bot.settled()

    assert outcome.ok
    assert outcome.milliseconds < 1000
    assert "Logged as #1" in bot.whispers("ada")[0]


async def test_what_failed_is_tried_again_when_the_bot_is_invited(bot: Bot, slack: Slack) -> None:
    await _refused_message(bot, slack)
    slack.sandbox.courier.emit(_joined(slack))
    await bot.settled()

    assert (1, 0) == await _waiting_and_failed(bot)


async def test_an_event_that_slack_tells_twice_is_acted_on_once(bot: Bot, slack: Slack) -> None:
    envelope = {"type": "event_callback", "event_id": "Ev1", "team_id": "T00000001", "event": _joined(slack)}
    body, content_type = encoded("event", envelope)
    seen = []
    async with httpx.AsyncClient(trust_env=False) as client:
        for retry in ("0", "1"):
            await _refused_message(bot, slack)
            headers = signed(slack.sandbox.config.signing_secret, body, datetime.now(UTC).timestamp())
            headers |= {"Content-Type": content_type, "X-Slack-Retry-Num": retry}
            answer = await client.post(f"{slack.sandbox.bot.url}/slack/events", content=body, headers=headers)
            await bot.settled()
            seen.append((answer.status_code, await _waiting_and_failed(bot)))

    assert [(200, (1, 0)), (200, (0, 1))] == seen


def _joined(slack: Slack) -> dict[str, str]:
    channel = slack.id("payments-ops")
    bot_user = slack.workspace.bot_user
    return {"type": "member_joined_channel", "user": bot_user, "channel": channel, "channel_type": "C"}


async def _refused_message(bot: Bot, slack: Slack) -> None:
    async with bot.ctx.transaction() as store:
        notice = Notice(subject="change:1", part="card", channel="#payments-ops", side="ops")
        await store.outbox.notify([notice], slack.clock())
        item = await store.outbox.take("#payments-ops", slack.clock())
        assert item is not None
        await store.outbox.fail(item, "not_in_channel")


async def _waiting_and_failed(bot: Bot) -> tuple[int, int]:
    async with bot.ctx.reading() as store:
        (queue,) = await store.outbox.queues()
    return queue.waiting, queue.failed


async def test_a_form_that_fails_stays_open_with_a_reference(bot: Bot, slack: Slack) -> None:
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/incident open")
    await bot.settled()
    (view,) = slack.workspace.modals("ada")
    async with bot.database.transaction() as store:
        await store._connection.exec_driver_sql("DROP TABLE timeline")
    values = {"service": {"service": "payments"}, "title": {"title": "it fails"}}
    with capture_logs():
        outcome = await slack.sandbox.actor.submit_view("ada", view.id, values)

    assert "Something went wrong (ref ref1)" in outcome.errors["service"]
    assert 1 == len(slack.workspace.modals("ada"))


@pytest.mark.parametrize("slack", [{"scopes": ALL_SCOPES - {"chat:write.public"}}], indirect=True)
async def test_where_the_bot_is_no_member_the_answer_to_a_form_comes_as_a_direct_message(
    bot: Bot, slack: Slack
) -> None:
    await slack.sandbox.actor.send_slash_command("mira", "platform-ops", "/change")
    await bot.settled()
    (view,) = slack.workspace.modals("mira")
    values = {"service": {"service": "payments"}, "what": {"what": "raised the pool"}}
    await slack.sandbox.actor.submit_view("mira", view.id, values)
    await bot.settled()

    direct = [channel for channel in slack.workspace.channels.values() if channel.is_im]
    assert ["Logged as #1"] == [m.text[:12] for channel in direct for m in channel.messages.values()]


async def test_work_under_way_is_finished_and_what_takes_too_long_is_cancelled() -> None:
    tasks, done = Tasks(), []

    async def quick() -> None:
        await asyncio.sleep(0)
        done.append("quick")

    async def slow() -> None:
        await asyncio.sleep(60)
        done.append("slow")

    tasks.start(quick(), "quick")
    tasks.start(slow(), "slow")
    await tasks.finish(0.05)
    await tasks.finish()

    assert ["quick"] == done


async def _rows_open(bot: Bot, slack: Slack) -> str:
    """Open the rows behind a number, and return the form's id."""
    asked = Asked(scope="payments", length="week", first="2026-02-23", timezone="UTC", number="cfr")
    shown = message("Numbers", [actions(button("Rows", "metrics_rows", asked.value()))])
    posted = await slack.messenger.post("#payments-dev", shown, key="numbers")
    await slack.sandbox.actor.click("mira", "metrics_rows", channel="payments-dev", ts=posted.ts)
    await bot.settled()
    (view,) = slack.workspace.modals("mira")
    return view.id


async def test_what_goes_wrong_in_a_form_is_said_in_that_form(bot: Bot, slack: Slack) -> None:
    form = await _rows_open(bot, slack)
    bot.ctx.topology = Topology()
    await slack.sandbox.actor.click("mira", "metrics_how", view_id=form)
    await bot.settled()
    (view,) = slack.workspace.modals("mira")
    assert form == view.id
    assert "“payments” is not in the configuration any more." in str(view.payload["blocks"])
    assert [] == bot.whispers("mira")


async def test_a_form_that_was_closed_meanwhile_is_left_alone(bot: Bot, slack: Slack) -> None:
    form = await _rows_open(bot, slack)
    slack.workspace.add_fault(kind="error", method="views.update", error="not_found")
    with capture_logs() as logs:
        await slack.sandbox.actor.click("mira", "metrics_how", view_id=form)
        await bot.settled()
    assert [] == [entry for entry in logs if entry["log_level"] in ("error", "critical")]
    assert [] == bot.whispers("mira")
