"""Live updates over real HTTP: what changes is sent once, drawn for the one who looks."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.bot.sandbox_page.conftest import Stage

Event = tuple[str, dict[str, Any]]


async def events(stage: Stage, query: str = "") -> AsyncIterator[Event]:
    """What a browser's EventSource would report."""
    async with asyncio.timeout(10), stage.http.stream("GET", f"/page/stream?{query}") as answer:
        assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


async def opening(stream: AsyncIterator[Event]) -> dict[str, Event]:
    """What a tab is told at once: two lists and four parts."""
    return {event[1]["id"]: event async for event in _take(stream, 6)}


async def _take(stream: AsyncIterator[Event], number: int) -> AsyncIterator[Event]:
    for _ in range(number):
        yield await anext(stream)


async def test_a_tab_is_told_everything_once_and_then_what_is_new(stage: Stage) -> None:
    stream = events(stage)
    assert {"left", "right", "modal", "status", "fault-list", "rail"} == set(await opening(stream))
    await stage.slack.chat_postMessage(channel="payments-ops", text="*Deployed*")
    name, data = await anext(stream)
    assert ("list", "right", 1) == (name, data["id"], len(data["order"]))
    assert "<b>Deployed</b>" in data["html"][data["order"][0]]


async def test_an_edit_sends_that_message_alone_and_a_deletion_only_the_order(stage: Stage) -> None:
    first = await stage.slack.chat_postMessage(channel="payments-dev", text="queued")
    second = await stage.slack.chat_postMessage(channel="payments-dev", text="other")
    stream = events(stage)
    await opening(stream)
    await stage.slack.chat_update(channel=first["channel"], ts=first["ts"], text="running")
    _, data = await anext(stream)
    assert [f"left-{first['ts']}"] == list(data["html"])
    await stage.slack.chat_delete(channel=second["channel"], ts=second["ts"])
    _, data = await anext(stream)
    assert ({}, [f"left-{first['ts']}"]) == (data["html"], data["order"])


async def test_a_reply_changes_the_count_on_its_parent(stage: Stage) -> None:
    parent = await stage.slack.chat_postMessage(channel="payments-dev", text="Deployed")
    stream = events(stage)
    await opening(stream)
    await stage.slack.chat_postMessage(channel="payments-dev", text="details", thread_ts=parent["ts"])
    _, data = await anext(stream)
    assert "1 reply" in " ".join(data["html"][f"left-{parent['ts']}"].split())


async def test_an_ephemeral_message_and_a_modal_reach_only_the_one_they_are_for(stage: Stage) -> None:
    ada, ben = events(stage), events(stage, "as=ben")
    await opening(ada)
    await opening(ben)
    await stage.post("say", channel="payments-dev", text="/deploys")
    await stage.post("say", channel="payments-dev", text="/change")
    _, shown = await anext(ada)
    assert "Heard /deploys" in str(shown["html"])
    name, modal = await anext(ada)
    assert ("part", "modal") == (name, modal["id"])
    await stage.post("say", user="ben", channel="payments-dev", text="hello")
    _, seen = await anext(ben)
    assert 1 == len(seen["order"])


async def test_a_burst_is_told_in_few_events(stage: Stage) -> None:
    stream = events(stage)
    await opening(stream)
    await asyncio.gather(*(stage.slack.chat_postMessage(channel="payments-dev", text=str(n)) for n in range(20)))
    told, shown = 0, 0
    while shown < 20:
        _, data = await anext(stream)
        told, shown = told + 1, len(data["order"])
    assert told <= 5


async def test_the_stream_ends_when_the_sandbox_stops(stage: Stage) -> None:
    stream = events(stage)
    await opening(stream)
    stage.sandbox.workspace.close()
    assert [] == [event async for event in stream]
