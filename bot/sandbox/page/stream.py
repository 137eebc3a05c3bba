"""Server-sent events: what changes in the workspace, drawn for one browser tab as long as it looks.

Two events: `list` brings a pane's messages (`id`, the whole `order` of ids, and the `html` of those that are new to
this tab), `part` brings another part of the page (`id`, `html`).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from bot.sandbox.page.look import HOME, Look
from bot.sandbox.page.painter import Item, Painter
from bot.sandbox.workspace import Subscription, Workspace

_TOGETHER_SECONDS: Final = 0.08
_QUIET_SECONDS: Final = 15.0


class Tab:
    """What one tab has been told, so that only the rest is sent."""

    def __init__(self, painter: Painter, look: Look) -> None:
        self._painter = painter
        self._look = look
        self._drawn: dict[tuple[str, str, bool], Item] = {}
        self._told: dict[str, str] = {}
        self._orders: dict[str, list[str]] = {}

    def forget(self, notice: dict[str, Any]) -> None:
        """Draw the message that a notice is about again, and the parent whose replies it counts among."""
        stale = {notice.get("ts"), notice.get("thread_ts")}
        for key in [key for key in self._drawn if key[1] in stale]:
            del self._drawn[key]

    def events(self) -> list[str]:
        """Everything that this tab does not know yet."""
        panes = [side for side in ("left", "right") if self._look[side] != HOME]
        lists = [self._list(pane) for pane in (*panes, *(["thread"] if self._look.thread else []))]
        parts = [self._part(name, html) for name, html in self._painter.parts(self._look).items()]
        return [event for event in (*lists, *parts) if event]

    def _list(self, pane: str) -> str:
        items = self._painter.messages(self._look, pane, self._drawn)
        order = [item.id for item in items]
        fresh = {item.id: str(item.html) for item in items if self._told.get(item.id) != item.html}
        if not fresh and self._orders.get(pane) == order:
            return ""
        self._told.update(fresh)
        self._orders[pane] = order
        return _event("list", {"id": pane, "order": order, "html": fresh})

    def _part(self, name: str, html: str) -> str:
        if self._told.get(name) == html:
            return ""
        self._told[name] = html
        return _event("part", {"id": name, "html": html})


async def stream(workspace: Workspace, painter: Painter, look: Look) -> AsyncIterator[str]:
    """The events for one tab: everything once, then what changes, until the tab or the workspace is closed.

    What changes at nearly the same moment is drawn once; a comment now and then shows that the line still stands.
    """
    tab = Tab(painter, look)
    async with workspace.subscribe() as notices:
        yield "retry: 1000\n\n" + "".join(tab.events())
        waiting = asyncio.ensure_future(_some(notices))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=_QUIET_SECONDS)
                if not done:
                    yield ": still here\n\n"
                    continue
                changes = waiting.result()
                if changes is None:
                    return
                for notice in changes:
                    tab.forget(notice)
                waiting = asyncio.ensure_future(_some(notices))
                if events := "".join(tab.events()):
                    yield events
        finally:
            waiting.cancel()


async def _some(notices: Subscription) -> list[dict[str, Any]] | None:
    """The next notices that matter to a page, gathered for a moment; None when there will be no more."""
    gathered: list[dict[str, Any]] = []
    closing: float | None = None
    while True:
        try:
            async with asyncio.timeout_at(closing):
                notice = await anext(notices)
        except TimeoutError:
            return gathered
        except StopAsyncIteration:
            return gathered or None
        if notice["kind"] != "call":
            gathered.append(notice)
            closing = closing or asyncio.get_running_loop().time() + _TOGETHER_SECONDS


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
