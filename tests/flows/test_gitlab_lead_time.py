"""From GitLab's own requests to a lead time: pushes and deployments, signed as they were, and `/metrics` in Slack."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.settings import Settings
from handlers.webhooks import WebhookRequest
from tests.support.stage import DEV, Stage, stage
from tests.support.webhooks import AT, FIXTURE_SECRET, FIXTURE_SIGNING_KEY, captured, changed
from tests.support.world import Clock

# What ran before: 51de2b83, on the Friday before the two commits were pushed.
BEFORE = "51de2b835bd35a67eb32dbcd3d77d4b96e5aa39d"
# The commits are from 20 November 08:32:11 and 23 November 08:54:58 UTC, and were live on the 23rd at 09:03:41.
AGES = (timedelta(days=3, minutes=31, seconds=30), timedelta(minutes=8, seconds=43))
PARTS = ("push", "running", "success")


def _with_the_fixtures_secrets(settings: Settings) -> Settings:
    sources = [
        replace(s, secrets=(FIXTURE_SECRET, FIXTURE_SIGNING_KEY)) if s.kind == "gitlab" else s
        for s in settings.topology.sources
    ]
    return replace(settings, topology=replace(settings.topology, sources=tuple(sources)))


@pytest.fixture
async def gitlab(database_url: str) -> AsyncIterator[Stage]:
    async with stage(database_url, _with_the_fixtures_secrets, now=Clock(AT)) as started:
        yield started


def _the_one_before() -> WebhookRequest:
    def earlier(payload: Any) -> None:
        payload["deployment_id"], payload["short_sha"] = 14, BEFORE[:8]
        payload["status_changed_at"] = "2026-11-19 16:20:00 +0100"
        payload["commit_url"] = payload["commit_url"].replace("78f6518ffb21041c0fb49fb451ac2a6076f611ef", BEFORE)

    unsigned = captured("gitlab", "deployment__success")
    headers = {name: value for name, value in unsigned.headers.items() if not name.startswith("webhook-")}
    headers |= {"x-gitlab-token": FIXTURE_SECRET, "idempotency-key": "the one before"}
    return changed(replace(unsigned, headers=headers), earlier)


REQUESTS = {
    "before": _the_one_before(),
    "push": captured("gitlab", "push__two_commits"),
    "running": captured("gitlab", "deployment__running"),
    "success": captured("gitlab", "deployment__success"),
}


async def send(stage: Stage, *names: str) -> list[httpx.Response]:
    answers = []
    for name in names:
        request = REQUESTS[name]
        answers.append(await stage.http.post("/webhooks/gitlab", content=request.body, headers=dict(request.headers)))
        await stage.applied()
    return answers


async def metrics(stage: Stage, words: str) -> str:
    """Type `/metrics …`; return all that the answer shows."""
    await stage.sandbox.actor.send_slash_command("ada", DEV, f"/metrics {words}")
    await stage.sandbox.idle()
    await stage.bot.tasks.finish(20)
    answer = [m for m in stage.sandbox.workspace.timeline(DEV, "ada") if m.ephemeral_to][-1]
    return f"{answer.text} {json.dumps(answer.blocks, ensure_ascii=False)}"


@pytest.mark.parametrize("order", [PARTS, PARTS[::-1], ("running", "success", "push")], ids=" ".join)
async def test_what_gitlab_tells_becomes_lead_times_in_whatever_order(gitlab: Stage, order: Sequence[str]) -> None:
    answers = await send(gitlab, "before", *order)
    assert [202] * 4 == [answer.status_code for answer in answers]
    assert ["duplicate"] * 3 == [answer.json()["status"] for answer in await send(gitlab, *order)]

    middle = sum(AGES, timedelta()) / 2
    assert timedelta(days=1, hours=12, minutes=20, seconds=6, microseconds=500_000) == middle
    shown = await metrics(gitlab, "payments yesterday")
    assert "*1 deploy*" in shown
    assert "1d 12h" in shown
    assert "n 2" in shown


async def test_without_the_deploy_before_it_nobody_knows_what_a_deploy_brought(gitlab: Stage) -> None:
    await send(gitlab, "push", "running", "success")
    shown = await metrics(gitlab, "payments yesterday")
    assert "*1 deploy*" in shown
    assert "1d 12h" not in shown


async def test_a_merge_request_counts_its_commit_and_not_its_merge(gitlab: Stage) -> None:
    request = captured("gitlab", "push__merge_request")
    await send(gitlab, "before")
    await gitlab.http.post("/webhooks/gitlab", content=request.body, headers=dict(request.headers))
    await send(gitlab, "success")
    shown = await metrics(gitlab, "payments yesterday")
    assert "3d" in shown
    assert "n 1" in shown


async def test_a_push_that_lists_not_all_its_commits_gives_no_lead_time(gitlab: Stage) -> None:
    request = captured("gitlab", "push__more_than_it_lists")
    await send(gitlab, "before")
    await gitlab.http.post("/webhooks/gitlab", content=request.body, headers=dict(request.headers))
    await send(gitlab, "success")
    shown = await metrics(gitlab, "payments yesterday")
    assert "*1 deploy*" in shown
    assert "n 2" not in shown
