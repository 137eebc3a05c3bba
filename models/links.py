"""Channels that people linked from Slack, beside the bridges of the configuration. Pure."""

from dataclasses import dataclass
from datetime import datetime

from models.mirroring import Mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A dev channel and an ops channel that a person linked. `id` is 0 before it is stored.

    `dev` and `ops` are Slack's ids, so that a renamed channel keeps working; the names are those of the day of linking.
    `services` is `None` for all that there are. `unlinked_at`: it is kept for the record alone.
    """

    id: int = 0
    name: str
    dev: str
    dev_name: str
    ops: str
    ops_name: str
    services: tuple[str, ...] | None = None
    mirror: Mirror = "incidents"
    linked_by: str
    linked_by_id: str | None = None
    linked_at: datetime
    unlinked_by: str | None = None
    unlinked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel as Slack has it now. `name` has no hash; `is_member`: whether the bot is in it."""

    id: str
    name: str
    is_private: bool = False
    is_member: bool = False
    is_archived: bool = False
