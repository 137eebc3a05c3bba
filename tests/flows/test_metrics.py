"""From a sender to the rows behind a number: `/metrics`, a press, the next page, and how it is computed."""

import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import clock
from tests.support.stage import DEV, Stage

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
