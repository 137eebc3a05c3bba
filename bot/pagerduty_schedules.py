"""Reads who is on call from PagerDuty, by its schedules of layers and of shifts; people are named by e-mail address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from bot.settings_environment import PagerDuty
from models.oncall import Shift

_WORDS: Final = {
    401: "PagerDuty does not accept PAGERDUTY_TOKEN",
    403: "PAGERDUTY_TOKEN may not read schedules",
    429: "PagerDuty is asked too often",
}
# What a schedule of layers is answered where schedules of shifts are asked for.
_OF_LAYERS: Final = (400, 404)
# Addresses change rarely; a new one is known after at most this long.
_REMEMBERED: Final = timedelta(hours=6)


class Unreadable(Exception):
    """A calendar or a schedule cannot be read; the words are for people."""


@dataclass(slots=True)
class PagerDutySchedules:
    """Asks PagerDuty, and remembers for a while whom it was told of."""

    pagerduty: PagerDuty
    _known: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def shifts(self, client: httpx.AsyncClient, number: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Return who is on call in `[start, end)`, which is at most three months long.

        Raises:
            Unreadable: PagerDuty does not tell.
            httpx.HTTPError: it cannot be reached.
        """
        if not self.pagerduty.token:
            raise Unreadable("PAGERDUTY_TOKEN is not set")
        spans = await self._spans(client, number, start, end)
        names = {user: await self._name(client, user, known, start) for user, known in _users(spans).items()}
        try:
            return tuple(_shift(span, names) for span in spans)
        except (ValueError, TypeError, AttributeError) as error:
            raise Unreadable("PagerDuty's answer is not as documented") from error

    async def _spans(
        self, client: httpx.AsyncClient, number: str, start: datetime, end: datetime
    ) -> list[tuple[Any, Any, str, str]]:
        """Return (start, end, user id, name or nothing).

        https://developer.pagerduty.com/docs/schedules-v2-to-v3-upgrade : whoever does not know which of the two a
        schedule is asks for shifts first.
        """
        window = {"since": start.isoformat(), "until": end.isoformat(), "time_zone": "UTC"}
        path = quote(number, safe="")
        answer = await self._get(client, f"/v3/schedules/{path}", {**window, "include[]": "final_schedule"})
        if answer.status_code in _OF_LAYERS:
            answer = await self._get(client, f"/schedules/{path}", window)
        if answer.status_code == 404:
            raise Unreadable(f"PagerDuty knows no schedule {number}; its id stands at the end of its address")
        if answer.status_code != 200:
            raise Unreadable(_WORDS.get(answer.status_code, f"PagerDuty answers {answer.status_code}"))
        try:
            final = answer.json()["schedule"]["final_schedule"]
            return list(_of_layers(final) if "rendered_schedule_entries" in final else _of_shifts(final))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable("PagerDuty's answer is not as documented") from error

    async def _name(self, client: httpx.AsyncClient, user: str, known: str, at: datetime) -> str:
        """Return a user's e-mail address, by which they are found in Slack; where it is not told, what is known."""
        if "@" in known:
            return known
        remembered = self._known.get(user)
        if remembered and remembered[1] > at:
            return remembered[0]
        answer = await self._get(client, f"/users/{quote(user, safe='')}", {})
        told = answer.json().get("user") if answer.status_code == 200 else None
        name = str((told or {}).get("email") or (told or {}).get("name") or known or user)
        self._known[user] = name, at + _REMEMBERED
        return name

    async def _get(self, client: httpx.AsyncClient, path: str, params: Mapping[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Token token={self.pagerduty.token}", "Accept": "application/json"}
        return await client.get(f"{self.pagerduty.api}{path}", params=params, headers=headers)


def _of_layers(final: Any) -> Iterable[tuple[Any, Any, str, str]]:
    for entry in final["rendered_schedule_entries"]:
        user = entry["user"]
        yield (
            entry["start"],
            entry["end"],
            user["id"],
            user.get("email") or user.get("name") or user.get("summary") or "",
        )


def _of_shifts(final: Any) -> Iterable[tuple[Any, Any, str, str]]:
    for entry in final["computed_shift_assignments"]:
        if entry["member"]["type"] == "user_member":
            yield entry["start_time"], entry["end_time"], entry["member"]["user_id"], ""


def _users(spans: Iterable[tuple[Any, Any, str, str]]) -> dict[str, str]:
    return {user: known for _, _, user, known in spans}


def _shift(span: tuple[Any, Any, str, str], names: Mapping[str, str]) -> Shift:
    start, end = (datetime.fromisoformat(at).astimezone(UTC) for at in span[:2])
    return Shift(person=names[span[2]], start=start, end=end, why="pagerduty")
