"""Worked histories of deployments and incidents, each with the numbers that must come out of it."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.database import Database
from handlers.bookkeeping import Told, book
from handlers.reports import Report, Scope, as_json, read_report
from handlers.webhooks import WebhookRequest
from handlers.webhooks.events import SOURCE
from models.periods import Length, Window, window
from models.topology import DEFAULT_ENVIRONMENTS, Environment, Service, Topology, WebhookSource
from models.words import Tier

FILE = Path(__file__).parent.parent / "fixtures" / "metrics" / "histories.json"
EVENTS = WebhookSource(name="ci", kind="events", secrets=("secret",))
REGIONS = tuple(Environment(name=f"prod-{r}", tier=Tier.PRODUCTION) for r in ("eu", "us", "apac"))
TOPOLOGY = Topology(
    services=tuple(Service(name=n, environments=(*DEFAULT_ENVIRONMENTS, *REGIONS)) for n in ("shop", "billing"))
)


@dataclass(frozen=True)
class History:
    """One worked history."""

    name: str
    events: list[dict[str, Any]]
    window: Window
    as_of: datetime
    expect: dict[str, Any]

    def __str__(self) -> str:
        return self.name


def load() -> list[History]:
    """Return every worked history."""
    return [_history(entry) for entry in json.loads(FILE.read_text())]


def _history(entry: dict[str, Any]) -> History:
    told = entry["window"]
    start, end = datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])
    day = date.fromisoformat(
        (told.get("local") or {}).get("date") or (told.get("local") or {}).get("monday") or told["start"][:10]
    )
    length: Length = "day" if (end - start).days < 2 else "week"
    return History(
        name=entry["name"],
        events=entry["events"],
        window=window(day, length, told["tz"]),
        as_of=datetime.fromisoformat(told["as_of"]),
        expect=entry["expect"],
    )


async def remember(database: Database, events: list[dict[str, Any]], *, at_a_time: int = 1) -> None:
    """Write events, in this order, as if each had arrived when it happened."""
    for first in range(0, len(events), at_a_time):
        batch = [told for event in events[first : first + at_a_time] for told in told_by(event)]
        async with database.transaction() as store:
            await book(store, TOPOLOGY, batch)


def told_by(event: dict[str, Any]) -> list[Told]:
    """Parse an event as the door would."""
    at = datetime.fromisoformat(event.get("received_at") or event["occurred_at"])
    request = WebhookRequest(headers={"content-type": "application/json"}, body=json.dumps(event).encode(), at=at)
    return [Told(0, event["source"], at, report) for report in SOURCE.parse(request, EVENTS).reports]


async def report_of(database: Database, history: History, scope: Scope | None = None) -> Report:
    """Read the numbers of a history's window."""
    async with database.reading() as store:
        return await read_report(store, scope or Scope(name="all", services=None), history.window, history.as_of)


async def numbers_of(database: Database, history: History) -> dict[str, Any]:
    """Return those numbers of a history that it expects something of."""
    now = as_json((await report_of(database, history)).now)
    return {name: now[name] for name in history.expect}
