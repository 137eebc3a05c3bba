"""Two people talk across two channels: each reply is on both sides once, in order, as its author left it."""

import pytest

from bot.clock import utc_now
from bot.sandbox.state import Message
from handlers.mirror_catch_up import Missed
from tests.support.stage import DEV, OPS, Stage, until


@pytest.fixture
async def talking(running: Stage) -> Stage:
    await incident(running)
    return running


async def incident(running: Stage, number: int = 1) -> None:
    at = utc_now().isoformat()
    told = {"incident_id": f"disk-{number}", "title": f"Disk full {number}", "severity": "sev3", "status": "triggered"}
    event = {
        "id": f"e{number}",
        "source": "test",
        "type": "incident",
        "occurred_at": at,
        "service": "payments",
        "incident": told,
    }
    assert (await running.events(event)).status_code == 202
    await running.settled()


def card(running: Stage, channel: str, title: str = "Disk full 1") -> Message:
    return next(m for m in running.seen.messages(channel) if title in m.text)


async def write(running: Stage, user: str, channel: str, text: str, title: str = "Disk full 1") -> Message:
    outcome = await running.sandbox.actor.post_message(user, channel, text, card(running, channel, title).ts)
    assert outcome.message is not None
    return outcome.message


def thread(running: Stage, channel: str, title: str = "Disk full 1") -> list[Message]:
    return running.sandbox.workspace.thread(channel, card(running, channel, title).ts)[1:]


def copies(running: Stage, channel: str, title: str = "Disk full 1") -> list[Message]:
    """Return the replies that were carried over to a channel."""
    return [m for m in thread(running, channel, title) if m.username]


def notes(running: Stage, channel: str) -> list[str]:
    return [m.text for m in thread(running, channel) if m.bot_id and not m.username]


async def carried(running: Stage, channel: str, count: int, within: float = 15) -> list[Message]:
    async def seen() -> bool:
        return len(copies(running, channel)) == count and await running.is_settled()

    await until(seen, within)
    return copies(running, channel)


async def restarted(running: Stage) -> None:
    """Do what a process does of conversations when it starts."""
    missed = Missed(running.bot.ctx)
    await missed.begin(utc_now())
    await missed.look(utc_now())


async def test_a_reply_is_seen_on_the_other_side_under_its_authors_name(talking: Stage) -> None:
    jun = talking.sandbox.workspace.user("jun").id
    await write(talking, "ada", DEV, f"*looking*, <@{jun}> see `df -h` <https://x.example/a?b=1|graph> <!here>")
    [copy] = await carried(talking, OPS, 1)
    assert copy.username == "ada"
    assert (
        "*looking*, @\u2060jun see `df -h` <https://x.example/a?b=1|graph> @\u2060here"
        == copy.blocks[0]["text"]["text"]
    )
    await write(talking, "mira", OPS, "ops here")
    [back] = await carried(talking, DEV, 1)
    assert (back.username, "ops here" in back.text) == ("mira", True)
    for channel in (DEV, OPS):
        assert len([n for n in notes(talking, channel) if "also appear in" in n]) == 1


async def test_edits_deletions_and_reactions_follow(talking: Stage) -> None:
    said = await write(talking, "ada", DEV, "it is the disc")
    await carried(talking, OPS, 1)
    actor = talking.sandbox.actor
    await actor.edit_message("ada", DEV, said.ts, "it is the disk")
    await actor.add_reaction("ben", DEV, said.ts, "eyes")

    async def followed() -> bool:
        shown = str(copies(talking, OPS)[0].blocks)
        return "it is the disk" in shown and "(edited)" in shown and ":eyes: ben" in shown

    await until(followed)
    await actor.remove_reaction("ben", DEV, said.ts, "eyes")
    await actor.delete_message("ada", DEV, said.ts)
    await carried(talking, OPS, 0)


async def test_of_a_thread_outside_nothing_is_carried(talking: Stage) -> None:
    outcome = await talking.sandbox.actor.post_message("ada", DEV, "lunch?")
    assert outcome.message is not None
    await talking.sandbox.actor.post_message("ben", DEV, "yes", outcome.message.ts)
    await talking.sandbox.idle()
    await talking.bot.tasks.finish()
    await talking.settled()
    assert "lunch" not in str(talking.seen.shown(OPS))


async def test_a_person_keeps_a_thread_apart_and_joins_it_again(talking: Stage) -> None:
    await write(talking, "ada", DEV, "one")
    await carried(talking, OPS, 1)
    note = next(m for m in thread(talking, DEV) if "also appear" in m.text)
    await talking.sandbox.actor.click("ada", "mirror_stop", channel=DEV, ts=note.ts)

    async def apart() -> bool:
        return any("stay here" in n for n in notes(talking, DEV)) and any("stay here" in n for n in notes(talking, OPS))

    await until(apart)
    await write(talking, "ada", DEV, "two")
    await talking.sandbox.idle()
    await talking.bot.tasks.finish()
    note = next(m for m in thread(talking, OPS) if "stay here" in m.text)
    await talking.sandbox.actor.click("mira", "mirror_start", channel=OPS, ts=note.ts)
    await until(lambda: _has(notes(talking, OPS), "also appear"))
    await write(talking, "ada", DEV, "three")
    assert [m.text for m in await carried(talking, OPS, 2)] == ["one", "three"]


async def _has(lines: list[str], words: str) -> bool:
    return any(words in line for line in lines)
