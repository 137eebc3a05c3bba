"""What is said: records in, Block Kit dicts and plain text out. Pure; no Slack import, no clock, no store."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """In whose name and under whose picture (a web address) the bot says something that a person said."""

    name: str
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One Slack message. `text` stands alone (notifications, screen readers); `blocks` are Block Kit dicts.

    `plain_blocks` say the same without native charts and tables, for workspaces that refuse those with
    `invalid_blocks`; `None` where `blocks` has none of them. `is_gone`: what was said is to be deleted.
    `shows_files`: what stands at the addresses in it is shown below it.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    plain_blocks: tuple[Block, ...] | None = None
    author: Author | None = None
    shows_files: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """One Slack modal: `view` is the dict that `views.open` takes."""

    view: Block = field(default_factory=dict)
