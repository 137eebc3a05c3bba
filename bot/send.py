"""Posts one event to the bot from any CI: builds it, tries again while that can help, and says how it ended."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

import httpx

EventType: TypeAlias = Literal["deploy", "change", "incident"]

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
_TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_COMMON: Final[tuple[str, ...]] = ("service", "environment", "actor", "title", "url", "team")
_TITLES: Final[dict[str, str]] = {"change": "summary", "incident": "title"}
_GIT: Final = {"sha": "commit_sha", "previous_sha": "previous_sha", "ref": "ref", "repository": "repository_url"}


class Exit(IntEnum):
    """How `twinspan send` ends."""

    STORED = 0
    NOT_DELIVERED = 1
    USAGE = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a delivery ended, and the one line that says so."""

    code: Exit
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where to deliver: the bot's address, the source's name and token; `patience` in seconds is for all tries.

    With `signs` the token stays here: each try carries an `X-Twinspan-Signature` made with it.
    """

    server: str
    source: str
    token: str
    patience: float = 60.0
    signs: bool = False

    @property
    def url(self) -> str:
        """The address of the source."""
        return f"{self.server.rstrip('/')}/webhooks/{quote(self.source, safe='')}"

    def proof(self, body: bytes, at: datetime) -> dict[str, str]:
        """Return the header that proves who sends; `at` is part of a signature."""
        if not self.signs:
            return {"Authorization": f"Bearer {self.token}"}
        sent = int(at.timestamp())
        made = hmac.digest(self.token.encode(), f"{sent}.".encode() + body, "sha256").hex()
        return {"X-Twinspan-Signature": f"t={sent},v1={made}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What delivering needs from outside: the time, seconds that never go back, waiting, a factor around 1."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    elapsed: Callable[[], float]
    jitter: Callable[[], float]


def event(
    type: EventType,
    fields: Mapping[str, str | None],
    *,
    source: str,
    at: datetime,
    job: str | None,
    new_id: Callable[[], str],
) -> dict[str, Any]:
    """Return the generic event that `fields` (as named on the command line; `None`: not given) describe.

    `job` identifies this run of a CI's job. With it, the same job telling the same thing again is a duplicate;
    without it every event is new. `fields["id"]` is the deploy, change or incident itself, which later events update.
    """
    said = {name: value for name, value in fields.items() if value}
    subject = said.get("id") or (":".join([job, *_what(type, said)]) if job else new_id())
    status = said["status"]
    # An incident's title is its own; elsewhere it is the event's.
    common_names = tuple(name for name in _COMMON if type != "incident" or name != "title")
    common: dict[str, Any] = {name: said[name] for name in common_names if name in said}
    if "environment" in said:
        common["environment"] = {"id": said["environment"]}
    git = {name: said[key] for key, name in _GIT.items() if key in said}
    known = {*common_names, *_GIT, "id"}
    details = {f"{type}_id": subject, **{name: value for name, value in said.items() if name not in known}}
    return {
        "id": ":".join([job, type, subject, status]) if job else new_id(),
        "source": source,
        "type": type,
        "occurred_at": at.isoformat(),
        **common,
        type: {**details, **({"git": git} if git else {})},
    }


async def deliver(door: Door, body: bytes, world: World, *, client: httpx.AsyncClient) -> Delivery:
    """Post a body, and again while the bot is busy or not there, until `door.patience` is over."""
    end = world.elapsed() + door.patience
    wait = _FIRST_WAIT
    while True:
        answer, trouble = await _post(client, door, body, world.now())
        if answer is not None and answer.status_code not in _TRY_AGAIN:
            return _told(answer)
        asked = _retry_after(answer)
        pause = max(wait * world.jitter(), asked)
        if world.elapsed() + pause > end:
            return Delivery(
                code=Exit.NOT_DELIVERED, line=f"not delivered: {trouble} (gave up after {door.patience:g} s)"
            )
        await world.sleep(pause)
        wait = min(wait * 2, _LONGEST_WAIT)


def _what(type: EventType, said: Mapping[str, str]) -> list[str]:
    """Return what tells apart the events of a job: it deploys once to a place, but may change many things there."""
    where = [said[name] for name in ("service", "environment") if name in said]
    title = said.get(_TITLES.get(type, ""))
    return [*where, hashlib.sha256(title.encode()).hexdigest()[:8]] if title else where


async def _post(client: httpx.AsyncClient, door: Door, body: bytes, at: datetime) -> tuple[httpx.Response | None, str]:
    headers = {**door.proof(body, at), "Content-Type": "application/json"}
    try:
        answer = await client.post(door.url, content=body, headers=headers)
    except httpx.TransportError as error:
        return None, f"{door.server} cannot be reached ({type(error).__name__})"
    return answer, f"{door.server} answered {answer.status_code}"


def _retry_after(answer: httpx.Response | None) -> float:
    """Return the seconds the bot asks for; 0 where it does not, or gives a date."""
    said = answer.headers.get("retry-after", "") if answer is not None else ""
    return float(said) if said.isdigit() else 0.0


def _told(answer: httpx.Response) -> Delivery:
    told = _json(answer)
    if not answer.is_success:
        place = f" at {told['path']}" if told.get("path") else ""
        problem = told.get("error") or f"{answer.reason_phrase}; is {answer.url.host} Twinspan's address?"
        return Delivery(code=Exit.REFUSED, line=f"refused ({answer.status_code}){place}: {problem}")
    rejected = told.get("rejected") or []
    if rejected:
        named = "; ".join(f"event {r.get('index')} at {r.get('path')}: {r.get('error')}" for r in rejected)
        return Delivery(code=Exit.REFUSED, line=f"refused in part, the rest is stored: {named}")
    if told.get("status") == "ignored":
        return Delivery(code=Exit.REFUSED, line=f"ignored: {told.get('reason')}")
    if told.get("status") not in ("accepted", "duplicate"):
        return Delivery(code=Exit.REFUSED, line="refused: this address does not answer like Twinspan")
    word = "already stored" if told["status"] == "duplicate" else "stored"
    number = f" as delivery {told['delivery']}" if told.get("delivery") is not None else ""
    warnings = "".join(f"; warning: {warning}" for warning in told.get("warnings") or [])
    return Delivery(code=Exit.STORED, line=f"{word}{number}{warnings}")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
