"""What a digest says of what was left to do: incidents without review, action items past due."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from models.periods import Window
from models.store import Store
from models.topology import Bridge

_BACK: Final = timedelta(days=90)
_MOST: Final = 5


async def afterwards(store: Store, bridge: Bridge, window: Window, at: datetime) -> dict[str, Any]:
    """Return it as plain JSON, the worst and the latest of each kind by name."""
    until = min(window.end, at)
    unreviewed = await store.incidents.unreviewed(bridge.services, until - _BACK, until)
    recent = await store.incidents.recent_numbers(bridge.services, until - _BACK)
    yesterday = at.astimezone(ZoneInfo(window.timezone)).date() - timedelta(days=1)
    late = await store.responses.items(incident_ids=recent, due_by=min(window.last, yesterday))
    return {
        "unreviewed": len(unreviewed),
        "worst": [{"id": i.id, "title": i.headline, "severity": i.severity} for i in unreviewed[:_MOST]],
        "late": len(late),
        "latest": [
            {"id": i.id, "text": i.text, "owner": i.owner, "due_on": str(i.due_on), "incident": i.incident_id}
            for i in late[:_MOST]
        ],
    }
