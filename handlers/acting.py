"""Who acts, when and where: what every deed of a person is recorded with."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """A person who acts. The same `request_id` again changes nothing.

    `user_id` is Slack's (`None`: not a person in Slack), `channel_id` where they act: it says for which side.
    """

    name: str
    request_id: str
    at: datetime
    user_id: str | None = None
    channel_id: str | None = None
