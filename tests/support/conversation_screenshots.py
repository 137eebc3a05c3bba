"""Lets people of both sides talk about an incident in the demo, and takes a picture of it for the documents.

`python -m tests.support.conversation_screenshots`
"""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.demo import Demo, demo
from bot.sandbox.state import Message
from models.paging import PagingPlan
from tests.support.browser import browsing, chromium
from tests.support.oncall_screenshots import DEV, OPS, TO_THE_END
from tests.support.screenshots import IMAGES, is_silent

WIDTH, HEIGHT = 1440, 900
_GRAPH: Final = """
<body style="margin:0;background:#fff"><svg width="360" height="150" font-family="sans-serif" font-size="12">
<text x="10" y="20">db-3, disk used</text>
<path d="M10 120 L90 112 L170 100 L230 84 L280 58 L350 32" fill="none" stroke="#3b5bdb" stroke-width="3"/>
<path d="M10 128 H350" stroke="#adb5bd"/><text x="10" y="143">06:00</text><text x="316" y="143">09:00</text>
</svg></body>
"""


async def take() -> None:
    """Write `conversation.png`: a thread that is one conversation, a question across, a message's ⋯ menu."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder) / "demo.db") as running:
            running.bot.ctx.topology = replace(running.bot.ctx.topology, paging=PagingPlan())
            thread = await _talk(running, await _graph())
            await _picture(running, thread)


async def _graph() -> bytes:
    """Draw the picture that Ada shares."""
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 360, "height": 150})
        await page.set_content(_GRAPH)
        return await page.screenshot()


async def _talk(running: Demo, graph: bytes) -> str:
    """Say it all; return the incident's thread in ops, as the page's address names it."""
    actor = running.sandbox.actor
    await actor.send_slash_command("mira", OPS, "/incident open sev2 payments: disk full on db-3")
    await _settle(running)
    dev, ops = _last(running, DEV), _last(running, OPS)
    await actor.post_message("mira", OPS, "```/dev/sda1  98 %```freeing old logs now", ops.ts)
    await _settle(running)
    jun = running.sandbox.workspace.user("jun").id
    said = await actor.post_message("ada", DEV, f"*Looking*, with ben. <@{jun}> what does `df -h` say?", dev.ts)
    await actor.share_file("ada", DEV, "graph.png", graph, "this is how it grew", dev.ts)
    await _settle(running)
    assert said.message is not None
    await actor.add_reaction("mira", DEV, said.message.ts, "eyes")
    await actor.send_slash_command("ben", DEV, "/ask ops may we restart the workers now?")
    await _settle(running)
    await actor.post_message("jun", OPS, "go ahead, one at a time", _last(running, OPS).ts)
    await _settle(running)
    return f"{ops.channel}:{ops.ts}"


async def _settle(running: Demo) -> None:
    async with asyncio.timeout(60):
        await asyncio.sleep(1.5)  # what Slack tells is put in order first, and then carried
        while not await is_silent(running):
            await asyncio.sleep(0.3)


def _last(running: Demo, channel: str) -> Message:
    """Return the latest message that stands in the channel itself."""
    said = running.sandbox.workspace.timeline(channel)
    return [message for message in said if message.thread_ts in (None, message.ts) and not message.ephemeral_to][-1]


async def _picture(running: Demo, thread: str) -> None:
    look = f"{running.page_url}/?as=ada&left={DEV}&right={OPS}&thread={thread}"
    async with browsing(look, width=WIDTH, height=HEIGHT) as page:
        await page.wait_for_timeout(1000)
        await page.evaluate(TO_THE_END)
        card = page.locator("#right .message").filter(has_text="isk full")
        await card.first.locator(".block").get_by_role("button", name="More actions").click()
        await page.wait_for_timeout(500)
        await page.screenshot(path=IMAGES / "conversation.png")


if __name__ == "__main__":
    asyncio.run(take())
