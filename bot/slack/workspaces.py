"""Several workspaces as one: each call goes to the workspace that its ids are of."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.conversation import Conversation
from bot.slack.directory import Directory
from bot.slack.edge import Edge
from bot.slack.messenger import SlackMessenger
from bot.slack.rooms import SlackRooms
from bot.slack.sharing import SlackSharing
from handlers.errors import PostFailure
from handlers.heard import Said
from handlers.ports import Messenger, Posted
from handlers.views import Message, Modal
from models.links import Room
from models.people import Person
from models.workspaces import HOME, joined, split, tagged, workspace_of


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace, under its own ids."""

    name: str
    client: AsyncWebClient
    messenger: Messenger
    directory: Directory
    conversation: Conversation
    sharing: SlackSharing
    rooms: SlackRooms


def workspace(
    name: str, client: AsyncWebClient, now: Callable[[], datetime], messenger: Messenger | None = None
) -> Workspace:
    """Return the workspace behind a client; `messenger` replaces what posts there."""
    posts = SlackMessenger(client, now)
    return Workspace(
        name=name,
        client=client,
        messenger=messenger or posts,
        directory=Directory(client, now),
        conversation=Conversation(client, now),
        sharing=SlackSharing(client, posts),
        rooms=SlackRooms(client),
    )


