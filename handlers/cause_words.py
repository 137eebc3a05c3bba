"""Reads what a person names as the cause of an incident: a deploy by number, commit, id or link, or a word."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from handlers.errors import UserError
from handlers.references import is_link, number_behind
from handlers.suggest import did_you_mean
from models.attribution import Member, numbered
from models.records import Incident
from models.store import Store
from models.words import Cause

WORDS: Final = {"external": Cause.EXTERNAL, "capacity": Cause.CAPACITY, "unknown": Cause.UNKNOWN}
UNDO: Final = "undo"
_NUMBER: Final = re.compile(r"(?:deploy\s+)?#?(\d{1,9})", re.IGNORECASE)
_SHA: Final = re.compile(r"[0-9a-f]{7,64}")
_WHOLE_SHA: Final = 40
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was named: the kind of cause, and the deployment (`names` only: one that has not been heard of yet)."""

    cause: Cause
    names: tuple[str, ...] = ()
    deploy: Member | None = None


async def read_cause(store: Store, incident: Incident, words: str) -> Named:
    """Return what a person means.

    Raises:
        UserError: it is no cause, or the deployment cannot have caused anything.
    """
    said = words.strip()
    if kind := WORDS.get(said.casefold()):
        return Named(cause=kind)
    deploy = await _deploy(store, incident, said)
    if deploy:
        return Named(cause=Cause.CHANGE, names=(numbered(deploy.id),), deploy=deploy)
    if _SHA.fullmatch(said) and len(said) >= _WHOLE_SHA:
        return Named(cause=Cause.CHANGE, names=(said,))
    raise UserError(await _complaint(store, incident, said))


async def _deploy(store: Store, incident: Incident, said: str) -> Member | None:
    if is_link(said):
        number = await number_behind(store, said, "deploy")
        if number is None:
            raise UserError("That message is about no deploy.")
        return await _numbered(store, number)
    if (found := _NUMBER.fullmatch(said)) and (deploy := await _numbered(store, int(found[1]))):
        return deploy
    answering = [m for members in (await store.lanes.named({said})).values() for m in members]
    if not answering and _SHA.fullmatch(said.casefold()):
        answering = await store.lanes.with_sha(said.casefold())
    return _nearest(incident, answering)


async def _numbered(store: Store, number: int) -> Member | None:
    members = await store.lanes.members([number])
    if number not in members and (deploy := await store.deploys.get(number)):
        raise UserError(
            f"#{number} is {deploy.status.value} in {deploy.environment}: only a deploy that succeeded in production "
            "can have caused an incident in the numbers."
        )
    return members.get(number)


def _nearest(incident: Incident, members: list[Member]) -> Member | None:
    """Return the deployment of the incident's own services that was the last before it; else the latest."""
    started = incident.started_at or incident.received_at

    def place(member: Member) -> tuple[bool, bool, datetime]:
        return member.service in incident.services, member.finished_at <= started, member.finished_at

    return max(members, key=place, default=None)


async def _complaint(store: Store, incident: Incident, said: str) -> str:
    recent = await store.lanes.latest(incident.services, incident.started_at or incident.received_at, 5)
    listed = ", ".join(f"`#{m.id}` ({m.service} {m.version or (m.sha or '')[:7]})" for m in recent)
    known = f" The deploys before it: {listed}." if listed else ""
    if not said:
        name = f"INC-{incident.leader_id or incident.id}"
        return f"What caused {name}? A deploy (`#41` or a commit), `external`, `capacity` or `unknown`.{known}"
    return f"I know no deploy “{said[:60]}”, and it is no other cause.{did_you_mean(said, WORDS, '`{}`')}{known}"
