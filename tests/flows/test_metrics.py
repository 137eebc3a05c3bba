"""From a sender to the rows behind a number: `/metrics`, a press, the next page, and how it is computed."""

import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import clock
from tests.support.stage import DEV, OPS, Stage

BERLIN = ZoneInfo("Europe/Berlin")


def deploys(at: datetime, count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"e{n}",
            "source": "ci",
            "type": "deploy",
            "occurred_at": (at + timedelta(minutes=n)).isoformat(),
            "service": "payments",
            "environment": {"id": "production"},
            "deploy": {"deploy_id": f"d{n}", "status": "succeeded", "version": f"v{n}"},
        }
        for n in range(count)
    ]


def shown(view: Any) -> str:
    return json.dumps(view.payload, ensure_ascii=False)


async def answered(running: Stage) -> None:
    await running.sandbox.idle()
    await running.bot.tasks.finish(5)


async def test_a_number_is_pressed_paged_and_explained(running: Stage) -> None:
    yesterday = clock.utc_now().astimezone(BERLIN).date() - timedelta(days=1)
    for part in (0, 10):
        events = deploys(datetime.combine(yesterday, time(12), BERLIN), 20)[part : part + 10]
        assert 202 == (await running.events(events)).status_code
    await running.applied()
    actor, workspace = running.sandbox.actor, running.sandbox.workspace

    await actor.send_slash_command("ada", DEV, "/metrics payments yesterday")
    await answered(running)
    (answer,) = [m for m in workspace.timeline(DEV, "ada") if m.ephemeral_to]
    assert "*20 deploys*" in answer.text

    await actor.click("ada", "metrics_rows_deploys", channel=DEV, ts=answer.ts)
    await answered(running)
    (view,) = workspace.modals("ada")
    assert "Rows 1–15 of 20" in shown(view)

    await actor.click("ada", "metrics_rows_next", view_id=view.id)
    await answered(running)
    (view,) = workspace.modals("ada")
    assert "Rows 16–20 of 20" in shown(view)

    await actor.click("ada", "metrics_how", view_id=view.id)
    await answered(running)
    (view,) = workspace.modals("ada")
    assert "20 deploys on 1 day, 20.00 per day" in shown(view)
    assert f"{yesterday} 00:00 up to, not including" in shown(view)
    assert [] == [call for call in workspace.calls if call.method == "views.push"]


async def test_a_suspect_deploy_says_so_and_its_people_answer_by_buttons(running: Stage) -> None:
    """An incident starts after a deploy: both messages say so; people claim it, clear it, and set another cause."""
    now = clock.utc_now()
    await running.events(deploys(now - timedelta(hours=1), 2))
    await running.settled()
    alarm = {
        "id": "i1",
        "source": "ci",
        "type": "incident",
        "occurred_at": (now - timedelta(minutes=5)).isoformat(),
        "services": ["payments"],
        "incident": {"incident_id": "i1", "status": "triggered", "title": "Checkout fails", "severity": "sev2"},
    }
    await running.events([alarm])
    await running.settled()
    _, suspect, card = running.seen.messages(DEV)
    assert "suspect of" in suspect.text
    assert "Probably* #2" in str(card.blocks)
    assert "suspect of" not in running.seen.texts(DEV)[0]
    actor = running.sandbox.actor

    await actor.click("ada", "deploy_looking", channel=DEV, ts=suspect.ts)
    await answered(running)
    await running.settled()
    assert all("👀 ada is looking at #2" in shown for shown in running.seen.shown(DEV)[1:])
    assert "👀 ada is looking at #2" in running.seen.shown(OPS)[2]

    await actor.click("ada", "deploy_not_mine", channel=DEV, ts=suspect.ts)
    await answered(running)
    await running.settled()
    assert "suspect of" not in running.seen.texts(DEV)[1]
    assert "not #2 (said ada)" in running.seen.shown(OPS)[2]

    await actor.click("ben", "incident_cause", channel=DEV, ts=card.ts)
    await answered(running)
    (form,) = running.sandbox.workspace.modals("ben")
    outcome = await actor.submit_view("ben", form.id, {"cause": {"cause": "#1"}})
    assert outcome.ok
    await answered(running)
    await running.settled()
    told = [m.text for m in running.sandbox.workspace.timeline(DEV, "ben") if m.ephemeral_to]
    assert "Change fail rate of payments this week" in told[-1]
    assert "suspect of" in running.seen.texts(DEV)[0]
    assert "#1" in running.seen.shown(OPS)[2] and "(set by ben)" in running.seen.shown(OPS)[2]  # noqa: PT018
