"""`twinspan replay`: lets stored deliveries be applied again, after a fix of a parser or of the configuration."""

from datetime import datetime

from bot.database import Database, with_schema
from bot.settings import Settings


async def replay(
    settings: Settings, *, source: str | None = None, failed_only: bool = True, since: datetime | None = None
) -> int:
    """Queue deliveries for the inbox of the running bot; return how many. Applying twice changes nothing.

    Raises:
        OldSchema: the database has an older schema than this release needs.
    """
    database = Database(settings.database_url)
    states = ["failed"] if failed_only else ["failed", "done", "held"]
    try:
        await with_schema(database)
        async with database.transaction() as store:
            return await store.deliveries.replay(states=states, source=source, since=since)
    finally:
        await database.close()
