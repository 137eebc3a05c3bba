"""People link channels from Slack: stored with who and when, at once, in every process, and by id."""

from collections.abc import AsyncIterator

import pytest

from bot.database import Database
from handlers.commands.bridge import COMMAND
from handlers.context import Context
from handlers.errors import UserError
from handlers.links import load_links
from handlers.views import Message
from tests.support.talk import Talk, talking
from tests.support.world import typed

SEARCH, SEARCH_OPS = "checkout-dev", "platform-ops"


@pytest.fixture
async def talk(database: Database) -> AsyncIterator[Talk]:
    async with talking(database) as running:
        # The bridge of the configuration has spoken: its channels are known by their ids.
        await running.incident()
        yield running


def invited(talk: Talk, channel: str) -> None:
    talk.sandbox.workspace.channel(channel).members.append(talk.sandbox.workspace.bot_user)


async def bridge(talk: Talk, words: str, ctx: Context | None = None) -> Message:
    reply = await COMMAND.run(ctx or talk.ctx, typed(words, talk.clock(), by="Mira"))
    assert reply.message is not None
    return reply.message


async def linked(talk: Talk, options: str = "") -> Message:
    invited(talk, SEARCH_OPS)
    return await bridge(talk, f"link #{SEARCH} #{SEARCH_OPS}{options}")


async def test_a_link_works_at_once_and_both_channels_hear_of_it(talk: Talk) -> None:
    assert "are linked" in (await linked(talk, " for checkout mirror always")).text
    await talk.change("pool to 40")
    await talk.say()
    texts = {c: [m.text for m in talk.sandbox.workspace.timeline(c)] for c in (SEARCH, SEARCH_OPS)}
    assert all("This channel is linked" in texts[c][0] and "Mira" in texts[c][0] for c in texts)
    # Only what it was linked for.
    assert 1 == len(texts[SEARCH])
    made = talk.ctx.topology.bridge_named(SEARCH)
    assert made is not None
    assert (("checkout",), "always") == (made.services, made.mirror)

    status = await bridge(talk, "status")
    assert "linked by Mira" in str(status.blocks)


async def test_without_services_a_link_is_for_all_of_them(talk: Talk) -> None:
    await linked(talk)
    await talk.change("pool to 40")
    assert 2 == len(talk.sandbox.workspace.timeline(SEARCH_OPS))


async def test_another_process_takes_a_link_over_and_lets_it_go(talk: Talk) -> None:
    first = talk.ctx
    talk.restart()
    await linked(talk)
    assert first.topology.bridge_named(SEARCH) is None
    await load_links(first)
    assert first.topology.bridge_named(SEARCH) is not None

    await bridge(talk, f"unlink #{SEARCH_OPS}")
    await load_links(first)
    assert first.topology.bridge_named(SEARCH) is None


async def test_an_ended_link_says_nothing_more_and_is_kept_on_record(talk: Talk) -> None:
    await linked(talk)
    await talk.say()
    assert "not linked any more" in (await bridge(talk, f"unlink #{SEARCH}")).text
    await talk.change("pool to 40")
    [card] = talk.sandbox.workspace.timeline(SEARCH_OPS)
    assert "ended by Mira" in card.text
    async with talk.database.reading() as store:
        kept = await store.links.get(1)
    assert kept is not None
    assert ("Mira", "Mira", talk.clock().date()) == (kept.linked_by, kept.unlinked_by, kept.linked_at.date())
    # It can be made again.
    assert "are linked" in (await bridge(talk, f"link #{SEARCH} #{SEARCH_OPS}")).text


async def test_where_the_bot_is_not_invited_it_leads_there_and_then_links(talk: Talk) -> None:
    words = f"link #{SEARCH} #{SEARCH_OPS} for checkout"
    told = await bridge(talk, words)
    room = talk.sandbox.workspace.channel(SEARCH_OPS)
    assert f"in <#{room.id}>: `/invite @twinspan`" in told.text
    [button] = told.blocks[1]["elements"]
    assert "bridge_link" == button["action_id"]
    async with talk.database.reading() as store:
        assert [] == await store.links.standing()

    invited(talk, SEARCH_OPS)
    assert "are linked" in (await bridge(talk, f"link {button['value']}")).text


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("cannot be linked with itself", f"link #{SEARCH} {SEARCH}"),
        (r"#payments-dev is already linked with #payments-ops", f"link payments-dev #{SEARCH}"),
        ("the configuration says so", f"link #{SEARCH} #payments-ops"),
        ("Did you mean #checkout-dev", "link #chekout-dev #twinspan-admin"),
        ("A private channel I only see", "link #chekout-dev #twinspan-admin"),
        ("Say it as", "link"),
        ("Say it as", f"link #{SEARCH}"),
        ("I know no service", f"link #{SEARCH} #twinspan-admin for paymens"),
        ("Did you mean always", f"link #{SEARCH} #twinspan-admin mirror alwys"),
        ("is archived", f"link #{SEARCH} #attic"),
        ("The configuration links #payments-dev", "unlink #payments-dev"),
        ("is not linked", f"unlink #{SEARCH}"),
        ("Say it as", "unlink"),
    ],
)
async def test_what_cannot_be_linked_is_said_and_what_to_do(talk: Talk, complaint: str, words: str) -> None:
    attic = talk.sandbox.workspace.channel("twinspan-admin")
    if "attic" in words:
        attic.name, attic.is_archived = "attic", True
    with pytest.raises(UserError, match=complaint):
        await bridge(talk, words)


async def test_a_channel_is_linked_once_even_by_two_processes(talk: Talk) -> None:
    other = talk.ctx
    talk.restart()
    await linked(talk)
    with pytest.raises(UserError, match=f"#{SEARCH_OPS} is already linked with #{SEARCH}.*`/bridge unlink"):
        await bridge(talk, f"link #twinspan-admin #{SEARCH_OPS}", other)


@pytest.mark.parametrize("channel", [SEARCH, "payments-dev"])
async def test_a_renamed_channel_keeps_working(talk: Talk, channel: str) -> None:
    await linked(talk)
    await talk.say()
    room = talk.sandbox.workspace.channel(channel)
    before = len(talk.sandbox.workspace.timeline(room.id))
    room.name = "renamed"
    talk.restart()
    await load_links(talk.ctx)
    await talk.change("pool to 40")
    assert before + 1 == len(talk.sandbox.workspace.timeline(room.id))
    # What it is linked with is known by its id too.
    with pytest.raises(UserError, match="#renamed is already linked"):
        await bridge(talk, "link #renamed #twinspan-admin")


async def test_people_talk_across_a_link(talk: Talk) -> None:
    await linked(talk, " mirror always")
    change = await talk.change("pool to 40")
    await talk.write("ada", SEARCH, "why?", change)
    await talk.heard_and_said()
    assert ["why?"] == talk.words(SEARCH_OPS, change)
