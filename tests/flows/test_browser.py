"""A newcomer's first minute with the demo, in a real Chromium: log a change, see it on both sides, ask why, undo it."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.demo import Demo, demo
from tests.support.browser import CHROMIUM, browsing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def running(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    shutil.copyfile(sqlite_template, tmp_path / "demo.db")
    async with demo(tmp_path / "demo.db", pace=0.02) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def page(running: Demo, browser: Browser) -> AsyncIterator[Page]:
    async with browsing(running.page_url, browser) as tab:
        yield tab


async def test_a_change_is_typed_filled_in_seen_on_both_sides_explained_and_undone(page: Page) -> None:
    composer = page.get_by_role("textbox", name="Message #payments-dev")
    await composer.fill("/change")
    await composer.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What changed").fill("Raised the connection pool to 40")
    await dialog.get_by_label("Service").select_option("payments")
    await dialog.get_by_role("button", name="Log it").click()
    await expect(dialog).to_have_count(0)

    for side in ("#left", "#right"):
        shown = page.locator(f"{side} .message").filter(has_text="Raised the connection pool to 40")
        await expect(shown.filter(has_not_text="Logged as")).to_have_count(1)
    card = page.locator("#right .message").filter(has_text="Raised the connection pool to 40")
    await card.locator(".block").get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Why did I get this?").click()
    why = page.locator("#right .message").filter(has_text="this is the ops channel of the bridge payments")
    await expect(why).to_have_count(1)
    await card.get_by_role("button", name="Undo").click()

    for side in ("#left", "#right"):
        struck = page.locator(f"{side} .message").filter(has_text="undone by Ada")
        await expect(struck).to_have_count(1)
        await expect(struck.locator("del, s, .strike").first).to_contain_text("Raised the connection pool to 40")


async def test_the_day_plays_to_its_end_from_its_button(running: Demo, page: Page) -> None:
    await page.get_by_role("button", name=re.compile("Play a day")).click()
    await expect(page.locator("#status")).to_contain_text("The day is done", timeout=60_000)

    for side in ("#left", "#right"):
        await expect(page.locator(f"{side} .message").filter(has_text="payments")).not_to_have_count(0)
    assert [] == [call.error for call in running.sandbox.workspace.calls if call.error not in (None, "ratelimited")]