@dataclass(frozen=True, slots=True)
class Workspaces:
    """`handlers.ports.Messenger`, `Directory`, `Conversation`, `Sharing` and `Rooms` on several workspaces."""

    all: Mapping[str, Workspace]

    def edge(self, name: str) -> Edge:
        """Return the edge of a workspace."""
        return Edge(name, self.user_name, is_alone=False)

    def _at(self, address: str) -> tuple[Workspace, str]:
        name, bare = split(address)
        if name not in self.all:
            raise PostFailure("workspace_not_found", is_permanent=True)
        return self.all[name], bare

    # Messenger

    async def post(self, channel: str, message: Message, *, key: str, thread_ts: str | None = None) -> Posted:
        """Post to a channel or a person."""
        at, bare = self._at(channel)
        shown = await self.edge(at.name).shown(message)
        return _here(at, await at.messenger.post(bare, shown, key=key, thread_ts=thread_ts))

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> Posted:
        """Replace a message of the bot."""
        at, bare = self._at(channel_id)
        return _here(at, await at.messenger.update(bare, ts, await self.edge(at.name).shown(message), key=key))

    async def delete(self, channel_id: str, ts: str) -> None:
        """Delete a message of the bot."""
        at, bare = self._at(channel_id)
        await at.messenger.delete(bare, ts)

    async def find(self, channel: str, *, key: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """Look for a message of the bot."""
        at, bare = self._at(channel)
        found = await at.messenger.find(bare, key=key, since=since, thread_ts=thread_ts)
        return _here(at, found) if found else None

    async def open_modal(self, trigger_id: str, modal: Modal) -> None:
        """Open a modal."""
        at, bare = self._at(trigger_id)
        await at.messenger.open_modal(bare, modal)

    async def update_modal(self, view_id: str, modal: Modal) -> None:
        """Replace what an open modal shows."""
        at, bare = self._at(view_id)
        await at.messenger.update_modal(bare, modal)

    async def publish_home(self, user_id: str, home: Modal) -> None:
        """Show a person their home."""
        at, bare = self._at(user_id)
        await at.messenger.publish_home(bare, home)

    async def user_timezone(self, user_id: str) -> str | None:
        """Return the zone a person has set."""
        at, bare = self._at(user_id)
        return await at.messenger.user_timezone(bare)

    async def user_name(self, user_id: str) -> str:
        """Return the name a person is shown under."""
        at, bare = self._at(user_id)
        return await at.messenger.user_name(bare)

    # Directory

    async def people(self) -> Sequence[Person]:
        """Return everybody of every workspace, those at home first."""
        found: list[Person] = []
        for name, at in self.all.items():
            found += [replace(p, user_id=joined(name, p.user_id)) for p in await at.directory.people()]
        return found

    # Sharing

    async def share(
        self, channel: str, *, name: str, content: bytes, comment: str, thread_ts: str | None = None
    ) -> str | None:
        """Upload a file."""
        at, bare = self._at(channel)
        return await at.sharing.share(bare, name=name, content=content, comment=comment, thread_ts=thread_ts)

    async def canvas(self, title: str, markdown: str, *, user_id: str, channel_id: str | None = None) -> str | None:
        """Write a canvas, in the workspace of the person; as a tab of a channel of that workspace alone."""
        at, bare = self._at(user_id)
        channel = channel_id if channel_id and workspace_of(channel_id) == at.name else None
        bare_channel = split(channel)[1] if channel else None
        return await at.sharing.canvas(title, markdown, user_id=bare, channel_id=bare_channel)

    # Rooms

    async def create(self, name: str, *, is_private: bool) -> str:
        """Make a channel, in the workspace that its name begins with."""
        at, bare = self._at(name)
        return joined(at.name, await at.rooms.create(bare, is_private=is_private))

    async def own(self, name: str) -> str | None:
        """Return the id of a channel that the bot itself made."""
        at, bare = self._at(name)
        found = await at.rooms.own(bare)
        return joined(at.name, found) if found else None

    async def set_topic(self, channel_id: str, topic: str) -> None:
        """Say in a channel's head what it is about."""
        at, bare = self._at(channel_id)
        await at.rooms.set_topic(bare, topic)

    async def invite(self, channel_id: str, user_id: str) -> None:
        """Invite a person of the channel's workspace."""
        at, bare = self._at(channel_id)
        if workspace_of(user_id) != at.name:
            raise PostFailure("user_is_elsewhere", is_permanent=True)
        await at.rooms.invite(bare, split(user_id)[1])

    async def archive(self, channel_id: str) -> None:
        """Archive a channel."""
        at, bare = self._at(channel_id)
        await at.rooms.archive(bare)

    # Conversation

    async def is_private(self, channel_id: str) -> bool:
        """Return whether a channel is private."""
        at, bare = self._at(channel_id)
        return await at.conversation.is_private(bare)

    async def message(self, channel_id: str, ts: str) -> Said | None:
        """Return one message."""
        at, bare = self._at(channel_id)
        found = await at.conversation.message(bare, ts)
        return _said(at, found) if found else None

    async def has_reaction(self, channel_id: str, ts: str, emoji: str) -> bool:
        """Return whether anybody has put this emoji on a message."""
        at, bare = self._at(channel_id)
        return await at.conversation.has_reaction(bare, ts, emoji)

    async def reflect(self, channel_id: str, ts: str, emoji: Collection[str]) -> None:
        """Make the bot's own reactions to a message these."""
        at, bare = self._at(channel_id)
        await at.conversation.reflect(bare, ts, emoji)

    async def picture(self, url: str, most: int) -> bytes:
        """Return what lies at a picture's address: the address does not tell whose it is."""
        refused = PostFailure("not_a_picture", is_permanent=True)
        for at in self.all.values():
            try:
                return await at.conversation.picture(url, most)
            except PostFailure as failure:
                refused = failure
        raise refused

    async def replies(self, channel_id: str, thread_ts: str) -> Sequence[Said]:
        """Return what was said in a thread."""
        at, bare = self._at(channel_id)
        return [_said(at, one) for one in await at.conversation.replies(bare, thread_ts)]

    async def threads(self, channel_id: str, oldest: datetime, since: datetime) -> Sequence[str]:
        """Return the messages whose threads were written in."""
        at, bare = self._at(channel_id)
        return await at.conversation.threads(bare, oldest, since)

    async def rooms(self) -> Sequence[Room]:
        """Return every channel of every workspace that the bot sees."""
        found: list[Room] = []
        for name, at in self.all.items():
            rooms = await at.conversation.rooms()
            found += [replace(room, id=joined(name, room.id), name=joined(name, room.name)) for room in rooms]
        return found

    async def is_own(self, bot_id: str) -> bool:
        """Return whether this is the bot's own id in any workspace."""
        return any([await at.conversation.is_own(bot_id) for at in self.all.values()])


def _here(at: Workspace, posted: Posted) -> Posted:
    return replace(posted, channel_id=joined(at.name, posted.channel_id))


def _said(at: Workspace, said: Said) -> Said:
    if at.name == HOME:
        return said
    reactions = said.reactions
    if reactions is not None:
        reactions = {emoji: tuple(joined(at.name, user) for user in who) for emoji, who in reactions.items()}
    return replace(
        said,
        channel=joined(at.name, said.channel),
        user_id=joined(at.name, said.user_id),
        text=tagged(said.text, at.name),
        reactions=reactions,
    )
