"""Where a workspace meets the bot: ids get their workspace's name on the way in, and lose it on the way out."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from handlers.views import Message
from handlers.views.text import line
from models.workspaces import HOME, joined, split, tagged

_IDS: Final = frozenset(
    {"user", "users", "channel", "user_id", "channel_id", "trigger_id", "view_id", "item_user", "inviter"}
    | {"selected_user", "selected_users", "selected_channel", "selected_conversation"}
)
_THINGS: Final = frozenset({"user", "channel", "view"})
_TOKEN: Final = re.compile(r"<(?P<kind>[@#])(?:(?P<workspace>[a-z][a-z0-9-]*)/)?(?P<id>[A-Z0-9]{2,})(?:\|[^<>]*)?>")
Names = Callable[[str], Awaitable[str]]


async def _unknown(address: str) -> str:
    return address


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge of one workspace. `names` tells the name of a person of any workspace."""

    workspace: str = HOME
    names: Names = _unknown
    is_alone: bool = True

    def seen(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return what Slack tells, with ids as the rest of the bot knows them."""
        if self.workspace == HOME:
            return dict(payload)
        told: dict[str, Any] = _tagged(payload, self.workspace, "")
        return told

    def bare(self, address: str | None) -> str | None:
        """Return an id as this workspace knows it."""
        return split(address)[1] if address else address

    def is_here(self, address: str) -> bool:
        """Return whether an id or a channel's name is of this workspace."""
        return split(address)[0] == self.workspace

    async def shown(self, message: Message) -> Message:
        """Return a message as it reads here: people and channels of other workspaces are words."""
        if self.is_alone:
            return message
        plain = message.plain_blocks
        return replace(
            message,
            text=await self._words(message.text),
            blocks=tuple([await self._shown(block) for block in message.blocks]),
            plain_blocks=None if plain is None else tuple([await self._shown(block) for block in plain]),
        )

    async def _shown(self, value: Any) -> Any:
        if isinstance(value, str):
            return await self._words(value)
        if isinstance(value, Mapping):
            return {key: await self._shown(one) for key, one in value.items()}
        if isinstance(value, Sequence):
            return [await self._shown(one) for one in value]
        return value

    async def _words(self, text: str) -> str:
        parts, last = [], 0
        for token in _TOKEN.finditer(text):
            parts += [text[last : token.start()], await self._word(token)]
            last = token.end()
        return "".join([*parts, text[last:]])

    async def _word(self, token: re.Match[str]) -> str:
        kind, workspace = token["kind"], token["workspace"] or HOME
        if workspace == self.workspace:
            return f"<{kind}{token['id']}>"
        if kind == "@":
            return "@\u2060" + line(await self.names(joined(workspace, token["id"])), 80)
        # Its name may be private there.
        return "(a channel elsewhere)"


def _tagged(value: Any, workspace: str, key: str) -> Any:
    if isinstance(value, Mapping):
        found = {name: _tagged(one, workspace, str(name)) for name, one in value.items()}
        if key in _THINGS and isinstance(value.get("id"), str):
            found["id"] = joined(workspace, value["id"])
        return found
    if isinstance(value, list):
        return [_tagged(one, workspace, key) for one in value]
    if isinstance(value, str):
        if key in _IDS:
            return joined(workspace, value)
        return tagged(value, workspace) if key == "text" else value
    return value
