"""Lets the demo post a daily and a weekly digest of nine weeks, and takes their pictures for the documents.

`python -m tests.support.digest_screenshots`
"""

import asyncio
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.async_api import Page

from bot.clock import utc_now
from bot.demo import Demo, demo
from handlers.digest_runs import run_digest
from models.operations import Objective
from models.periods import window_at
from models.topology import DigestPlan
from tests.support.browser import browsing
from tests.support.screenshots import IMAGES, is_silent
from tests.support.weeks import Monitoring, remember

# So wide that no cell of the tables wraps.
WIDTH: Final = 2200
ZONE: Final = "Europe/Berlin"
OBJECTIVE: Final = Objective(target=0.999, latency_target_s=0.3, availability_query="up")
TARGETS: Final = {"cfr": 0.15, "lead_time_median_s": 86_400.0, "fdrt_median_s": 14_400.0}
WEEKLY: Final = DigestPlan(name="mondays", bridges=("payments",), cron="0 9 * * mon", timezone=ZONE, period="week")
DAILY: Final = replace(WEEKLY, name="morning", cron="0 9 * * *", period="day")


async def take() -> None:
    """Write `digest-daily.png` and `digest-weekly.png`: both channels, side by side."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    now = utc_now()
    monday = window_at(now, "week", ZONE).start
    for plan, slot in ((DAILY, monday - timedelta(days=3) + timedelta(hours=9)), (WEEKLY, monday + timedelta(hours=9))):
        with tempfile.TemporaryDirectory() as folder:
            async with demo(Path(folder) / "demo.db") as running:
                await _post(running, plan, slot, monday)
                async with browsing(running.page_url, width=WIDTH, height=900) as page:
                    await _picture(page, IMAGES / f"digest-{'daily' if plan.period == 'day' else 'weekly'}.png")


async def _post(running: Demo, plan: DigestPlan, slot: datetime, monday: datetime) -> None:
    bot = running.bot
    payments, *others = bot.ctx.topology.services
    services = (replace(payments, operations=OBJECTIVE), *others)
    bot.ctx.topology = replace(bot.ctx.topology, services=services, targets=TARGETS)
    bot.ctx.operations = Monitoring()
    await remember(bot.database, bot.ctx.topology, monday.astimezone(UTC), slot)
    await run_digest(bot.ctx, plan, slot, slot)
    async with asyncio.timeout(60):
        while not await is_silent(running):
            await asyncio.sleep(0.3)


async def _picture(page: Page, path: Path) -> None:
    """Take a picture as high as the longer of the two messages."""
    for _ in range(2):  # higher, the first time; then as high as what is drawn by then
        longest = max(await page.evaluate(_HEIGHTS))
        await page.set_viewport_size({"width": WIDTH, "height": int(longest) + _AROUND})
        await page.wait_for_timeout(800)
    await page.evaluate(_TO_THE_TOP)
    await page.screenshot(path=path)


# The bar above the channels, their headings and the box to write in.
_AROUND: Final = 230
_HEIGHTS: Final = """
[...document.querySelectorAll(".pane .message")].map((node) => node.getBoundingClientRect().height)
"""


_TO_THE_TOP: Final = """
for (const region of document.querySelectorAll(".pane .scroll")) {
  region.style.scrollBehavior = "auto";
  region.scrollTop = 0;
}
"""


if __name__ == "__main__":
    asyncio.run(take())
