"""Plays the demo's day and takes the pictures of the README: `python -m tests.support.screenshots`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Page, expect

from bot.demo import Demo, demo
from tests.support.browser import browsing

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
COLORS: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
# The bot says about one message per second and channel; the day has to leave it time for that.
PACE: Final = 0.7


async def take() -> None:
    """Write `sandbox-light.png` and `sandbox-dark.png`."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder) / "demo.db", pace=PACE) as running:
            await _play(running)
            for colors in COLORS:
                async with browsing(running.page_url, colors=colors) as page:
                    await _picture(page, IMAGES / f"sandbox-{colors}.png")


async def _play(running: Demo) -> None:
    async with browsing(running.page_url) as page:
        await page.get_by_role("button", name="Play a day").click()
        await expect(page.locator("#status")).to_contain_text("The day is done", timeout=180_000)
    async with asyncio.timeout(60):
        while not await is_silent(running):
            await asyncio.sleep(0.5)


async def is_silent(running: Demo) -> bool:
    """Say whether all that is to be said is said."""
    async with running.bot.database.reading() as store:
        return (await store.outbox.backlog())[0] == 0


async def _picture(page: Page, path: Path) -> None:
    """Take a picture that begins with the incident on each side; what came after it fills the rest."""
    await page.evaluate(_SCROLL)
    await page.wait_for_timeout(800)
    await page.screenshot(path=path)


_SCROLL: Final = """
for (const region of document.querySelectorAll(".pane .scroll")) {
  const incident = [...region.querySelectorAll(".message")].find((node) => node.textContent.includes("INC-"));
  const above = incident.getBoundingClientRect().top - region.getBoundingClientRect().top;
  region.style.scrollBehavior = "auto";
  region.scrollTop += above - 8;
}
"""


if __name__ == "__main__":
    asyncio.run(take())
