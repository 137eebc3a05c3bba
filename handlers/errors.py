"""The one error tree.

    TwinspanError
    ├── UserError            a person can mend it; shown to them in these very words
    ├── MalformedPayload     an authentic payload that can never succeed; names the path of the first wrong field (422)
    ├── NotAuthentic         signature or token wrong, missing or outside its replay window (401)
    ├── Overloaded           no room for it now, or it could not be stored; the sender tries again (503)
    ├── Forgotten            what was known at a past instant is not kept any more; says since when it is
    ├── Unavailable          the database did not answer; nothing was stored
    ├── PostFailure          Slack did not take a message; says whether trying again can help, and why
    └── CallFailure          a pager, or where an incident came from, did not take a call; the same

`reason` is a short slug for logs and metrics; `str(error)` is for people.
"""

from datetime import datetime


class TwinspanError(Exception):
    """Any failure that the bot knows by name."""

    reason = "error"


class UserError(TwinspanError):
    """What a person asked for cannot be done as asked; the text says what was wrong and what to do."""

    reason = "user_error"


class MalformedPayload(TwinspanError):
    """An authentic payload that no retry can save. `path` is the first wrong field, such as `$.deployment.id`.

    Both are cut where they quote too much of it.
    """

    reason = "malformed"

    def __init__(self, path: str, problem: str) -> None:
        path, problem = _cut(path), _cut(problem)
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def _cut(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


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


class Forgotten(TwinspanError):
    """What was known at a past instant is not kept any more. `since` is the earliest that can be recalled."""

    reason = "forgotten"

    def __init__(self, since: datetime) -> None:
        super().__init__(f"what was known before {since.isoformat()} is forgotten")
        self.since = since


class Unavailable(TwinspanError):
    """The database cannot be reached or refuses to work; trying again may help."""

    reason = "database_unavailable"


# Slack refuses the bot itself, whatever it says and where: the token is wrong, revoked or lacks a scope
# (https://docs.slack.dev/reference/methods/chat.postMessage#errors). An admin mends it; every message waits.
REFUSALS = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_expired",
        "token_revoked",
        "missing_scope",
        "no_permission",
        "org_login_required",
        "ekm_access_denied",
        "team_access_not_granted",
    }
)


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

    @property
    def is_refusal(self) -> bool:
        """Whether Slack refuses the bot itself, so that no other message would fare better."""
        return self.reason in REFUSALS


class CallFailure(TwinspanError):
    """A service elsewhere did not take a call.

    `reason` is one of `refused` (it does not accept who we are), `not_found`, `invalid` (what it was told), `http_…`,
    `rate_limited`, `timeout`, `connection`, `not_configured`; `detail` is the service's own words. `is_permanent` says
    that trying again cannot help until a person acts. `retry_after` (seconds) is the service's own wish.
    """

    def __init__(
        self, reason: str, *, detail: str = "", is_permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(f"the call was not taken: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail
        self.is_permanent = is_permanent
        self.retry_after = retry_after
