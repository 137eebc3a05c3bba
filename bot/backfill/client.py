"""Asks GitHub's REST API: page by page, within its rate limits, again where it failed.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

import httpx
import msgspec

from handlers.errors import MalformedPayload
from handlers.payload import decode

_Page = TypeVar("_Page")

_TRIES: Final = 6
_FIRST_WAIT: Final = 1.0
_PAGE: Final = "100"
# A secondary limit that names no time: "wait for at least one minute before retrying".
_SECONDARY_WAIT: Final = 60.0
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')


class Refused(Exception):
    """GitHub will not answer this, however often it is asked; the words say what to do."""


@dataclass(kw_only=True)
class GitHub:
    """A client of one GitHub. `waiting` is told the seconds and the reason of every wait."""

    http: httpx.AsyncClient
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    waiting: Callable[[float, str], None]
    requests: int = field(default=0, init=False)

    async def pages(self, path: str, shape: type[_Page], **parameters: str) -> AsyncIterator[_Page]:
        """Yield each page, read as `shape`.

        Raises:
            Refused: the token, the address, the repository or the answer is wrong, or GitHub failed too often.
        """
        decoder = msgspec.json.Decoder(shape)
        answer = await self._answer(path, {"per_page": _PAGE, **parameters})
        yield _read(answer, decoder)
        while found := _NEXT.search(answer.headers.get("link", "")):
            answer = await self._answer(found[1], {})
            yield _read(answer, decoder)

    async def _answer(self, path: str, parameters: dict[str, str]) -> httpx.Response:
        wait, reason = _FIRST_WAIT, ""
        for _ in range(_TRIES):
            self.requests += 1
            try:
                answer = await self.http.get(path, params=parameters or None)
            except httpx.UnsupportedProtocol as error:
                raise Refused("GitHub's address must begin with https:// or http://. Check --api-url.") from error
            except httpx.HTTPError as error:
                reason = f"{type(error).__name__} from GitHub"
            else:
                if answer.is_success:
                    return answer
                limited = self._limited(answer)
                if limited is None and answer.status_code < 500:
                    raise Refused(_in_words(answer))
                reason = f"GitHub answers {answer.status_code}"
                if limited is not None:
                    wait, reason = max(limited, 1.0), "GitHub's rate limit is reached"
            self.waiting(wait, reason)
            await self.sleep(wait)
            wait = min(wait * 2, 60.0)
        raise Refused(f"{reason}, {_TRIES} times. What was read so far is kept: run the same again later.")

    def _limited(self, answer: httpx.Response) -> float | None:
        """Return how many seconds a limited client has to wait; `None` where it is not limited.

        https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        if answer.status_code not in (403, 429):
            return None
        if (after := answer.headers.get("retry-after", "")).isdecimal():
            return float(after)
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = answer.headers.get("x-ratelimit-reset", "")
            return float(reset) - self.now().timestamp() + 1 if reset.isdecimal() else _SECONDARY_WAIT
        is_secondary = answer.status_code == 429 or "rate limit" in answer.text[:2_000].lower()
        return _SECONDARY_WAIT if is_secondary else None


def _read(answer: httpx.Response, decoder: "msgspec.json.Decoder[_Page]") -> _Page:
    if _is_web_page(answer):
        raise Refused(_not_github(answer, "with a web page"))
    try:
        return decode(decoder, answer.content)
    except MalformedPayload as error:
        raise Refused(_not_github(answer, f"with something else ({error.path}: {error.problem})")) from error


def _is_web_page(answer: httpx.Response) -> bool:
    return answer.content.lstrip()[:1] == b"<"


def _not_github(answer: httpx.Response, how: str) -> str:
    who = answer.url.copy_with(query=None, username=None, password=None)
    said = f"{who} answers {answer.status_code} {how}, where GitHub's API is expected."
    return f"{said} Check --api-url. What was read so far is kept: run the same again then."


def _in_words(answer: httpx.Response) -> str:
    if _is_web_page(answer):
        return _not_github(answer, "with a web page")
    match answer.status_code:
        case 401:
            return "GitHub does not accept the token: set GITHUB_TOKEN to one that may read the repository."
        case 403:
            return "GitHub forbids this to the token: it needs to read deployments and contents of the repository."
        case 404:
            return "GitHub knows no such repository, or the token may not see it: check OWNER/NAME and GITHUB_TOKEN."
    return f"GitHub answers {answer.status_code}: {answer.text[:200]}"
