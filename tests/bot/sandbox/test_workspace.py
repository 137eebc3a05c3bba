"""The workspace as its readers see it: who sees what, who is told when."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.sandbox.config import Person, Room, SandboxConfig
from bot.sandbox.seed import seeded
from bot.sandbox.workspace import Message, Workspace


@pytest.fixture
def workspace() -> Workspace:
    return seeded(SandboxConfig(clock=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC)))


def say(workspace: Workspace, text: str, channel: str = "payments-dev", **more: str | None) -> Message:
    id, author = workspace.channel(channel).id, workspace.user("ada").id
    ephemeral_to, thread_ts = more.get("ephemeral_to"), more.get("thread_ts")
    return workspace.put_message(
        Message(
            channel=id, ts=workspace.new_ts(), user=author, text=text, ephemeral_to=ephemeral_to, thread_ts=thread_ts
        )
    )


def test_names_and_ids_lead_to_the_same_things(workspace: Workspace) -> None:
    channel, mira = workspace.channel("#payments-dev"), workspace.user("@Mira")
    assert (channel, mira) == (workspace.channel(channel.id), workspace.user(mira.id))
    with pytest.raises(KeyError, match="no channel"):
        workspace.channel("nowhere")
    with pytest.raises(KeyError, match="no user"):
        workspace.user("nobody")


def test_the_seed_is_what_was_configured() -> None:
    rooms = (Room(name="one", members=("eve",), private=True), Room(name="two", members=(), bot=False))
    clock = lambda: datetime(2026, 1, 1, tzinfo=UTC)  # noqa: E731
    made = seeded(SandboxConfig(clock=clock, people=(Person(name="eve", real_name="Eve"),), rooms=rooms, groups=()))
    assert [made.user("eve").id, made.bot_user] == made.channel("one").members
    assert made.channel("one").is_private
    assert [] == made.channel("two").members


async def test_a_subscriber_hears_of_every_change_until_it_closes(workspace: Workspace) -> None:
    async with workspace.subscribe() as notices:
        said = say(workspace, "hello")
        say(workspace, "psst", ephemeral_to=workspace.user("ben").id)
        workspace.add_fault("down")
        heard = [await anext(notices) for _ in range(3)]
    assert ["message", "ephemeral", "fault"] == [notice["kind"] for notice in heard]
    assert (said.channel, said.ts) == (heard[0]["channel"], heard[0]["ts"])
    say(workspace, "unheard")
    assert [] == [notice async for notice in notices]


async def test_closing_the_workspace_ends_those_who_wait(workspace: Workspace) -> None:
    async def listen() -> int:
        return len([notice async for notice in workspace.subscribe()])

    waiting = asyncio.create_task(listen())
    await asyncio.sleep(0)
    workspace.close()
    assert 0 == await waiting


async def test_until_gives_up_in_the_end(workspace: Workspace) -> None:
    with pytest.raises(TimeoutError):
        await workspace.until(lambda: False, within=0.01)


def test_each_person_sees_what_is_theirs(workspace: Workspace) -> None:
    parent = say(workspace, "parent")
    say(workspace, "reply", thread_ts=parent.ts)
    say(workspace, "psst", ephemeral_to=workspace.user("ben").id)
    assert ["parent"] == [message.text for message in workspace.timeline("payments-dev", "ada")]
    assert ["parent", "psst"] == [message.text for message in workspace.timeline("payments-dev", "ben")]
    assert ["parent", "reply"] == [message.text for message in workspace.thread("payments-dev", parent.ts, "ben")]
    assert None is workspace.message("payments-dev", "1.2")
