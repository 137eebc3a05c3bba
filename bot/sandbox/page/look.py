"""What one browser tab looks at: who acts, which conversation is on each side, which thread is open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from bot.sandbox.page.options import PageOptions
from bot.sandbox.workspace import Channel, Message, User, Workspace

HOME = "home"


@dataclass(frozen=True, slots=True)
class Look:
    """All of it is in the page's address, so that every tab may be somebody else. Ids; `thread` is (channel, ts)."""

    viewer: str
    left: str
    right: str
    thread: tuple[str, str] | None = None

    def __getitem__(self, side: str) -> str:
        return self.left if side == "left" else self.right

    def query(self, **changes: str) -> str:
        """The address's query, with some of it changed; `thread` as `channel:ts`, empty to close it."""
        thread = changes.pop("thread", None)
        other = replace(self, **changes)  # type: ignore[arg-type]  # all but `thread` are text
        if thread is None:
            thread = ":".join(self.thread) if self.thread else ""
        parts = {"as": other.viewer, "left": other.left, "right": other.right}
        return urlencode(parts | ({"thread": thread} if thread else {}))


def permalink(message: Message) -> str:
    """The path of a link to a message, as https://docs.slack.dev/reference/methods/chat.getPermalink gives it."""
    path = f"archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{path}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else path


def arrival(seen: Look, channel: str, message: str, thread: str) -> str:
    """Where such a link leads: the page with that channel in it, and the message in sight."""
    ts = f"{message[1:11]}.{message[11:]}"
    side = "left" if seen.left == channel else "right"
    query = seen.query(thread=f"{channel}:{thread}") if thread else seen.query(**{side: channel})
    return f"/?{query}#{'thread' if thread else side}-{ts}"


def people(workspace: Workspace) -> list[User]:
    """Those whom one can be on the page, in the order in which they joined."""
    return [user for user in workspace.users.values() if not user.is_bot and not user.deleted]


def conversations(workspace: Workspace, viewer: str) -> list[Channel]:
    """What this person can open: every public channel, and the private ones and direct messages they are in."""
    return [
        channel
        for channel in workspace.channels.values()
        if not channel.is_archived and (viewer in channel.members or not (channel.is_private or channel.is_im))
    ]


def look(workspace: Workspace, options: PageOptions, query: Mapping[str, str]) -> Look:
    """Read the address; whatever is missing or not allowed falls back to what a newcomer sees."""
    everyone = people(workspace)
    wanted = query.get("as", "")
    viewer = next((p.id for p in everyone if wanted in (p.id, p.name)), everyone[0].id)
    open_to = conversations(workspace, viewer)
    left = _conversation(open_to, query.get("left", ""), options.left)
    right = _conversation(open_to, query.get("right", ""), options.right)
    channel, _, ts = query.get("thread", "").partition(":")
    there = next((c for c in open_to if channel in (c.id, c.name)), None)
    found = there and there.messages.get(ts)
    return Look(viewer, left, right, (there.id, ts) if there and found and not found.deleted else None)


def _conversation(open_to: list[Channel], wanted: str, usual: str) -> str:
    if wanted == HOME:
        return HOME
    for name in (wanted, usual):
        for channel in open_to:
            if name in (channel.id, channel.name):
                return channel.id
    return open_to[0].id if open_to else HOME
