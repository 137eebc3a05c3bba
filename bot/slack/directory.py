"""Who is in the workspace, as Slack tells it; remembered for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from handlers.errors import PostFailure
from models.people import Person

_REMEMBERED: Final = timedelta(minutes=10)
_PAGE: Final = 200
_SLACKBOT: Final = "USLACKBOT"


@dataclass(slots=True)
class Directory:
    """The people of a workspace: no bots, nobody who has left."""

    client: AsyncWebClient
    clock: Callable[[], datetime]
    _known: list[Person] = field(default_factory=list)
    _until: datetime | None = None

    async def people(self) -> list[Person]:
        """Return everybody, asked of Slack at most every ten minutes. https://docs.slack.dev/reference/methods/users.list

        Raises:
            PostFailure: Slack does not tell, and never did.
        """
        if self._until is None or self._until <= self.clock():
            try:
                self._known = await self._asked()
            except PostFailure:
                # Who was there ten minutes ago is a better answer than nobody; it is asked again the next time.
                if not self._known:
                    raise
                return self._known
            self._until = self.clock() + _REMEMBERED
        return self._known

    async def _asked(self) -> list[Person]:
        found: list[Person] = []
        cursor = ""
        while True:
            answer = await answered(self.client.users_list(limit=_PAGE, cursor=cursor))
            found += [_person(m) for m in answer.get("members") or [] if _is_person(m)]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found


def _is_person(member: dict[str, Any]) -> bool:
    return not (member.get("deleted") or member.get("is_bot") or member["id"] == _SLACKBOT)


def _person(member: dict[str, Any]) -> Person:
    profile = member.get("profile") or {}
    real_name = profile.get("real_name") or member.get("real_name") or ""
    return Person(
        user_id=member["id"],
        name=profile.get("display_name") or real_name or member["name"],
        handle=member["name"],
        real_name=real_name,
        email=profile.get("email") or "",
        timezone=member.get("tz"),
        picture=profile.get("image_72") or None,
    )
