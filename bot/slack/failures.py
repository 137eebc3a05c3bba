"""Reads Slack's answers and the network's: what failed, whether trying again can help, whether it may have arrived.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.errors import REFUSALS, PostFailure

_Answer = TypeVar("_Answer")

# Slack's own trouble. "It's possible some aspect of the operation succeeded before the error was raised."
_UNCERTAIN: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_PASSING: Final = frozenset({"team_added_to_org", "accesslimited", "update_failed"})
_TOO_MANY: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


async def answered(call: Awaitable[_Answer]) -> _Answer:
    """Wait for a call of the Web API.

    Raises:
        PostFailure: whatever went wrong, by its name.
    """
    try:
        return await call
    except SlackApiError as error:
        raise _refused(error.response) from error
    except aiohttp.ClientConnectorError as error:
        raise PostFailure("connection") from error
    except aiohttp.ConnectionTimeoutError as error:
        raise PostFailure("timeout") from error
    except TimeoutError as error:
        raise PostFailure("timeout", may_have_arrived=True) from error
    except (aiohttp.ClientError, SlackClientError, OSError) as error:
        raise PostFailure("connection", may_have_arrived=True) from error


def _refused(response: Any) -> PostFailure:
    """Return the failure behind an answer that is not ok. The SDK hands over its own response, or aiohttp's."""
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    reason = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == _TOO_MANY_REQUESTS or reason in _TOO_MANY:
        return PostFailure("ratelimited", retry_after=_retry_after(response))
    if status >= _SERVER_ERROR or not reason:
        return PostFailure(f"http_{status}", may_have_arrived=True)
    if reason in _UNCERTAIN:
        return PostFailure(reason, may_have_arrived=True)
    return PostFailure(reason, is_permanent=reason not in REFUSALS | _PASSING)


def _retry_after(response: Any) -> float:
    """Return how many seconds Slack wants; one where it does not say."""
    headers = getattr(response, "headers", None) or {}
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    try:
        return max(float(said), 1.0)
    except ValueError:
        return 1.0


async def within(seconds: float, call: Awaitable[_Answer]) -> _Answer | None:
    """Wait for something that is nice to have; `None` where it fails or takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await answered(call)
    except (PostFailure, TimeoutError):
        return None
