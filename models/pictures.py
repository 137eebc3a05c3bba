"""Pictures of a conversation that are kept as evidence of an incident."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture as it was when it was kept. `message` is its place (`C1:ts`); `sha256` proves that it is the same.

    `id` is 0 before it is stored.
    """

    id: int = 0
    message: str
    file_id: str
    name: str
    mimetype: str
    sha256: str
    size: int
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One picture that is to be kept and was not fetched yet; `reason` is why the last try did not succeed.

    `url` needs the bot's token, `size` is in bytes as Slack tells it.
    """

    message: str
    file_id: str
    name: str
    mimetype: str
    size: int
    url: str
    since: datetime
    due_at: datetime
    attempts: int = 0
    reason: str | None = None
