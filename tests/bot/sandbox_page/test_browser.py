"""The page in a real Chromium: live, filled in and pressed as a person does, with the keyboard too."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.bot.sandbox_page.conftest import Stage, staged
from tests.support.browser import CHROMIUM, browsing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """The same as elsewhere, in the loop in which the browser is."""
    async with staged() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def page(stage: Stage, browser: Browser) -> AsyncIterator[Page]:
    """The page as Ada sees it; anything that the browser complains about fails the test."""
    async with browsing(stage.url, browser, width=1280, height=800, timezone="Asia/Tokyo") as tab:
        yield tab


async def test_a_message_appears_is_edited_and_disappears_while_one_watches(stage: Stage, page: Page) -> None:
    await expect(page.get_by_text("Nothing here yet")).to_have_count(2)
    posted = await stage.slack.chat_postMessage(channel="payments-ops", text="payments is *queued*")
    await expect(page.locator("#right .message")).to_contain_text("payments is queued")
    await stage.slack.chat_update(channel=posted["channel"], ts=posted["ts"], text="payments is *live*")
    await expect(page.locator("#right .message")).to_contain_text("payments is live")
    await expect(page.locator("#right .edited")).to_have_text("(edited)")
    await stage.slack.chat_delete(channel=posted["channel"], ts=posted["ts"])
    await expect(page.locator("#right .message")).to_have_count(0)


async def test_a_command_is_completed_its_modal_filled_in_and_its_errors_shown(stage: Stage, page: Page) -> None:
    composer = page.get_by_role("textbox", name="Message #payments-dev")
    await composer.fill("/c")
    await expect(page.get_by_role("option", name="/change")).to_be_visible()
    await composer.press("Enter")
    await expect(composer).to_have_value("/change ")
    await composer.press("Enter")
    dialog = page.get_by_role("dialog", name="Log a change")
    await expect(dialog.get_by_label("What was changed")).to_be_focused()
    await dialog.get_by_label("What was changed").fill("nonsense")
    await dialog.get_by_label("Approved by").select_option("Jun Takeda")
    await dialog.get_by_role("button", name="Log it").click()
    await expect(dialog.get_by_role("alert").filter(has_text="Say what was changed.")).to_be_visible()
    await dialog.get_by_label("What was changed").fill("Pool to 40")
    await dialog.get_by_role("button", name="Log it").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#left .message")).to_contain_text("Changed: Pool to 40")
    assert stage.user("jun") == stage.bot.interactions[-1]["view"]["state"]["values"]["who"]["person"]["selected_user"]


async def test_escape_closes_a_modal_in_the_workspace_too(stage: Stage, page: Page) -> None:
    await stage.post("say", channel="payments-dev", text="/change")
    await expect(page.get_by_role("dialog", name="Log a change")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert [] == stage.sandbox.workspace.modals("ada")


async def test_a_button_that_asks_first_is_pressed_only_after_a_yes(stage: Stage, page: Page) -> None:
    plain = {"type": "plain_text"}
    confirm = {
        "title": {**plain, "text": "Undo?"},
        "text": {**plain, "text": "Really"},
        "confirm": {**plain, "text": "Yes"},
    }
    button = {"type": "button", "action_id": "undo", "text": {**plain, "text": "Undo"}}
    button["confirm"] = {**confirm, "deny": {**plain, "text": "No"}}
    blocks = [{"type": "actions", "elements": [button]}]
    await stage.slack.chat_postMessage(channel="payments-dev", text="x", blocks=blocks)
    await page.get_by_role("button", name="Undo", exact=True).click()
    await page.get_by_role("button", name="No").click()
    await page.get_by_role("button", name="Undo", exact=True).click()
    await page.get_by_role("button", name="Yes").click()
    await stage.sandbox.workspace.until(lambda: stage.bot.interactions)
    await expect(page.get_by_role("button", name="Undo", exact=True)).not_to_have_attribute("aria-busy", "true")
    assert ["undo"] == [payload["actions"][0]["action_id"] for payload in stage.bot.interactions]


async def test_a_message_is_logged_with_its_shortcut_and_edited_in_place(stage: Stage, page: Page) -> None:
    composer = page.get_by_role("textbox", name="Message #payments-dev")
    await composer.fill("Helo")
    await composer.press("Enter")
    message = page.locator("#left .message")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Log as change").click()
    await stage.sandbox.workspace.until(lambda: stage.bot.interactions)
    assert "log_change" == stage.bot.interactions[0]["callback_id"]
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Edit message").click()
    await page.get_by_role("textbox", name="Edit message").fill("Hello")
    await page.get_by_role("button", name="Save").click()
    await expect(message).to_contain_text("Hello")
    await expect(message.locator(".edited")).to_be_visible()


async def test_a_thread_is_opened_answered_and_closed(stage: Stage, page: Page) -> None:
    await stage.slack.chat_postMessage(channel="payments-dev", text="Deployed")
    message = page.locator("#left .message")
    await message.hover()
    await message.get_by_role("link", name="Reply in a thread").click()
    reply = page.get_by_role("textbox", name="Reply")
    await reply.fill("Well done")
    await reply.press("Enter")
    await expect(page.locator("#thread")).to_contain_text("Well done")
    await page.get_by_role("link", name="Close the thread").click()
    await expect(page.locator("#left .thread-link")).to_contain_text("1 reply")


async def test_dates_are_shown_in_the_readers_own_zone(stage: Stage, page: Page) -> None:
    text = "<!date^1764000000^{date_num} {time}|noon somewhere>"
    await stage.slack.chat_postMessage(channel="payments-dev", text=text)
    await expect(page.locator("#left .said time")).to_have_text("2025-11-25 01:00")


async def test_one_becomes_somebody_else_and_changes_the_light(stage: Stage, page: Page) -> None:
    await page.get_by_role("link", name="Mira").click()
    await expect(page.locator('[aria-current="true"]', has_text="Mira")).to_be_visible()
    await page.get_by_role("button", name="Light or dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_what_one_does_before_the_scripts_have_come_happens_when_they_come(stage: Stage, page: Page) -> None:
    come = asyncio.Event()

    async def late(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/compose.js", late)
    await page.goto(stage.url, wait_until="commit")
    await page.get_by_role("button", name="Light or dark").click()
    composer = page.get_by_role("textbox", name="Message #payments-dev")
    await composer.fill("I type fast")
    await composer.press("Enter")
    come.set()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator("#left .message")).to_contain_text("I type fast")
    await expect(composer).to_have_value("")


async def test_a_fault_is_switched_on_with_the_keyboard(stage: Stage, page: Page) -> None:
    await page.get_by_role("button", name="Faults").press("Enter")
    await page.get_by_role("switch", name="Slack is down").press("Space")
    await expect(page.get_by_role("switch", name="Slack is down")).to_be_checked()
    await expect(page.locator("#status")).to_contain_text("Slack is down")
    assert ["down"] == [fault.kind for fault in stage.sandbox.workspace.faults]


async def test_a_narrow_window_has_one_column(page: Page) -> None:
    await page.set_viewport_size({"width": 800, "height": 900})
    left, right = page.locator(".pane-left"), page.locator(".pane-right")
    boxes = [await pane.bounding_box() for pane in (left, right)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] == boxes[1]["x"]
    assert boxes[0]["y"] < boxes[1]["y"]


@pytest.mark.parametrize("width", [1280, 1500])
async def test_nothing_of_a_digests_table_is_beyond_the_edge(stage: Stage, page: Page, width: int) -> None:
    head = ["Number", "Now", "Week before", "Change", "Median of 8", "Target"]
    row = [
        "Time to acknowledge",
        "7m 37s · p90 7m 43s · n 3",
        "18h 48m · n 15",
        "▼ worse, +12 pp",
        "1h 5m ▁▂▃▄▅▆▇█",
        "at most 15 %, missed",
    ]
    rows = [[{"type": "raw_text", "text": text} for text in texts] for texts in (head, row)]
    table = {"type": "data_table", "caption": "Now, and the week before", "rows": rows}
    await page.set_viewport_size({"width": width, "height": 800})
    await stage.slack.chat_postMessage(channel="payments-dev", text="A digest", blocks=[table])
    frame = page.locator("#left .table-frame")
    await expect(frame.get_by_text("missed")).to_be_visible()
    assert await frame.evaluate("node => node.clientWidth") == await frame.evaluate("node => node.scrollWidth")


async def test_a_link_to_a_message_shows_it_where_it_stands(stage: Stage, page: Page) -> None:
    posted = await stage.slack.chat_postMessage(channel="payments-ops", text="The other side")
    link = (await stage.slack.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"]))["permalink"]
    await stage.slack.chat_postMessage(channel="payments-dev", text=f"See <{link}|ops>")
    await page.get_by_role("link", name="ops", exact=True).click()
    await expect(page.locator("#right .message.changed")).to_contain_text("The other side")
    assert 1 == len(page.context.pages)
