"""A deploy as GitHub tells it, signed, redelivered and out of order: one line on each side, edited as it goes."""

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.sandbox.page.payloads import Commit, Rollout, github_deployment_status, github_push
from tests.support.stage import DEV, OPS, Stage

RUN = 7
COMMITS = (
    Commit("Retry card charges on a gateway timeout", "ada", timedelta(hours=19)),
    Commit("Raise the charge pool to 40", "ben", timedelta(minutes=50)),
)
ROLLOUT = Rollout(
    number=1,
    repository="acme/payments",
    environment="production",
    ref="v2.14.0",
    actor="ada",
    description="payments 2.14.0",
    commits=COMMITS,
)
MINUTES_AGO = {"queued": 6, "in_progress": 5, "success": 1, "failure": 1}


def told(state: str, began: datetime) -> dict[str, Any]:
    """Return what GitHub says when the deployment comes into a state."""
    at = began - timedelta(minutes=MINUTES_AGO[state])
    return github_deployment_status(ROLLOUT, state, RUN, began - timedelta(minutes=6), at)


async def test_a_deploy_is_one_line_on_each_side_edited_with_its_details_in_the_thread(running: Stage) -> None:
    began, seen = utc_now(), running.seen
    await running.github("push", github_push("acme/payments", COMMITS, RUN, began - timedelta(minutes=10)))
    lines = []
    for state in ("queued", "in_progress", "success"):
        answer = await running.github("deployment_status", told(state, began), f"d-{state}")
        await running.settled()
        lines.append([seen.texts(DEV), seen.texts(OPS)])
        assert 202 == answer.status_code

    assert [[1, 1]] * 3 == [[len(dev), len(ops)] for dev, ops in lines]
    assert 3 == len({tuple(dev) for dev, _ in lines}), "the line must say each state"
    [for_dev], [for_ops] = seen.replies(DEV), seen.replies(OPS)
    assert "Raise the charge pool to 40" in str(for_dev.blocks)
    assert "https://runbooks.example/payments" in str(for_ops.blocks)
    assert seen.texts(DEV) != seen.texts(OPS), "each side hears it in its own words"


@pytest.mark.parametrize("order", list(itertools.permutations(("queued", "in_progress", "success"))), ids=" ".join)
async def test_in_whatever_order_and_however_often_it_is_told_the_end_is_the_same(
    running: Stage, order: tuple[str, ...]
) -> None:
    began = utc_now()
    for state in order:
        await running.github("deployment_status", told(state, began), f"d-{state}")
    await running.settled()
    answers = [await running.github("deployment_status", told(state, began), f"d-{state}") for state in order]
    await running.settled()

    assert ["duplicate"] * 3 == [answer.json()["status"] for answer in answers]
    async with running.bot.database.reading() as store:
        [deploy] = await store.deploys.recent()
    assert ("succeeded", timedelta(minutes=4)) == (
        deploy.status,
        (deploy.finished_at or began) - (deploy.started_at or began),
    )
    for channel in (DEV, OPS):
        assert 1 == len(running.seen.messages(channel))
        assert 1 == len(running.seen.replies(channel))


async def test_all_states_at_the_same_moment_are_one_line(running: Stage) -> None:
    began = utc_now()
    await asyncio.gather(
        *(running.github("deployment_status", told(state, began)) for state in ("success", "queued", "in_progress"))
    )
    await running.settled()

    assert [1, 1] == [len(running.seen.messages(channel)) for channel in (DEV, OPS)]


async def test_a_failure_is_also_said_in_the_thread_so_that_it_notifies(running: Stage) -> None:
    began = utc_now()
    for state in ("in_progress", "failure"):
        await running.github("deployment_status", told(state, began))
    await running.settled()

    for channel in (DEV, OPS):
        assert 1 == len(running.seen.messages(channel))
        replies = running.seen.replies(channel)
        assert 2 == len(replies)
        assert any("failed" in reply.text.lower() for reply in replies)


async def test_the_two_lines_link_to_each_other(running: Stage) -> None:
    await running.github("deployment_status", told("success", utc_now()))
    await running.settled()

    for here, there in ((DEV, OPS), (OPS, DEV)):
        [card], [other] = running.seen.messages(here), running.seen.messages(there)
        assert f"/archives/{other.channel}/p{other.ts.replace('.', '')}" in str(card.blocks)
