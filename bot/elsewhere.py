"""Tells pagers, and PagerDuty of its own incidents, over HTTP; names what went wrong.

Each service has its own way to write a call; what its answer means is the same for all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import httpx

from bot.settings_environment import PagerDuty
from bot.trust import trusted
from handlers.errors import CallFailure
from models.calls import SOURCE, Matter, Verb

_SECONDS: Final = 10.0
_LONGEST_DETAIL: Final = 200
_RETRIED: Final = (408, 425, 429)
_REFUSED: Final = (401, 402, 403)
# https://developer.pagerduty.com/docs/errors: already resolved, already acknowledged, already merged.
_ALREADY: Final = (1001, 1002, 1019)
# Nobody there has this address: requester user not found, user not found.
_UNKNOWN_PERSON: Final = (1008, 2013)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to make. `known` are codes in a refusal's body that mean: it is so already."""

    method: str
    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


Writer: TypeAlias = Callable[[Verb, Matter], Request]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpElsewhere:
    """Every service that is told anything. `writers` write the calls to pagers, by `pager:NAME`."""

    pagerduty: PagerDuty
    writers: Mapping[str, Writer] = field(default_factory=dict)
    seconds: float = _SECONDS

    async def call(self, target: str, what: Verb, about: Matter) -> bool:
        """Make one call; return whether it changed anything there.

        Raises:
            CallFailure: it was not taken.
        """
        async with httpx.AsyncClient(verify=trusted(), timeout=self.seconds) as client:
            if target.startswith(SOURCE):
                return await self._tell_pagerduty(client, what, about)
            writer = self.writers.get(target)
            if writer is None:
                raise CallFailure("not_configured", is_permanent=True)
            answer = await _answer(client, writer(what, about))
        _check(answer)
        return True

    async def _tell_pagerduty(self, client: httpx.AsyncClient, what: Verb, about: Matter) -> bool:
        """https://developer.pagerduty.com/api-reference/ (PUT /incidents/{id}).

        A key of a whole account needs to know for whom it acts: the person, where PagerDuty knows their address, else
        PAGERDUTY_FROM.
        """
        if not self.pagerduty.token:
            raise CallFailure("not_configured", is_permanent=True)
        addresses: list[str | None] = [*dict.fromkeys(a for a in (about.email, self.pagerduty.sender) if a)]
        for address in addresses or [None]:
            answer = await _answer(client, self._incident(what, about, address))
            if _code(answer) not in _UNKNOWN_PERSON:
                break
        if answer.status_code == 400 and _code(answer) in _ALREADY:
            return False
        _check(answer)
        return True

    def _incident(self, what: Verb, about: Matter, address: str | None) -> Request:
        status = "resolved" if what == "resolve" else "acknowledged"
        headers = {"Authorization": f"Token token={self.pagerduty.token}", "Accept": "application/json"}
        return Request(
            method="PUT",
            url=f"{self.pagerduty.api}/incidents/{quote(about.sender_id, safe='')}",
            headers=headers | ({"From": address} if address else {}),
            body={"incident": {"type": "incident_reference", "status": status}},
        )


async def _answer(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    try:
        return await client.request(
            request.method, request.url, json=dict(request.body), headers=dict(request.headers), follow_redirects=False
        )
    except httpx.TimeoutException as error:
        raise CallFailure("timeout") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise CallFailure("connection") from error


def _check(answer: httpx.Response) -> None:
    """Raise what an answer means that is no success.

    Raises:
        CallFailure: the service did not take the call.
    """
    status = answer.status_code
    if answer.is_success:
        return
    if status == 429:
        raise CallFailure("rate_limited", retry_after=_wish(answer))
    if status in _RETRIED or status >= 500:
        raise CallFailure(f"http_{status}", retry_after=_wish(answer))
    reason = "refused" if status in _REFUSED else "not_found" if status == 404 else f"http_{status}"
    reason = "invalid" if status in (400, 422) else reason
    raise CallFailure(reason, detail=_words(answer), is_permanent=True)


def _wish(answer: httpx.Response) -> float | None:
    """Return the seconds that a service asks to be left alone; PagerDuty says `ratelimit-reset`."""
    said = answer.headers.get("retry-after") or answer.headers.get("ratelimit-reset") or ""
    return min(float(said), 3600.0) if said.isdecimal() else None


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _error(answer: httpx.Response) -> Mapping[str, Any]:
    body = _body(answer)
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _code(answer: httpx.Response) -> int | None:
    code = _error(answer).get("code")
    return code if isinstance(code, int) else None


def _words(answer: httpx.Response) -> str:
    """Return what a service says is wrong, in its own words."""
    error, body = _error(answer), _body(answer)
    if error:
        more = error.get("errors")
        said = [error.get("message"), *(more if isinstance(more, list) else [more])]
    else:
        said = [body.get("message")] if isinstance(body, dict) else []
    return "; ".join(str(word) for word in said if word)[:_LONGEST_DETAIL]
