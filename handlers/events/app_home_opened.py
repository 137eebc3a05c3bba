"""A person looks at the app's home."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from handlers.context import Context
from handlers.events import Event
from handlers.home import publish


async def run(ctx: Context, event: Mapping[str, Any], at: datetime) -> None:
    """Show what waits for them."""
    if event.get("tab") == "home":
        await publish(ctx, str(event["user"]), at)


EVENT: Final = Event(type="app_home_opened", subscriptions={"app_home_opened": ()}, run=run)
