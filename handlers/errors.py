"""The one error tree.

    TwinspanError
    ├── UserError            a person can mend it; shown to them in these very words
    ├── MalformedPayload     an authentic payload that can never succeed; names the path of the first wrong field (422)
    ├── NotAuthentic         signature or token wrong, missing or outside its replay window (401)
    ├── Overloaded           no room or no database for it now; the sender tries again (429, 503)
    └── PostFailure          Slack did not take a message; says whether trying again can help, and why

`reason` is a short slug for logs and metrics; `str(error)` is for people.
"""


class TwinspanError(Exception):
    """Any failure that the bot knows by name."""

    reason = "error"


class UserError(TwinspanError):
    """What a person asked for cannot be done as asked; the text says what was wrong and what to do."""

    reason = "user_error"


class MalformedPayload(TwinspanError):
    """An authentic payload that no retry can save. `path` is the first wrong field, such as `$.deployment.id`."""

    reason = "malformed"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class NotAuthentic(TwinspanError):
    """The request did not prove who sent it. `reason` is for the log; the sender learns nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__("signature or token missing or wrong")
        self.reason = reason


class Overloaded(TwinspanError):
    """Not stored, for now. `retry_after` is in seconds."""

    reason = "overloaded"

    def __init__(self, retry_after: int = 1, reason: str = "overloaded") -> None:
        super().__init__("not stored; try again")
        self.retry_after = retry_after
        self.reason = reason


class PostFailure(TwinspanError):
    """Slack did not take a message.

    `reason` is Slack's own error code or one of `timeout`, `connection`, `http_5xx`. `is_permanent` says that trying
    again cannot help until a person acts. `retry_after` (seconds) is Slack's own wish. `may_have_arrived` says that
    the message could be in the channel although no answer came.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_permanent: bool = False,
        retry_after: float | None = None,
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(f"Slack did not take the message: {reason}")
        self.reason = reason
        self.is_permanent = is_permanent
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived
