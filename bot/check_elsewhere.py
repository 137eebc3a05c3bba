"""What `twinspan check` tries elsewhere: the schedules that PagerDuty keeps, and whether Slack knows their people."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from bot.pagerduty_schedules import PagerDutySchedules, Unreadable
from bot.settings import Settings
from handlers.oncall import person_of
from models.oncall import HORIZON, OnCallSchedule
from models.paging import ROLES, PagingPlan, Policy
from models.people import Person

_SECONDS = 20.0


async def pagerduty_schedules(settings: Settings, people: Sequence[Person], at: datetime) -> list[tuple[str, str, str]]:
    """Try each schedule that PagerDuty keeps; return (subject, what was found, what to do) for each."""
    wanted = [s for s in settings.topology.schedules if s.pagerduty]
    asked = PagerDutySchedules(settings.pagerduty)
    async with httpx.AsyncClient(timeout=_SECONDS) as client:
        return [await _schedule(asked, client, schedule, people, at) for schedule in wanted]


async def told_back(settings: Settings) -> list[tuple[str, str, str]]:
    """Look whether PagerDuty can be told what people do, without telling it anything."""
    if not any(source.is_told_back for source in settings.topology.sources):
        return []
    subject, asked = "PagerDuty", settings.pagerduty
    headers = {"Authorization": f"Token token={asked.token}", "Accept": "application/json"}
    query = {"query": asked.sender or "", "limit": "100"}
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            answer = await client.get(f"{asked.api}/users", params=query, headers=headers)
    except httpx.HTTPError as error:
        return [(subject, f"cannot be reached: {type(error).__name__}", "Check PAGERDUTY_API_URL.")]
    if answer.status_code != 200:
        fix = "Set PAGERDUTY_TOKEN to a REST API key that may write."
        return [(subject, f"answers {answer.status_code} to PAGERDUTY_TOKEN", fix)]
    if asked.sender is None:
        return [(subject, "is told in the names of those who are users there (PAGERDUTY_FROM is not set)", "")]
    if asked.sender.casefold() not in _addresses(answer):
        return [(subject, f"has no user {asked.sender}", "Set PAGERDUTY_FROM to the address of a user there.")]
    return [(subject, f"is told as {asked.sender} where a person is no user there", "")]


def _addresses(answer: httpx.Response) -> set[str]:
    try:
        return {str(user.get("email")).casefold() for user in answer.json()["users"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def paging(settings: Settings, people: Sequence[Person]) -> list[tuple[str, str, str]]:
    """Look at each policy and pager, as far as that wakes nobody; return (subject, what was found, what to do)."""
    plan = settings.topology.paging
    found = [(f"policy {policy.name}", *_policy(policy, plan, people)) for policy in plan.policies]
    found += [
        (f"pager {name}", f"{pager.kind}, {urlsplit(pager.url).netloc} (not tried: that would wake somebody)", "")
        for name, pager in settings.pagers.items()
    ]
    return found


def _policy(policy: Policy, plan: PagingPlan, people: Sequence[Person]) -> tuple[str, str]:
    named = [t for s in policy.steps for t in s.notify if t not in {*ROLES, *plan.pagers} and not t.startswith("#")]
    unknown = [name for name in dict.fromkeys(named) if people and person_of(name, people) is None]
    if unknown:
        return f"nobody in Slack is {', '.join(unknown)}", "Write @handle, an e-mail address or an id that Slack knows."
    last = policy.steps[-1].after.total_seconds() / 60
    return f"{len(policy.steps)} steps in {last:g} min, {policy.worst_from.value} and worse", ""


async def _schedule(
    asked: PagerDutySchedules,
    client: httpx.AsyncClient,
    schedule: OnCallSchedule,
    people: Sequence[Person],
    at: datetime,
) -> tuple[str, str, str]:
    subject = f"schedule {schedule.name}"
    try:
        shifts = await asked.shifts(client, schedule.pagerduty or "", at, at + HORIZON)
    except Unreadable as error:
        return subject, str(error), "Set PAGERDUTY_TOKEN to a REST API key, and `pagerduty:` to the schedule's id."
    except httpx.HTTPError as error:
        return subject, f"PagerDuty cannot be reached: {type(error).__name__}", "Check PAGERDUTY_API_URL."
    names = list(dict.fromkeys(shift.person for shift in shifts))
    unknown = [name for name in names if people and person_of(name, people) is None]
    if unknown:
        fix = "Let them have the same e-mail address in PagerDuty and in Slack."
        return subject, f"nobody in Slack is {', '.join(unknown)}", fix
    return subject, f"{', '.join(names)} in the next five weeks" if names else "nobody in the next five weeks", ""
