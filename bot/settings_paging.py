"""The `paging` of `twinspan.yaml`: policies, pagers, quiet hours, phone numbers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr

from bot.settings_entry import Entry, Words
from bot.settings_oncall import HoursEntry, OnCallEntry, ScheduleEntry, check_hours, restrictions
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean
from models.paging import BACKUP, LEAD, NEVER_HELD, ON_CALL, ROLES, PagerKind, PagingPlan, Policy, QuietHours, Step
from models.words import Severity

# https://developer.pagerduty.com/docs/send-alert-event : an integration key.
_ROUTING_KEY: Final = re.compile(r"[0-9A-Za-z]{32}")
_PHONE: Final = re.compile(r"\+?[\d ()/.,#*x-]{3,40}")
_PERSON: Final = re.compile(r"@\S.*|[^\s@]+@[^\s@]+|[UW][A-Z0-9]{6,}")
_CHANNEL: Final = re.compile(r"#[\w-]{1,80}")
_URLS: Final[dict[PagerKind, str]] = {
    "pagerduty": "https://events.pagerduty.com",
    "opsgenie": "https://api.opsgenie.com",
}


class StepEntry(Entry):
    """One step of a policy."""

    after_minutes: float = Field(
        alias="after", ge=0, le=24 * 60, description="Minutes after the incident began to wait for somebody."
    )
    notify: Words = Field(description="on_call, backup, lead, @person, #channel, or the name of a pager.")


class PolicyEntry(Entry):
    """Who is told when nobody takes an incident, after how long."""

    worst_from: Severity = Field(default=Severity.SEV3, alias="from", description="This severity and worse are paged.")
    steps: tuple[StepEntry, ...] = Field(description="In order; each tells further people.")
    phone_minutes: float = Field(
        default=5, ge=0, le=24 * 60, description="So long after the last step the channel is told whom to phone."
    )


class PagerEntry(Entry):
    """A service that wakes people."""

    kind: PagerKind = Field(description="pagerduty (Events API v2), opsgenie (alerts), or webhook (a POST of JSON).")
    key: SecretStr | None = Field(
        default=None, description="Integration key, API key, or a webhook's bearer token; write ${NAME}."
    )
    url: str | None = Field(default=None, description="The webhook's address; of the others only where it is another.")


class QuietEntry(Entry):
    """When incidents that are not bad wake nobody."""

    timezone: str = Field(default="UTC", description="IANA zone of these hours.")
    hours: tuple[HoursEntry, ...] = Field(description="When it is quiet.")
    hold: tuple[Severity, ...] = Field(
        default=(Severity.SEV3, Severity.SEV4, Severity.SEV5), description="What waits; sev1 and sev2 never do."
    )


class PagingEntry(Entry):
    """Who is woken when nobody takes an incident."""

    policies: dict[str, PolicyEntry] = Field(default={}, description="Name -> the steps.")
    default: str | None = Field(default=None, description="The policy of services that name none.")
    pagers: dict[str, PagerEntry] = Field(default={}, description="Name -> a service that wakes people.")
    quiet_hours: QuietEntry | None = Field(default=None, description="When only sev1 and sev2 wake anybody.")
    phones: dict[str, str] = Field(default={}, description="Person (@handle, name, e-mail) -> phone number.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """A service that wakes people: where it is, and the key to it."""

    kind: PagerKind
    url: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ServicePaging:
    """What the check needs of a service: its policy and schedule as written, and the bridges that hear of it."""

    name: str
    paging: str | None
    on_call: str | None
    bridges: frozenset[str]


def check_paging(
    entry: PagingEntry, on_call: OnCallEntry, services: Iterable[ServicePaging], document: Document
) -> None:
    """Add what is wrong with the section."""
    for name, policy in entry.policies.items():
        _check_policy(("paging", "policies", name), policy, entry.pagers, document)
    for name, pager in entry.pagers.items():
        _check_pager(("paging", "pagers", name), name, pager, document)
    if entry.quiet_hours:
        _check_quiet(("paging", "quiet_hours"), entry.quiet_hours, document)
    for name, number in entry.phones.items():
        if not _PHONE.fullmatch(number.strip()):
            document.complain(("paging", "phones", name), "no phone number", 'Write one such as "+49 30 1234567".')
    if entry.default is not None:
        _check_named(("paging", "default"), entry.default, entry, document)
    for service in services:
        _check_service(service, entry, on_call, document)


def _check_named(place: Place, name: str, entry: PagingEntry, document: Document) -> None:
    if name not in entry.policies:
        fix = did_you_mean(name, entry.policies).strip() or "Add it under paging: policies."
        document.complain(place, f"no paging policy is called {name}", fix)


def _check_policy(path: Place, policy: PolicyEntry, pagers: Mapping[str, PagerEntry], document: Document) -> None:
    if not policy.steps:
        document.complain((*path, "steps"), "a policy without steps", "Name who is told first, such as on_call.")
    for number, step in enumerate(policy.steps):
        place = (*path, "steps", number)
        if number and step.after_minutes <= policy.steps[number - 1].after_minutes:
            fix = "Let each step come later than the one before, or put both into one."
            document.complain((*place, "after"), "not later than the step before", fix)
        if not step.notify:
            document.complain((*place, "notify"), "a step that tells nobody", "Name whom it tells.")
        for index, target in enumerate(step.notify):
            _check_target((*place, "notify", index), target, pagers, document)


def _check_target(place: Place, target: str, pagers: Mapping[str, PagerEntry], document: Document) -> None:
    known = [*ROLES, *pagers]
    is_somebody = _PERSON.fullmatch(target) or (_CHANNEL.fullmatch(target) and target == target.lower())
    if target not in known and not is_somebody:
        near = did_you_mean(target, known).strip()
        more = "Write on_call, backup, lead, @person, '#channel', or the name of a pager."
        document.complain(place, f"nobody is called {target}", near if near.startswith("Did you mean") else more)


def _check_pager(path: Place, name: str, pager: PagerEntry, document: Document) -> None:
    key = pager.key.get_secret_value().strip() if pager.key else ""
    if name in ROLES or _PERSON.fullmatch(name) or name.startswith("#"):
        document.complain(path, f"{name} means somebody else in a policy", "Give the pager another name.")
    if pager.kind != "webhook" and not key:
        document.complain((*path, "key"), "a pager without a key", "Add `key: ${NAME}`.")
    elif pager.kind == "pagerduty" and not _ROUTING_KEY.fullmatch(key):
        fix = "Copy the Integration Key of an Events API v2 integration; a REST API key is something else."
        document.complain((*path, "key"), "an integration key has 32 letters and digits", fix)
    if pager.kind == "webhook" and not pager.url:
        document.complain((*path, "url"), "a webhook without an address", "Add `url:`.")
    if pager.url is not None and not _is_address(pager.url):
        document.complain((*path, "url"), "is not a web address", "Write, for example, https://pager.example/hook.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_quiet(path: Place, quiet: QuietEntry, document: Document) -> None:
    if quiet.timezone not in available_timezones():
        zones = sorted(available_timezones())
        fix = did_you_mean(quiet.timezone, zones).strip() or "Write one such as Europe/Berlin."
        document.complain((*path, "timezone"), f"no zone is called {quiet.timezone}", fix)
    if not quiet.hours:
        document.complain((*path, "hours"), "quiet hours without hours", 'Write [{from: "22:00", to: "07:00"}].')
    for number, hours in enumerate(quiet.hours):
        check_hours((*path, "hours", number), hours, document)
    for index, severity in enumerate(quiet.hold):
        if severity in NEVER_HELD:
            what = f"{severity.value} is never held back"
            document.complain((*path, "hold", index), what, "Take it out; it wakes people at any hour.")


def _check_service(service: ServicePaging, entry: PagingEntry, on_call: OnCallEntry, document: Document) -> None:
    if service.paging is not None:
        _check_named(("services", service.name, "paging"), service.paging, entry, document)
    policy = entry.policies.get(service.paging or entry.default or "")
    if policy is None:
        return
    schedules = dict(_schedules(service, on_call))
    wanted = {target for step in policy.steps for target in step.notify}
    for role in (role for role in ROLES if role in wanted):
        if not schedules:
            fix = "Give it `on_call:`, or a schedule with its `bridge:`, or page somebody by name."
            document.complain(
                ("services", service.name), f"its paging policy tells {role}, and it has no schedule", fix
            )
            return
        if role != ON_CALL and not any(_holder(schedule, role) for schedule in schedules.values()):
            name = min(schedules)
            what = f"names no {role}, whom the paging policy of {service.name} tells"
            document.complain(("on_call", "schedules", name), what, f"Add `{role}:`, or take it out of the policy.")


def _holder(schedule: ScheduleEntry, role: str) -> str | None:
    return {BACKUP: schedule.backup, LEAD: schedule.lead}.get(role)


def _schedules(service: ServicePaging, on_call: OnCallEntry) -> Iterator[tuple[str, ScheduleEntry]]:
    for name, schedule in on_call.schedules.items():
        if service.on_call == name or (service.on_call is None and schedule.bridge in service.bridges):
            yield name, schedule


def paging_plan(entry: PagingEntry) -> PagingPlan:
    """Return how people are paged; the section must have passed every check."""
    quiet = entry.quiet_hours
    return PagingPlan(
        policies=tuple(_policy(name, policy) for name, policy in entry.policies.items()),
        default=entry.default,
        pagers={name: pager.kind for name, pager in entry.pagers.items()},
        quiet=QuietHours(timezone=quiet.timezone, hours=restrictions(quiet.hours), held=frozenset(quiet.hold))
        if quiet
        else None,
        phones={name: number.strip() for name, number in entry.phones.items()},
    )


def _policy(name: str, entry: PolicyEntry) -> Policy:
    return Policy(
        name=name,
        worst_from=entry.worst_from,
        phone_after=timedelta(minutes=entry.phone_minutes),
        steps=tuple(Step(after=timedelta(minutes=s.after_minutes), notify=s.notify) for s in entry.steps),
    )


def pagers(entry: PagingEntry) -> dict[str, Pager]:
    """Return the services that wake people; the section must have passed every check."""
    return {
        name: Pager(
            kind=one.kind,
            url=(one.url or _URLS.get(one.kind, "")).rstrip("/") if one.kind != "webhook" else one.url or "",
            key=(one.key.get_secret_value().strip() or None) if one.key else None,
        )
        for name, one in entry.pagers.items()
    }
