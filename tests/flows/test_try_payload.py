"""Somebody tries a payload from Slack: pasted into the form, or one that came in before. Nobody else hears of it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.clock import utc_now
from bot.sandbox.state import View
from handlers.views.rehearsal import FORM
from tests.support.stage import DEV, OPS, Stage, stage


@pytest.fixture
async def running(sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(sqlite_url) as started:
        yield started


def deployed(number: str = "d1", status: str = "succeeded") -> dict[str, Any]:
    return {
        "id": f"e-{number}",
        "source": "ci",
        "type": "deploy",
        "occurred_at": utc_now().isoformat(),
        "service": "payments",
        "environment": {"id": "production"},
        "deploy": {"deploy_id": number, "status": status, "version": "v4.2"},
    }


async def form(running: Stage) -> View:
    assert (await running.sandbox.actor.send_slash_command("ada", DEV, "/bridge test")).ok
    await running.bot.tasks.finish()
    (view,) = running.sandbox.workspace.modals("ada")
    assert FORM == view.payload["callback_id"]
    return view


async def tried(running: Stage, view: View, payload: str) -> dict[str, str]:
    """Fill in the form and submit it; return what is complained of."""
    values = {"source": {"source": "events"}, "payload": {"payload": payload}}
    outcome = await running.sandbox.actor.submit_view("ada", view.id, values)
    await running.settled()
    return outcome.errors


async def test_a_pasted_payload_is_shown_in_place_of_the_form_and_nothing_is_said(running: Stage) -> None:
    view = await form(running)
    assert "payload" in await tried(running, view, "{not json")
    wrong = deployed()
    wrong["deploy"]["status"] = "finished"
    assert "deploy.status" in (await tried(running, view, json.dumps(wrong)))["payload"]

    assert {} == await tried(running, view, json.dumps(deployed()))
    (shown,) = running.sandbox.workspace.modals("ada")
    words = json.dumps(shown.payload["blocks"], ensure_ascii=False)
    assert "v4.2" in words
    assert f"#{DEV}" in words
    assert f"#{OPS}" in words
    assert [] == running.seen.messages(DEV)
    assert [] == running.seen.messages(OPS)


async def test_what_came_in_before_is_tried_again_and_would_say_nothing_new(running: Stage) -> None:
    assert (await running.events(deployed())).status_code == 202
    await running.settled()
    before = len(running.seen.messages(DEV)), len(running.seen.messages(OPS))
    assert (await running.sandbox.actor.send_slash_command("ada", DEV, "/bridge test 1")).ok
    await running.bot.tasks.finish()
    shown = answers(running)[-1]
    assert "deploy `d1` of *payments* to production: succeeded" in shown
    assert "told again, it changes nothing" in shown
    assert "*Messages* none: the bot knows all of it already" in shown
    await running.settled()
    assert before == (len(running.seen.messages(DEV)), len(running.seen.messages(OPS)))

    assert (await running.sandbox.actor.send_slash_command("ada", DEV, "/bridge test 99")).ok
    await running.bot.tasks.finish()
    assert "I know no delivery 99" in answers(running)[-1]


def answers(running: Stage) -> list[str]:
    ada = running.sandbox.workspace.user("ada").id
    told = [m for m in running.sandbox.workspace.timeline(DEV, ada) if m.ephemeral_to]
    return [m.text + json.dumps(m.blocks, ensure_ascii=False) for m in told]
