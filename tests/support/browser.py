"""A real Chromium, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
# What is there at once on an idle machine takes longer where every processor runs tests.
expect.set_options(timeout=20_000)
_SWITCHES = (
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium: with Playwright's own program that takes longer than most of what is seen in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[f"--{switch}" for switch in _SWITCHES]
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def browsing(
    url: str,
    browser: Browser | None = None,
    *,
    width: int = 1440,
    height: int = 900,
    colors: Literal["light", "dark"] = "light",
    timezone: str = "Europe/London",
) -> AsyncIterator[Page]:
    """Open the sandbox's page as somebody new; anything that the browser complains about fails the test.

    Without a `browser` that runs, one is started for it.
    """
    complaints: list[str] = []
    async with nullcontext(browser) if browser else chromium() as used:
        tab = await used.new_page(
            viewport={"width": width, "height": height},
            locale="en-GB",
            timezone_id=timezone,
            color_scheme=colors,
        )
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await tab.goto(url)
        await expect(tab.locator("#left[data-settled]")).to_be_attached()
        yield tab
        await tab.close()  # with all that it kept: a page made like this has its own
    assert [] == complaints
