"""What happens in channels: each file here exports `EVENT`, one type of Slack's events and what it does.

An event may be told again, late, or by two replicas: what a handler does must be idempotent by what the event is about.
Events of one channel are handled in the order in which they came.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One type of event. `subscriptions` are the manifest's names for it, each with the scopes Slack asks for it.

    `run` is given the event's inner payload (https://docs.slack.dev/reference/events) and when it came.
    """

    type: str
    subscriptions: Mapping[str, tuple[str, ...]]
    run: Callable[[Context, Mapping[str, Any], datetime], Awaitable[None]]
