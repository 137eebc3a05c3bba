"""Whatever people do, however Slack tells it, whenever a process dies: in the end both sides read the same."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.database import Database
from bot.sandbox.state import Message
from tests.support.talk import DEV, OPS, Dying, Talk, talking

OTHER = {DEV: OPS, OPS: DEV}
Step: TypeAlias = tuple[str, int]

# What people do, what Slack tells (some, all, backwards, again), and what goes wrong.
PEOPLE = ("write", "write", "answer", "edit", "delete", "keep", "react", "unreact")
TOLD = ("tell", "tell one", "tell backwards", "tell again", "lose", "say")
TROUBLE = ("die before", "die saying", "come back")
STEPS = st.lists(st.tuples(st.sampled_from([*PEOPLE, *TOLD, *TROUBLE]), st.integers(0, 50)), max_size=25)


class _Play:
    """One run of steps; numbers choose which message or which event."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.standing: list[tuple[str, str, str]] = []
        self.waiting: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []

    async def step(self, what: str, number: int) -> None:
        self.talk.clock.forward(1)
        if what in PEOPLE:
            await self._act(what, number)
            self.waiting += await self.talk.told()
        elif what.startswith("tell"):
            await self._tell(what, number)
        else:
            await self._go_wrong(what, number)

    async def _act(self, what: str, number: int) -> None:
        actor = self.talk.sandbox.actor
        if what in ("write", "answer"):
            user, channel = ("ada", DEV) if what == "write" else ("mira", OPS)
            said = await self.talk.write(user, channel, f"line {len(self.standing)}-{number}")
            self.standing.append((user, channel, said.ts))
        elif self.standing:
            user, channel, ts = self.standing[number % len(self.standing)]
            match what:
                case "edit":
                    await actor.edit_message(user, channel, ts, f"edited {ts}-{number}")
                case "keep":
                    await actor.edit_message(user, channel, ts, f"// kept {ts}")
                case "delete":
                    await actor.delete_message(user, channel, ts)
                    self.standing.remove((user, channel, ts))
                case "react":
                    await actor.add_reaction("ben", channel, ts, "eyes")
                case "unreact":
                    await actor.remove_reaction("ben", channel, ts, "eyes")

    async def _tell(self, what: str, number: int) -> None:
        match what:
            case "tell one" if self.waiting:
                events = [self.waiting.pop(number % len(self.waiting))]
            case "tell again" if self.told:
                events = [self.told[number % len(self.told)]]
            case _:
                events = self.waiting[::-1] if what == "tell backwards" else self.waiting
                self.waiting = []
        self.told += events
        await self.talk.pass_on(events)

    async def _go_wrong(self, what: str, number: int) -> None:
        match what:
            case "lose":
                self.waiting = self.waiting[number % 5 :]
            case "say":
                await self.talk.say()
            case "die before" if self.waiting:
                event = self.waiting[0]
                with Dying(self.talk):
                    await self.talk.pass_on([event])
                await self.talk.come_back()
            case "die saying":
                self.talk.sandbox.workspace.add_fault("cut_after", "chat.postMessage", remaining=1)
            case "come back":
                await self.talk.come_back()

    async def end(self) -> None:
        await self.talk.pass_on(self.waiting)
        await self.talk.come_back()
        await self.talk.pass_on(self.told)
        await self.talk.say()


def _shared(talk: Talk, channel: str) -> list[tuple[str, bool, bool]]:
    """Return what people say in a channel for both sides: the words, whether edited, whether Ben has seen it."""
    mine = [m for m in talk.thread(channel) if not m.bot_id and not m.text.startswith("//")]
    return sorted((m.text, m.edited is not None, "eyes" in m.reactions) for m in mine)


def _copied(talk: Talk, channel: str) -> list[tuple[str, bool, bool]]:
    return sorted((m.text, _shows(m, "(edited)"), _shows(m, ":eyes: ben")) for m in talk.copies(channel))


def _shows(copy: Message, words: str) -> bool:
    return words in str(copy.blocks)


async def _play(database: Database, steps: list[Step]) -> None:
    async with talking(database) as talk:
        await talk.incident()
        await talk.missed.beat(talk.clock())
        play = _Play(talk)
        for step in steps:
            await play.step(*step)
        await play.end()
        for channel, other in OTHER.items():
            assert _shared(talk, channel) == _copied(talk, other)
        assert "kept" not in f"{_copied(talk, DEV)}{_copied(talk, OPS)}"


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_any_interleaving_leaves_both_sides_equal(sqlite_template: Path, steps: list[Step]) -> None:
    async def run(folder: str) -> None:
        path = Path(folder) / "twinspan.db"
        shutil.copyfile(sqlite_template, path)
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            await _play(database, steps)
        finally:
            await database.close()

    with TemporaryDirectory() as folder:
        asyncio.run(run(folder))
