"""Finds whom the words of a paging policy mean for an incident, and by which way they can be told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from handlers.oncall import person_of, who
from handlers.sender_calls import is_open_here_alone
from models.paging import BACKUP, LEAD, ON_CALL, Via
from models.people import Person, people_called
from models.records import Incident
from models.store import Store
from models.topology import Topology

_ROLES: Final = {ON_CALL: "on call", BACKUP: "backup", LEAD: "lead"}

_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{6,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One whom a target means. `channel` is where Slack tells them; `reason` is why nobody can."""

    target: str
    who: str
    via: Via
    why: str = ""
    channel: str | None = None
    user_id: str | None = None
    phone: str | None = None
    reason: str | None = None


async def reach(
    store: Store, topology: Topology, people: Sequence[Person] | None, leader: Incident, target: str, at: datetime
) -> list[Reached]:
    """Return everybody whom a target means; at least one, that says why there is nobody.

    `people` is `None` where Slack does not tell who there is.
    """
    if target in topology.paging.pagers:
        return [_pager(topology, leader, target, is_known_there=not await is_open_here_alone(store, leader))]
    if target.startswith("#") or _CHANNEL_ID.fullmatch(target):
        return [Reached(target=target, who=target, via="slack", channel=target)]
    if target not in _ROLES and (schedule := topology.schedule_named(target)):
        duty = await who(store, schedule, at)
        missing = _nobody(target, target, "nobody is on call")
        return [_person(topology, people, target, duty.person, f"on call, {target}")] if duty else [missing]
    if target not in _ROLES:
        return [_person(topology, people, target, target, "")]
    members = await _members(store, topology, leader, target, at)
    if not members:
        return [_nobody(target, _ROLES[target], _missing(topology, leader, target))]
    return [_person(topology, people, target, member, _ROLES[target]) for member in dict.fromkeys(members)]


async def _members(store: Store, topology: Topology, leader: Incident, target: str, at: datetime) -> list[str]:
    """Return whom the schedules of an incident's services name for a role, in the schedules' words."""
    schedules = topology.schedules_for(leader.services)
    if target != ON_CALL:
        return [m for s in schedules if (m := s.backup if target == BACKUP else s.lead)]
    return [duty.person for s in schedules if (duty := await who(store, s, at))]


def _missing(topology: Topology, leader: Incident, target: str) -> str:
    if not topology.schedules_for(leader.services):
        return "no on-call schedule is for it"
    return "nobody is on call" if target == ON_CALL else f"the schedule names no {_ROLES[target]}"


def _person(topology: Topology, people: Sequence[Person] | None, target: str, member: str, why: str) -> Reached:
    """Return a person, by direct message where Slack knows exactly one of that name."""
    person = person_of(member, people or ())
    phone = phone_of(topology.paging.phones, member, person)
    if person is None:
        several = "several people are called so" if people_called(member, people or ()) else None
        reason = several or ("Slack does not answer" if people is None else "Slack knows nobody of that name")
        return replace(_nobody(target, member, reason), why=why, phone=phone)
    return Reached(
        target=target,
        who=f"{person.name} ({why})" if why else person.name,
        via="slack",
        why=why,
        channel=person.user_id,
        user_id=person.user_id,
        phone=phone,
    )


def _nobody(target: str, member: str, reason: str) -> Reached:
    return Reached(target=target, who=member, via="nobody", reason=reason)


def _pager(topology: Topology, leader: Incident, target: str, *, is_known_there: bool) -> Reached:
    """Return a pager; PagerDuty is not asked to page for its own incident that is open there: it does so itself."""
    source = topology.source_named(leader.source) if is_known_there else None
    is_its_own = topology.paging.pagers[target] == "pagerduty" and source is not None and source.kind == "pagerduty"
    return Reached(target=target, who=target, via="itself" if is_its_own else "pager")


def phone_of(phones: Mapping[str, str], member: str, person: Person | None) -> str | None:
    """Return the number of whom a schedule or a policy names so, however the configuration calls them."""
    wanted = member.removeprefix("@").casefold()
    for name, number in phones.items():
        if name.removeprefix("@").casefold() == wanted or (person and people_called(name, [person])):
            return number
    return None
