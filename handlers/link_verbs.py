"""`/bridge link` and `/bridge unlink`: the words, and what a person is led through."""

import re
from typing import Final, get_args

from handlers.acting import By
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.links import link, room_named, unlink
from handlers.suggest import did_you_mean
from handlers.views import Message
from handlers.views import links as views
from handlers.wording import service_named
from models.links import Room
from models.mirroring import Mirror
from models.topology import Topology

_LINK: Final = re.compile(
    r"(?P<dev>\S+)\s+(?:(?:and|with|to)\s+)?(?P<ops>\S+)(?P<rest>(?:\s+(?:for|mirror)\s.*)?)", re.IGNORECASE
)
_FOR: Final = re.compile(r"\sfor\s+(?P<names>.+?)(?=\s+mirror\s|$)", re.IGNORECASE)
_MIRROR: Final = re.compile(r"\smirror\s+(?P<mode>\S+)", re.IGNORECASE)
_HOW: Final = "Say it as `/bridge link #dev #ops`, and if you like `for SERVICE, SERVICE` and `mirror always`."


async def link_words(ctx: Context, words: str, by: By) -> Message:
    """Link the channels that the words name, or say what is still to be done for that.

    Raises:
        UserError: the words name no two channels that can be linked.
    """
    read = _LINK.fullmatch(words.strip())
    if read is None:
        raise UserError(_HOW)
    services, mirror = read_options(read["rest"], ctx.topology)
    try:
        rooms = await room_named(ctx, read["dev"], by), await room_named(ctx, read["ops"], by)
    except PostFailure as failure:
        raise UserError(f"Slack does not tell me its channels just now ({failure.reason}); try again.") from failure
    outside = [room for room in rooms if not room.is_member]
    if outside and rooms[0].id != rooms[1].id:
        return views.invite(outside, words)
    return views.linked(await link(ctx, rooms, services, mirror, by))


async def unlink_words(ctx: Context, words: str, by: By) -> Message:
    """Part the channels that the words name.

    Raises:
        UserError: the words name no channel that a person linked.
    """
    names = words.split()
    if len(names) not in (1, 2):
        raise UserError("Say it as `/bridge unlink #channel`.")
    try:
        rooms: list[Room] = [await room_named(ctx, name, by) for name in names]
    except PostFailure as failure:
        raise UserError(f"Slack does not tell me its channels just now ({failure.reason}); try again.") from failure
    return views.unlinked(await unlink(ctx, rooms[0], rooms[1] if len(rooms) > 1 else None, by))


def read_options(text: str, topology: Topology) -> tuple[tuple[str, ...] | None, Mirror]:
    """Return the services (`None`: all) and the mode that follow the two channels.

    Raises:
        UserError: a service or a mode is unknown.
    """
    named, mode = _FOR.search(text), _MIRROR.search(text)
    words = [w for w in re.split(r"[,\s]+", named["names"]) if w and w != "and"] if named else []
    services = tuple(dict.fromkeys(service_named(word, topology).name for word in words)) or None
    wanted = mode["mode"].casefold() if mode else "incidents"
    modes: dict[str, Mirror] = {known: known for known in get_args(Mirror)}
    if wanted not in modes:
        raise UserError(f"Threads can be mirrored in no way “{wanted[:40]}”." + did_you_mean(wanted, modes))
    return services, modes[wanted]
