"""📌 and the shortcut put messages on an incident's timeline; edits and deletions are followed. The app's home."""

import hashlib
from collections.abc import Sequence

import pytest

from bot.sandbox.state import File, Message
from models.records import TimelineEntry
from tests.flows.test_mirror import card, carried, incident, write
from tests.support.stage import DEV, OPS, Stage, until


@pytest.fixture
async def talking(running: Stage) -> Stage:
    await incident(running)
    return running


async def marked(running: Stage) -> Sequence[TimelineEntry]:
    async with running.bot.database.reading() as store:
        return [entry for entry in await store.incidents.timeline(1) if entry.message]


async def reaches(running: Stage, expected: list[tuple[str | None, bool]]) -> None:
    """Wait until the timeline holds these marked messages: their words, and whether they were taken back."""

    async def seen() -> bool:
        return expected == [(entry.text, entry.removed_at is not None) for entry in await marked(running)]

    await until(seen)


async def test_a_pin_puts_a_reply_on_the_timeline_with_its_own_time_author_and_link(talking: Stage) -> None:
    said = await write(talking, "ada", DEV, "disk is at 99 %")
    await carried(talking, OPS, 1)
    actor = talking.sandbox.actor
    for user in ("mira", "ben"):
        await actor.add_reaction(user, DEV, said.ts, "pushpin")
    await reaches(talking, [("disk is at 99 %", False)])
    [entry] = await marked(talking)
    assert (entry.actor, f"{entry.at.timestamp():.6f}") == ("ada", said.ts)
    assert said.ts.replace(".", "") in (entry.permalink or "")

    await actor.edit_message("ada", DEV, said.ts, "disk is at 98 %")
    await reaches(talking, [("disk is at 98 %", False)])
    await actor.remove_reaction("ben", DEV, said.ts, "pushpin")
    await talking.sandbox.idle()
    await talking.bot.tasks.finish()
    await reaches(talking, [("disk is at 98 %", False)])
    await actor.remove_reaction("mira", DEV, said.ts, "pushpin")
    await reaches(talking, [("disk is at 98 %", True)])
    await actor.add_reaction("mira", DEV, said.ts, "pushpin")
    await reaches(talking, [("disk is at 98 %", False)])
    await actor.delete_message("ada", DEV, said.ts)
    await reaches(talking, [("disk is at 98 %", True)])


async def test_a_message_outside_the_thread_goes_to_the_only_open_incident_and_both_sides_hear_it(
    talking: Stage,
) -> None:
    outcome = await talking.sandbox.actor.post_message("jun", OPS, "db-1 restarted by itself")
    assert outcome.message is not None
    await talking.sandbox.actor.run_shortcut("mira", "add_to_timeline", OPS, outcome.message.ts)
    await reaches(talking, [("db-1 restarted by itself", False)])

    async def told() -> bool:
        return all(any("db-1 restarted" in m.text for m in talking.seen.replies(c)) for c in (DEV,))

    await until(told)


async def test_a_picture_is_kept_as_evidence_and_comes_with_the_export_whatever_becomes_of_it_in_slack(
    talking: Stage,
) -> None:
    workspace, content = talking.sandbox.workspace, b"\x89PNG\r\n\x1a\n a graph"
    mira = workspace.user("mira").id
    shot = File(id="F0SHOT", name="graph.png", title="graph", length=len(content), user=mira, mimetype="image/png",
    content=content, complete=True)  # fmt: skip
    workspace.files[shot.id] = shot
    message = Message(
        channel=workspace.channel(OPS).id, ts=workspace.new_ts(), user=mira, text="look", subtype="file_share",
        files=[shot.id],
    )  # fmt: skip
    talking.sandbox.actor.feed.post(message)
    await talking.sandbox.actor.run_shortcut("jun", "add_to_timeline", OPS, message.ts)
    await reaches(talking, [("look", False)])
    await talking.bot.tasks.finish()
    shot.content = None
    await talking.sandbox.actor.delete_message("mira", OPS, message.ts)
    await talking.sandbox.actor.send_slash_command("jun", OPS, "/incident export INC-1")
    await talking.bot.tasks.finish()
    document, picture = (file for file in workspace.files.values() if file is not shot)
    assert content == picture.content
    told = (document.content or b"").decode()
    assert f"![graph.png]({picture.name})" in told
    assert hashlib.sha256(content).hexdigest() in told


async def test_with_several_open_the_shortcut_asks_which_and_the_emoji_stays_silent(talking: Stage) -> None:
    await incident(talking, 2)
    outcome = await talking.sandbox.actor.post_message("jun", OPS, "what is this?")
    assert outcome.message is not None
    await talking.sandbox.actor.add_reaction("jun", OPS, outcome.message.ts, "pushpin")
    await talking.sandbox.actor.run_shortcut("mira", "add_to_timeline", OPS, outcome.message.ts)

    async def asked() -> bool:
        texts = [m.text for m in talking.sandbox.workspace.timeline(OPS, "mira") if m.ephemeral_to]
        return any("Several incidents are open" in text for text in texts)

    await until(asked)
    assert not await marked(talking)


async def test_the_home_shows_what_waits_for_a_person_and_its_buttons_work_there(talking: Stage) -> None:
    actor, workspace = talking.sandbox.actor, talking.sandbox.workspace
    await actor.open_home("ada")
    await until(lambda: _shows(talking, "ada", "Nothing."))
    await actor.send_slash_command("ada", DEV, "/incident assign INC-1 lead @ada")
    await actor.send_slash_command("ada", DEV, "/incident action INC-1 @ada by tomorrow grow the disk")
    await actor.send_slash_command("ada", DEV, "/freeze payments for 2h the disk is full")
    await talking.bot.tasks.finish()
    await actor.open_home("ada")
    for words in ("*lead* of", "grow the disk", "you froze *payments*", "payments-ops"):
        await until(lambda words=words: _shows(talking, "ada", words))  # type: ignore[misc]
    home = workspace.home("ada")
    assert home is not None
    await actor.click("ada", "incident_acknowledge", view_id=home.id)
    await until(lambda: _shows(talking, "ada", "acknowledged"))
    await until(lambda: _card_says(talking, "acknowledged"))
    home = workspace.home("ada")
    assert home is not None
    await actor.click("ada", "action_item_done", view_id=home.id)
    await until(lambda: _shows(talking, "ada", "A1 is done"))
    assert "grow the disk*" not in str(home.payload)


async def _shows(running: Stage, user: str, words: str) -> bool:
    home = running.sandbox.workspace.home(user)
    return home is not None and words in str(home.payload)


async def _card_says(running: Stage, words: str) -> bool:
    shown = card(running, OPS)
    return words in shown.text or words in str(shown.blocks)
