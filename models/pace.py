"""How fast channels are spoken in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how stubborn. Slack takes about one message per second and channel
    (https://docs.slack.dev/apis/web-api/rate-limits). All in seconds.
    """

    between_messages: float = 1.0
    lease: float = 30.0
    poll: float = 0.5
    gather: float = 0.05
    first_retry: float = 1.0
    longest_retry: float = 300.0
    when_refused: float = 60.0
