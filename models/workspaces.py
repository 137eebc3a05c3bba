"""Slack's ids and channel names across several workspaces: those of another one carry its name in front. Pure.

`#ops` and `C123` are of the workspace that the bot is at home in; `partner/#ops` and `partner/C123` of another one.
"""

import re
from typing import Final

HOME: Final = ""
_MENTION: Final = re.compile(r"<(?P<kind>[@#])(?P<id>[A-Z0-9]{2,})(?P<label>\|[^<>]*)?>")


def split(address: str) -> tuple[str, str]:
    """Return the workspace of an id or a channel's name, and what it is called there."""
    workspace, slash, name = address.partition("/")
    return (workspace, name) if slash else (HOME, address)


def joined(workspace: str, name: str) -> str:
    """Return an id or a channel's name as the rest of the bot knows it."""
    return f"{workspace}/{name}" if workspace and name else name


def hashed(name: str) -> str:
    """Return a channel's name as people write it: `#ops`, `partner/#ops`."""
    workspace, bare = split(name)
    return joined(workspace, f"#{bare.removeprefix('#')}")


def workspace_of(address: str) -> str:
    """Return the workspace of an id or a channel's name."""
    return split(address)[0]


def tagged(text: str, workspace: str) -> str:
    """Return a text of a workspace with the people and channels that it mentions as the rest of the bot knows them."""
    return _MENTION.sub(lambda m: f"<{m['kind']}{joined(workspace, m['id'])}{m['label'] or ''}>", text)
