"""`GET /gate?service=&environment=`: may CI deploy now? Answered from memory, as a bare ASGI endpoint.

A worker reads the freezes every half second, so that one set on another replica holds here within a second. While the
database does not answer, what is known to be frozen stays frozen; the rest is let through or not as the configuration
says for the environment, and the answer says so.

| status | when |
|---|---|
| 200 | `allow` is true or false |
| 400, 404 | a parameter is missing, unknown or given twice; the service or environment is not known |
| 401 | the configuration asks for a token, and this is none |
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from bot.door import Receive, Refusal, Scope, Send
from handlers.context import Context
from handlers.errors import TwinspanError
from handlers.freezes import freeze_notices
from handlers.outage import Outage
from handlers.routing import CARD
from handlers.suggest import did_you_mean
from models.freezes import Freeze, Hold, Pass, Verdict, verdict
from models.topology import Environment, Service
from models.words import Tier

PATH: Final = "/gate"
EVERY: Final = 0.5
# So many readings may fail before the gate says that it is in doubt.
STALE_AFTER: Final = timedelta(seconds=5)
_MOST_ANSWERS: Final = 4096
_LONGEST: Final = 200
_PARAMETERS: Final = ("service", "environment", "deploy", "by", "url", "kind")
_HoldKey: TypeAlias = tuple[int, str, str, str, str]
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    service: Service
    environment: Environment
    deploy: str | None
    by: str
    url: str | None
    is_rollback: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    hold: Hold | None = None


@dataclass(kw_only=True)
class Gate:
    """The endpoint, and the worker that keeps what it knows fresh."""

    ctx: Context
    now: Callable[[], datetime]
    tokens: Sequence[str] = ()
    _freezes: Sequence[Freeze] = ()
    _passes: Sequence[Pass] = ()
    _read_at: datetime | None = None
    _answers: dict[bytes, _Answer] = field(default_factory=dict)
    _answers_until: datetime | None = None
    _holds: dict[_HoldKey, Hold] = field(default_factory=dict)
    _written: set[_HoldKey] = field(default_factory=set)
    _outage: Outage = field(default_factory=lambda: Outage("gate_not_refreshed", "gate_refreshed"))

    async def run(self) -> None:
        """Read the freezes, and write down who was held up, every half second until cancelled."""
        while True:
            try:
                # A database that neither answers nor refuses must not end the reading for good.
                async with asyncio.timeout(STALE_AFTER.total_seconds()):
                    await self.refresh()
            except TwinspanError as error:
                self._outage.goes_on(error.reason, self.now())
            except TimeoutError:
                self._outage.goes_on("timeout", self.now())
            except Exception as error:
                self._outage.goes_on(type(error).__name__, self.now(), is_unforeseen=True)
            else:
                self._outage.is_over(self.now())
            await asyncio.sleep(EVERY)

    async def refresh(self) -> None:
        """Read the freezes now, and write down who was held up since."""
        at = self.now()
        self._answers.clear()
        if self._holds:
            await self._write_holds(at)
        async with self.ctx.reading() as store:
            freezes, passes = await store.freezes.standing(at), await store.freezes.passes(at)
        self._freezes, self._passes, self._read_at = freezes, passes, at
        self._written = {key for key in self._written if any(f.id == key[0] for f in freezes)}
        self._answers.clear()

    async def _write_holds(self, at: datetime) -> None:
        holds, self._holds = self._holds, {}
        try:
            async with self.ctx.transaction() as store:
                new = {key[0] for key in holds.keys() - self._written}
                await store.freezes.hold(holds.values())
                for one in self._freezes:
                    if one.id in new:
                        await store.outbox.notify(freeze_notices(one, self.ctx.topology, [CARD]), at)
        except BaseException:
            self._holds = holds | self._holds
            raise
        self._written |= holds.keys()
        if new:
            self.ctx.wake_outbox()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one question."""
        try:
            status, body = 200, await self._answer(scope)
        except Refusal as refusal:
            status, body = refusal.status, _encode({"error": str(refusal)})
        headers = [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope) -> bytes:
        if scope["method"] not in ("GET", "HEAD"):
            raise Refusal(405, "GET asks the gate")
        if self.tokens:
            self._check_token(scope)
        query, at = scope["query_string"], self.now()
        # However long the next reading takes: a freeze begins and ends, and doubt sets in, by the clock.
        if self._answers_until is None or at >= self._answers_until:
            self._answers.clear()
            self._answers_until = at + timedelta(seconds=EVERY)
        known = self._answers.get(query)
        if known is None:
            known = await self._worked_out(query, at)
        if known.hold:
            self._remember(known.hold)
        return known.body

    async def _worked_out(self, query: bytes, at: datetime) -> _Answer:
        question = self._question(query)
        found = self._verdict(question, at)
        if found.let_by:
            # One deploy only: who asks first has the pass. Not kept, for the next one to ask may be another.
            if question.deploy and not await self._claimed(found.let_by, question.deploy):
                found = replace(found, allow=False, let_by=None)
            return self._told(question, found, at)
        answer = self._told(question, found, at)
        if len(self._answers) < _MOST_ANSWERS:
            self._answers[query] = answer
        return answer

    def _verdict(self, question: _Question, at: datetime) -> Verdict:
        return verdict(
            self._freezes,
            self._passes,
            service=question.service.name,
            environment=question.environment.name,
            is_production=question.environment.tier is Tier.PRODUCTION,
            holder=question.deploy,
            at=at,
        )

    async def _claimed(self, one: Pass, deploy: str) -> bool:
        if one.holder == deploy:
            return True
        try:
            async with self.ctx.transaction() as store:
                is_mine = await store.freezes.claim_pass(one.id, deploy)
        except TwinspanError:
            return False
        if is_mine:
            self._passes = [replace(p, holder=deploy) if p.id == one.id else p for p in self._passes]
        return is_mine

    def _told(self, question: _Question, found: Verdict, at: datetime) -> _Answer:
        closed = question.environment.name in self.ctx.topology.freezes.fail_closed
        goes_back = question.is_rollback and self.ctx.topology.freezes.allow_rollbacks
        doubt = self._doubt(at)
        allow = found.allow or goes_back
        reason = None
        if found.freeze:
            reason = found.freeze.reason if not allow else "a pass was given" if found.let_by else "a rollback may pass"
        elif doubt:
            allow, reason = not closed, doubt
        told: dict[str, Any] = {
            "allow": allow,
            "reason": reason,
            "until": found.until,
            "freeze": _freeze(found.freeze),
            "override": _override(found.let_by),
            "service": question.service.name,
            "environment": question.environment.name,
            "fail": "closed" if closed else "open",
            "as_of": self._read_at,
        }
        hold = None if allow or found.freeze is None else _hold(found.freeze, question, at)
        return _Answer(_encode(told), hold)

    def _doubt(self, at: datetime) -> str | None:
        if self._read_at is None:
            return "the freezes have not been read yet"
        if at - self._read_at > STALE_AFTER:
            return f"the freezes are known only as of {self._read_at:%Y-%m-%d %H:%M:%S} UTC"
        return None

    def _question(self, query: bytes) -> _Question:
        given = _parameters(query)
        service = self.ctx.topology.service_named(given["service"])
        if service is None:
            known = [s.name for s in self.ctx.topology.services]
            raise Refusal(
                404, f"no service {given['service']!r} is configured." + did_you_mean(given["service"], known)
            )
        environment = self.ctx.topology.environment_named(service, given["environment"])
        if environment is None:
            known = [e.name for e in service.environments]
            meant = did_you_mean(given["environment"], known)
            raise Refusal(404, f"{service.name} has no environment {given['environment']!r}.{meant}")
        return _Question(
            service=service,
            environment=environment,
            deploy=given.get("deploy"),
            by=given.get("by", ""),
            url=given.get("url"),
            is_rollback=given.get("kind") == "rollback",
        )

    def _remember(self, hold: Hold) -> None:
        key = hold.freeze_id, hold.service, hold.environment, hold.who, hold.deploy
        known = self._holds.get(key)
        self._holds[key] = replace(known, last_at=self.now()) if known else hold

    def _check_token(self, scope: Scope) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        token = given.removeprefix(b"Bearer ").strip()
        if not any(hmac.compare_digest(token, known.encode()) for known in self.tokens):
            raise Refusal(401, "send one of the gate's tokens: Authorization: Bearer …")


def _parameters(query: bytes) -> Mapping[str, str]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=False)
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            raise Refusal(400, f"unknown parameter {name[:40]!r}." + did_you_mean(name, _PARAMETERS))
        if name in given:
            raise Refusal(400, f"{name} is given twice")
        given[name] = value.replace("\0", "")[:_LONGEST]
    for name in ("service", "environment"):
        if name not in given:
            raise Refusal(400, f"{name} is missing: GET /gate?service=payments&environment=production")
    return given


def _freeze(one: Freeze | None) -> dict[str, Any] | None:
    if one is None:
        return None
    told = {"id": one.id, "scope": one.scope, "reason": one.reason, "owner": one.owner}
    return told | {"since": one.since, "until": one.until, "incident": one.incident_id}


def _override(one: Pass | None) -> dict[str, Any] | None:
    return {"by": one.by, "reason": one.reason, "until": one.expires_at} if one else None


def _hold(one: Freeze, question: _Question, at: datetime) -> Hold:
    return Hold(
        freeze_id=one.id,
        service=question.service.name,
        environment=question.environment.name,
        who=question.by,
        deploy=question.deploy or "",
        url=question.url,
        first_at=at,
        last_at=at,
    )
