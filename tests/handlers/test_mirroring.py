"""Two people talk across two channels: each reply is on both sides once, as its author left it, and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.database import Database
from bot.sandbox.config import ALL_SCOPES
from bot.sandbox.limits import SLACK_RATES
from bot.slack.conversation import Conversation
from handlers.acting import By
from handlers.errors import UserError
from handlers.heard import said_in
from handlers.mirroring import decide
from models.mirroring import Mirror
from tests.support.talk import DEV, OPS, Dying, Talk, bridged, talking

BOT = {"bot_id": "B777", "username": "matterbridge"}


@pytest.fixture
async def talk(database: Database) -> AsyncIterator[Talk]:
    async with talking(database) as running:
        await running.incident()
        yield running


def by(talk: Talk, name: str = "Ada") -> By:
    return By(name=name, request_id="r1", at=talk.clock(), user_id="U1", channel_id="C1")


async def test_formatting_links_and_code_stay_and_nobody_is_pinged_twice(talk: Talk) -> None:
    jun = talk.sandbox.workspace.user("jun").id
    await talk.write(
        "ada", DEV, f"*look*, <@{jun}> `df -h` <https://x.example/a?b=1|graph> <!here> <#C00000099|secret>"
    )
    await talk.write("mira", OPS, "```\n" + "x = 1\n" * 700 + "```")
    await talk.heard_and_said()

    [copy] = talk.copies(OPS)
    expected = "*look*, @\u2060jun `df -h` <https://x.example/a?b=1|graph> @\u2060here <#C00000099>"
    assert ("ada", expected) == (copy.username, copy.blocks[0]["text"]["text"])
    [code] = talk.copies(DEV)
    pieces = [b["text"]["text"] for b in code.blocks if b["type"] == "section"]
    assert 2 <= len(pieces)
    assert all(piece.startswith("```") and piece.endswith("```") for piece in pieces)


async def test_a_file_is_shared_again_and_not_uploaded_again(talk: Talk) -> None:
    await talk.share("ada", DEV, "graph.png", "see")
    await talk.heard_and_said()

    [copy] = talk.copies(OPS)
    [file] = talk.sandbox.workspace.files
    assert [file] == copy.files
    assert "graph.png" in str(copy.blocks)


async def test_a_file_of_a_private_channel_is_named_but_not_linked(database: Database) -> None:
    async with talking(database, bridged(mirror_private=True)) as talk:
        talk.sandbox.workspace.channel(DEV).is_private = True
        await talk.incident()
        await talk.share("ada", DEV, "salaries.png")
        await talk.heard_and_said()

        [copy] = talk.copies(OPS)
        assert ([], True) == (copy.files, "salaries.png (stays on the other side)" in str(copy.blocks))
        assert "slack.com/files" not in talk.everything(OPS)


async def test_reactions_are_shown_as_slack_has_them_however_late_it_tells(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "rolling back")
    await talk.heard_and_said()
    actor = talk.sandbox.actor
    await actor.add_reaction("ben", DEV, said.ts, "eyes")
    await actor.add_reaction("mira", DEV, said.ts, "eyes")
    [first, *others] = await talk.told()
    await talk.pass_on([first, *others])
    await talk.say()
    assert ":eyes: ben and mira" in str(talk.copies(OPS)[0].blocks)

    await actor.remove_reaction("ben", DEV, said.ts, "eyes")
    await talk.pass_on()
    await talk.pass_on([first])
    await talk.say()
    assert ":eyes: mira" in str(talk.copies(OPS)[0].blocks)
    assert "ben" not in str(talk.copies(OPS)[0].blocks)


async def test_an_emoji_on_a_copy_is_shown_on_the_reply_itself_as_the_bots_own(talk: Talk) -> None:
    said, bot, actor = await talk.write("ada", DEV, "rolling back"), talk.sandbox.workspace.bot_user, talk.sandbox.actor
    await talk.heard_and_said()
    [copy] = talk.copies(OPS)
    await actor.add_reaction("mira", OPS, copy.ts, "thumbsup")
    await actor.add_reaction("jun", OPS, copy.ts, "thumbsup")
    await actor.add_reaction("ben", DEV, said.ts, "eyes")
    events = await talk.told()
    await talk.pass_on(reversed(events))
    await talk.pass_on(events)
    await talk.heard_and_said()
    assert {"thumbsup": [bot], "eyes": [talk.sandbox.workspace.user("ben").id]} == reactions(talk, DEV, said.ts)
    [copy] = talk.copies(OPS)
    assert "thumbsup" not in str(copy.blocks), "the bot's own does not come back"
    assert ":eyes: ben" in str(copy.blocks)

    await actor.remove_reaction("mira", OPS, copy.ts, "thumbsup")
    await talk.heard_and_said()
    assert "thumbsup" in reactions(talk, DEV, said.ts)
    await actor.remove_reaction("jun", OPS, copy.ts, "thumbsup")
    await actor.add_reaction("jun", OPS, copy.ts, "pushpin")
    await talk.heard_and_said()
    assert ["eyes"] == list(reactions(talk, DEV, said.ts)), "📌 is a deed, and no answer"


async def test_of_two_emoji_at_once_the_slower_one_does_not_take_the_other_away(talk: Talk) -> None:
    said, actor, go_on = await talk.write("ada", DEV, "rolling back"), talk.sandbox.actor, asyncio.Event()
    await talk.heard_and_said()
    [copy] = talk.copies(OPS)

    async def wait(_seconds: float) -> None:
        await go_on.wait()

    assert isinstance(talk.ctx.conversation, Conversation)
    talk.ctx.conversation.sleep = wait
    await actor.add_reaction("mira", OPS, copy.ts, "thumbsup")
    fault = talk.sandbox.workspace.add_fault("ratelimited", "reactions.get", remaining=1)
    slow = asyncio.create_task(talk.pass_on())
    await talk.sandbox.workspace.until(lambda: fault not in talk.sandbox.workspace.faults)
    await actor.add_reaction("jun", OPS, copy.ts, "tada")
    fast = asyncio.create_task(talk.pass_on())
    await asyncio.wait([fast], timeout=0.5)
    go_on.set()
    await asyncio.gather(slow, fast)
    assert {"thumbsup", "tada"} == reactions(talk, DEV, said.ts).keys()


async def test_emoji_on_copies_that_came_and_went_while_the_bot_was_away_are_made_up_for(talk: Talk) -> None:
    one, two = await talk.write("ada", DEV, "one"), await talk.write("ada", DEV, "two")
    await talk.heard_and_said()
    [first, second] = talk.copies(OPS)
    await talk.sandbox.actor.add_reaction("mira", OPS, first.ts, "thumbsup")
    await talk.heard_and_said()
    await talk.missed.beat(talk.clock())

    await talk.sandbox.actor.remove_reaction("mira", OPS, first.ts, "thumbsup")
    await talk.sandbox.actor.add_reaction("mira", OPS, second.ts, "tada")
    await talk.told()
    await talk.come_back()
    assert ([], ["tada"]) == (list(reactions(talk, DEV, one.ts)), list(reactions(talk, DEV, two.ts)))


async def test_without_the_scope_everything_else_goes_on(database: Database) -> None:
    scopes = ALL_SCOPES - {"reactions:write"}
    async with talking(database, scopes=scopes) as talk:
        await talk.incident()
        said = await talk.write("ada", DEV, "rolling back")
        await talk.heard_and_said()
        await talk.sandbox.actor.add_reaction("mira", OPS, talk.copies(OPS)[0].ts, "thumbsup")
        await talk.heard_and_said()
        assert {} == reactions(talk, DEV, said.ts)
        await talk.write("mira", OPS, "good")
        await talk.heard_and_said()
        assert ["good"] == talk.words(DEV)


def reactions(talk: Talk, channel: str, ts: str) -> dict[str, list[str]]:
    """Return who has reacted to a message, by emoji."""
    message = talk.sandbox.workspace.message(channel, ts)
    assert message is not None
    return {emoji: list(who) for emoji, who in message.reactions.items() if who}


async def test_what_is_deleted_before_its_writing_is_told_is_never_shown(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "the password is 123")
    await talk.sandbox.actor.delete_message("ada", DEV, said.ts)
    await talk.pass_on(reversed(await talk.told()))
    await talk.say()

    assert "password" not in talk.everything(OPS)


async def test_what_is_kept_here_before_its_writing_is_told_is_never_shown(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "the password is 123")
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "// the password is 123")
    await talk.pass_on(reversed(await talk.told()))
    await talk.say()
    assert "password" not in talk.everything(OPS)

    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "it was changed")
    await talk.heard_and_said()
    assert ["it was changed"] == talk.words(OPS)


async def test_a_reply_that_its_author_keeps_later_disappears_on_the_other_side(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "hm")
    await talk.heard_and_said()
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "🔒 hm")
    await talk.heard_and_said()
    assert [] == talk.words(OPS)


async def test_an_older_edit_that_is_told_later_is_old_news(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "one")
    talk.clock.forward(1)
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "two")
    talk.clock.forward(1)
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "three")
    await talk.pass_on(reversed(await talk.told()))
    await talk.say()
    assert ["three"] == talk.words(OPS)


async def test_everything_told_four_times_is_said_once(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "once")
    await talk.write("mira", OPS, "and here")
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "once, edited")
    events = await talk.told()
    for _ in range(4):
        await talk.pass_on(events)
        await talk.say()
    # What the bot says itself is told to it as well, and goes nowhere.
    await talk.heard_and_said()
    assert (["once, edited"], ["and here"]) == (talk.words(OPS), talk.words(DEV))


@pytest.mark.parametrize(("expected", "bots"), [([], ()), (["from irc"], ("Matterbridge",)), (["from irc"], ("B777",))])
async def test_other_bots_are_carried_where_they_are_named(
    database: Database, expected: list[str], bots: tuple[str, ...]
) -> None:
    async with talking(database, bridged(mirror_bots=bots)) as talk:
        await talk.incident()
        await talk.write("ada", DEV, "from irc")
        events = [event | BOT for event in await talk.told()]
        await talk.pass_on(events)
        await talk.say()
        assert expected == talk.words(OPS)
        assert all(m.username == "matterbridge" for m in talk.copies(OPS))


async def test_the_bots_own_words_go_nowhere_even_where_bots_are_carried(database: Database) -> None:
    async with talking(database, bridged(mirror_bots=("twinspan", "ada", "B00000001"))) as talk:
        await talk.incident()
        await talk.write("ada", DEV, "hello")
        await talk.heard_and_said()
        own = talk.copies(OPS)[0]
        event = {"type": "message", "ts": own.ts, "thread_ts": own.thread_ts, "text": own.text, "bot_id": own.bot_id}
        channel = talk.sandbox.workspace.channel(OPS).id
        said = said_in(event, channel)
        assert said is not None
        await talk.missed.hear(said, talk.clock())
        await talk.come_back()
        assert ([], ["hello"]) == (talk.words(DEV), talk.words(OPS))


@pytest.mark.parametrize(
    ("incident", "change", "mirror"),
    [
        (["hello"], ["hello"], "always"),
        (["hello"], [], "incidents"),
        ([], [], "ask"),
        ([], [], "never"),
    ],
)
async def test_each_mode_carries_what_it_says(
    database: Database, incident: list[str], change: list[str], mirror: Mirror
) -> None:
    async with talking(database, bridged(mirror=mirror)) as talk:
        for subject in (await talk.incident(), await talk.change()):
            await talk.write("ada", DEV, "hello", subject)
            await talk.heard_and_said()
        assert (incident, change) == (talk.words(OPS, "incident:1"), talk.words(OPS, "change:1"))


async def test_any_thread_has_a_button_that_makes_it_one_conversation_from_now_on(database: Database) -> None:
    async with talking(database) as talk:
        change = await talk.change()
        await talk.write("ada", DEV, "before")
        await talk.write("ada", DEV, "also before")
        await talk.heard_and_said()
        [note] = [m for m in talk.thread(DEV) if m.bot_id]
        assert "Replies here stay here" in note.text
        assert "mirror_start" in str(note.blocks)

        await decide(talk.ctx, change, by(talk), is_on=True)
        early = talk.thread(DEV)[0]
        await talk.sandbox.actor.edit_message("ada", DEV, early.ts, "edited after")
        await talk.write("ada", DEV, "after")
        await talk.heard_and_said()
        await talk.come_back()
        assert ["after"] == talk.words(OPS)
        assert all("also appear" in talk.notes(channel)[0] for channel in (DEV, OPS))


async def test_where_the_configuration_says_never_nobody_can_begin(database: Database) -> None:
    async with talking(database, bridged(mirror="never")) as talk:
        incident = await talk.incident()
        with pytest.raises(UserError, match="never"):
            await decide(talk.ctx, incident, by(talk), is_on=True)


async def test_nothing_leaves_a_private_channel_by_any_way(database: Database) -> None:
    async with talking(database) as talk:
        talk.sandbox.workspace.channel(DEV).is_private = True
        await talk.incident()
        secret = "secret-4711"
        said = await talk.write("ada", DEV, secret)
        await talk.share("ada", DEV, f"{secret}.png", secret)
        await talk.sandbox.actor.edit_message("ada", DEV, said.ts, f"{secret} again")
        await talk.sandbox.actor.add_reaction("ben", DEV, said.ts, secret)
        events = await talk.told()
        await talk.pass_on(events)
        await talk.pass_on(reversed(events))
        await decide(talk.ctx, talk.subject, by(talk), is_on=True)
        await talk.write("ada", DEV, f"{secret} after the button")
        theirs = await talk.write("mira", OPS, "from the public side")
        await talk.heard_and_said()
        [copy] = talk.copies(DEV)
        await talk.sandbox.actor.add_reaction("ada", DEV, copy.ts, secret)
        await talk.heard_and_said()
        await talk.come_back()

        assert secret not in talk.everything(OPS)
        assert {} == reactions(talk, OPS, theirs.ts)
        assert ["from the public side"] == talk.words(DEV)
        assert "private" in talk.notes(DEV)[0]
        assert "which is private" in talk.notes(OPS)[0]


async def test_an_edit_after_a_channel_became_private_does_not_leave_it(talk: Talk) -> None:
    said = await talk.write("ada", DEV, "public words")
    await talk.heard_and_said()
    talk.sandbox.workspace.channel(DEV).is_private = True
    await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "secret-4711")
    await talk.heard_and_said()
    assert ("public words", False) == (talk.words(OPS)[0], "secret-4711" in talk.everything(OPS))

    await talk.sandbox.actor.delete_message("ada", DEV, said.ts)
    await talk.heard_and_said()
    assert [] == talk.words(OPS)


async def test_an_allowed_private_channel_is_said_to_be_one_in_both_threads(database: Database) -> None:
    async with talking(database, bridged(mirror_private=True)) as talk:
        talk.sandbox.workspace.channel(DEV).is_private = True
        await talk.incident()
        await talk.write("ada", DEV, "for both")
        await talk.heard_and_said()
        assert ["for both"] == talk.words(OPS)
        assert all("One of the two channels is private" in talk.notes(channel)[0] for channel in (DEV, OPS))


async def test_where_both_are_public_nobody_is_told_of_private_channels(database: Database) -> None:
    async with talking(database, bridged(mirror_private=True)) as talk:
        await talk.incident()
        await talk.write("ada", DEV, "for both")
        await talk.heard_and_said()
        assert not any("private" in note for channel in (DEV, OPS) for note in talk.notes(channel))


async def test_after_an_outage_what_was_missed_comes_in_order_before_what_follows(talk: Talk) -> None:
    await talk.missed.beat(talk.clock())
    first, second = await talk.write("ada", DEV, "one"), await talk.write("ada", DEV, "two")
    await talk.heard_and_said()
    talk.clock.forward(600)
    await talk.sandbox.actor.edit_message("ada", DEV, first.ts, "one, corrected")
    await talk.sandbox.actor.delete_message("ada", DEV, second.ts)
    await talk.sandbox.actor.add_reaction("ben", DEV, first.ts, "eyes")
    await talk.write("ada", DEV, "three")
    await talk.told()
    talk.clock.forward(600)

    talk.restart()
    await talk.missed.begin(talk.clock())
    await talk.write("ben", DEV, "four")
    await talk.heard_and_said()
    assert ["one, corrected", "three", "four"] == talk.words(OPS)
    [corrected, late, now] = talk.copies(OPS)
    assert ":eyes: ben" in str(corrected.blocks)
    assert ("written" in str(late.blocks), "written" in str(now.blocks)) == (True, False)

    before = len(_asked(talk))
    await talk.write("ben", DEV, "five")
    await talk.heard_and_said()
    assert before == len(_asked(talk))


async def test_after_an_outage_history_is_not_replayed(database: Database) -> None:
    async with talking(database, bridged(mirror="never")) as talk:
        await talk.incident()
        await talk.write("ada", DEV, "nobody carried this")
        await talk.heard_and_said()
        talk.clock.forward(600)
        await talk.missed.beat(talk.clock())
        talk.topology = bridged(mirror="always")
        await talk.come_back()
        assert [] == talk.words(OPS)


async def test_a_thread_that_only_began_in_the_outage_is_found(database: Database) -> None:
    async with talking(database, bridged(mirror="always")) as talk:
        change = await talk.change()
        await talk.missed.beat(talk.clock())
        talk.clock.forward(600)
        await talk.write("ada", DEV, "who raised this?", change)
        await talk.told()
        await talk.come_back()
        assert ["who raised this?"] == talk.words(OPS)


async def test_what_slack_tells_again_makes_the_bot_look_for_what_else_was_lost(talk: Talk) -> None:
    await talk.write("ada", DEV, "one")
    await talk.heard_and_said()
    await talk.write("ada", DEV, "lost for good")
    await talk.told()
    await talk.write("ada", DEV, "told again")
    assert talk.missed.suspect(talk.clock())
    assert not talk.missed.suspect(talk.clock() + timedelta(minutes=1))
    await talk.heard_and_said()
    assert ["one", "lost for good", "told again"] == talk.words(OPS)


@pytest.mark.parametrize("deed", ["write", "edit", "delete", "file"])
async def test_a_crash_in_the_middle_of_each_deed_neither_loses_nor_repeats_it(talk: Talk, deed: str) -> None:
    await talk.missed.beat(talk.clock())
    said = await talk.write("ada", DEV, "one")
    if deed in ("edit", "delete"):
        await talk.heard_and_said()
    if deed == "edit":
        await talk.sandbox.actor.edit_message("ada", DEV, said.ts, "one, edited")
    if deed == "delete":
        await talk.sandbox.actor.delete_message("ada", DEV, said.ts)
    if deed == "file":
        await talk.share("ada", DEV, "graph.png", "see")
    events = await talk.told()
    with Dying(talk):
        await talk.pass_on(events)
    # The process that comes next posts, and dies before it can record that.
    talk.restart()
    await talk.pass_on(events)
    method = {"edit": "chat.update", "delete": "chat.delete"}.get(deed, "chat.postMessage")
    talk.sandbox.workspace.add_fault("cut_after", method, OPS, remaining=1)
    await talk.say()
    await talk.come_back()
    await talk.pass_on(events)
    await talk.say()
    expected = {"write": ["one"], "edit": ["one, edited"], "delete": [], "file": ["one", "see"]}[deed]
    assert expected == talk.words(OPS)


async def test_a_thousand_replies_in_ten_threads_at_slacks_rates_keep_their_order(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with talking(database, rates=SLACK_RATES) as talk:
        subjects = [await talk.incident(f"Disk {number} full") for number in range(10)]
        for number in range(100):
            for subject in subjects:
                await talk.write("ada", DEV, str(number), subject)
        await talk.pass_on()
        await talk.say(within=300, look=0.1)
        for subject in subjects:
            assert [str(number) for number in range(100)] == talk.words(OPS, subject)
        # About one message a second, as Slack wants it.
        assert talk.slept >= 1000
    await database.close()


def _asked(talk: Talk) -> list[str]:
    return [call.method for call in talk.sandbox.workspace.calls if call.method == "conversations.replies"]
