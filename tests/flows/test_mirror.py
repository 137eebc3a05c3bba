"""Two people talk across two channels: each reply is on both sides once, in order, as its author left it."""

import random
from dataclasses import replace

import pytest

from bot.clock import utc_now
from bot.sandbox.state import Message
from bot.settings import Settings
from handlers.mirroring import catch_up
from tests.support.stage import DEV, OPS, Stage, stage, until


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


@pytest.mark.parametrize("words", ["// only for us", "🔒 only for us"])
async def test_a_reply_can_be_kept_on_its_side(talking: Stage, words: str) -> None:
    kept = await write(talking, "ada", DEV, words)
    await write(talking, "ada", DEV, "for all")
    [copy] = await carried(talking, OPS, 1)
    assert "for all" in copy.text
    await talking.sandbox.actor.edit_message("ada", DEV, kept.ts, "now for all too")
    await carried(talking, OPS, 2)


async def test_what_slack_tells_again_is_said_once(talking: Stage) -> None:
    await write(talking, "ada", DEV, "once")
    await carried(talking, OPS, 1)
    courier = talking.sandbox.actor.courier
    told = [d for d in talking.sandbox.workspace.deliveries if d.kind == "event"]
    for delivery in told:
        for number in (1, 2, 3):
            await courier.ask("event", delivery.payload, {"number": number, "reason": "http_timeout"})
    await talking.bot.tasks.finish()
    assert len(await carried(talking, OPS, 1)) == 1


async def test_of_a_thread_outside_nothing_is_carried(talking: Stage) -> None:
    outcome = await talking.sandbox.actor.post_message("ada", DEV, "lunch?")
    assert outcome.message is not None
    await talking.sandbox.actor.post_message("ben", DEV, "yes", outcome.message.ts)
    await talking.sandbox.idle()
    await talking.bot.tasks.finish()
    await talking.settled()
    assert "lunch" not in str(talking.seen.shown(OPS))


async def test_after_an_outage_what_was_missed_is_placed_in_order(talking: Stage) -> None:
    first, second = await write(talking, "ada", DEV, "one"), await write(talking, "ada", DEV, "two")
    await carried(talking, OPS, 2)
    door = talking.sandbox.bot
    url, door.url = door.url, None
    actor = talking.sandbox.actor
    await write(talking, "ada", DEV, "three")
    await actor.edit_message("ada", DEV, first.ts, "one, corrected")
    await actor.delete_message("ada", DEV, second.ts)
    await write(talking, "ben", DEV, "four")
    door.url = url
    for _ in range(2):
        await catch_up(talking.bot.ctx, utc_now())
    await carried(talking, OPS, 3)
    assert [m.text for m in copies(talking, OPS)] == ["one, corrected", "three", "four"]


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


@pytest.mark.parametrize(("allowed", "count"), [(False, 0), (True, 1)])
async def test_a_private_channels_words_stay_there_unless_an_admin_allowed_it(
    database_url: str, allowed: bool, count: int
) -> None:
    def change(settings: Settings) -> Settings:
        bridges = tuple(replace(b, mirror_private=allowed) for b in settings.topology.bridges)
        return replace(settings, topology=replace(settings.topology, bridges=bridges))

    async with stage(database_url, change) as running:
        running.sandbox.workspace.channel(DEV).is_private = True
        await incident(running)
        await write(running, "ada", DEV, "a secret")
        await running.sandbox.idle()
        await running.bot.tasks.finish()
        await carried(running, OPS, count)
        said = str([m.text + str(m.blocks) for m in running.sandbox.workspace.channel(OPS).messages.values()])
        assert ("a secret" in said) is allowed
        told = "One of the two channels is private" if allowed else "This channel is private"
        await until(lambda: _has(notes(running, DEV), told))


async def test_a_bridge_that_asks_carries_nothing_until_somebody_says_yes(database_url: str) -> None:
    def change(settings: Settings) -> Settings:
        bridges = tuple(replace(b, mirror="ask") for b in settings.topology.bridges)
        return replace(settings, topology=replace(settings.topology, bridges=bridges))

    async with stage(database_url, change) as running:
        await incident(running)
        for words in ("one", "two"):
            await write(running, "ada", DEV, words)
        await until(lambda: _has(notes(running, DEV), "Shall replies"))
        question = [m for m in thread(running, DEV) if "Shall replies" in m.text]
        assert len(question) == 1
        await running.sandbox.actor.click("ada", "mirror_start", channel=DEV, ts=question[0].ts)
        await until(lambda: _has(notes(running, OPS), "also appear"))
        await write(running, "ada", DEV, "three")
        assert [m.text for m in await carried(running, OPS, 1)] == ["three"]


@pytest.mark.parametrize("seed", range(4))
async def test_any_interleaving_leaves_both_sides_equal(talking: Stage, seed: int) -> None:
    chance = random.Random(seed)
    actor, door, url = talking.sandbox.actor, talking.sandbox.bot, talking.sandbox.bot.url
    standing: list[tuple[str, Message]] = []
    for number in range(25):
        door.url = None if chance.random() < 0.25 else url
        deed = chance.choice(("write", "write", "write", "edit", "delete", "again"))
        if deed == "write" or not standing:
            user = chance.choice(("ada", "ben"))
            standing.append((user, await write(talking, user, DEV, f"line {number}")))
        elif deed == "again":
            events = [d for d in talking.sandbox.workspace.deliveries if d.kind == "event"]
            await actor.courier.ask("event", chance.choice(events).payload) if events else None
        else:
            user, message = standing[chance.randrange(len(standing))]
            if deed == "edit":
                await actor.edit_message(user, DEV, message.ts, f"line {number}, edited")
            else:
                await actor.delete_message(user, DEV, message.ts)
                standing = [(u, m) for u, m in standing if m.ts != message.ts]
    door.url = url
    await talking.sandbox.idle() if not talking.sandbox.actor.courier._underway else None
    await talking.bot.tasks.finish()
    await catch_up(talking.bot.ctx, utc_now())
    theirs = [m.text for m in thread(talking, DEV) if not m.bot_id]
    copied = await carried(talking, OPS, len(theirs))
    assert sorted(m.text for m in copied) == sorted(theirs)


async def test_many_replies_in_ten_threads_keep_their_order(running: Stage) -> None:
    titles = [f"Disk full {number}" for number in range(1, 11)]
    for number in range(1, 11):
        await incident(running, number)
    for number in range(20):
        for title in titles:
            await write(running, "ada", DEV, f"{number}", title)

    async def all_there() -> bool:
        return all(len(copies(running, OPS, title)) == 20 for title in titles)

    await until(all_there, 60)
    for title in titles:
        assert [m.text for m in copies(running, OPS, title)] == [str(n) for n in range(20)]
