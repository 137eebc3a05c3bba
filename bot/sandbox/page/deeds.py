"""What a person does on the page, from the JSON that its script sends to the workspace's `Actor`.

Every body has `as` (the user's id); each method names the rest. The answer is what to show: `{"shown": words}` where
Slack would say that something went wrong, `{"errors": {block id: words}}` for a refused form, otherwise empty.
"""

import html
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from bot.sandbox.actor import Actor
from bot.sandbox.page.faults import switch
from bot.sandbox.page.render import field_name
from bot.sandbox.page.scenario import Scenario
from bot.sandbox.workspace import Outcome, Workspace

Body = Mapping[str, Any]

_SEVERAL: Final = frozenset(f"multi_{kind}_select" for kind in ("static", "users", "channels", "conversations")) | {
    "checkboxes"
}
_WEB: Final = re.compile(r"https?://[^\s<>|]+")


class Deeds:
    """One method for each thing that the page can do."""

    def __init__(self, workspace: Workspace, actor: Actor, scenario: Scenario) -> None:
        self._workspace = workspace
        self._actor = actor
        self._scenario = scenario

    async def say(self, body: Body) -> dict[str, Any]:
        """Send what was typed (`channel`, `text`, `thread`): a command where it begins with a slash."""
        user, channel, text = str(body["as"]), str(body["channel"]), str(body["text"]).strip()
        thread = str(body.get("thread") or "") or None
        if not text:
            return {}
        if text.startswith("/"):
            return _shown(await self._actor.send_slash_command(user, channel, self._named(text), thread_ts=thread))
        return _shown(await self._actor.post_message(user, channel, self._written(text), thread_ts=thread))

    async def act(self, body: Body) -> dict[str, Any]:
        """Press or choose (`action`, `block`, `kind` press or choose, `value`; `channel` and `ts`, or `view`)."""
        user, action = str(body["as"]), str(body["action"])
        where: dict[str, Any] = {"block_id": body.get("block") or None}
        where |= {"view_id": body["view"]} if body.get("view") else {"channel": body["channel"], "ts": body["ts"]}
        if body.get("kind") == "choose":
            return _shown(await self._actor.choose(user, action, body.get("value"), **where))
        return _shown(await self._actor.click(user, action, **where))

    async def submit(self, body: Body) -> dict[str, Any]:
        """Send the form of a modal (`view`, `fields`: a list of values by the control's name)."""
        user, view = str(body["as"]), str(body["view"])
        values = form_values(self._workspace.views[view].payload.get("blocks", ()), dict(body["fields"]))
        return _shown(await self._actor.submit_view(user, view, values))

    async def close(self, body: Body) -> dict[str, Any]:
        """Close a modal (`view`)."""
        return _shown(await self._actor.close_view(str(body["as"]), str(body["view"])))

    async def shortcut(self, body: Body) -> dict[str, Any]:
        """Run a message shortcut (`callback_id`, `channel`, `ts`)."""
        outcome = await self._actor.run_shortcut(
            str(body["as"]), str(body["callback_id"]), str(body["channel"]), str(body["ts"])
        )
        return _shown(outcome)

    async def edit(self, body: Body) -> dict[str, Any]:
        """Change one's own message (`channel`, `ts`, `text`)."""
        text = self._written(str(body["text"]))
        return _shown(await self._actor.edit_message(str(body["as"]), str(body["channel"]), str(body["ts"]), text))

    async def delete(self, body: Body) -> dict[str, Any]:
        """Take one's own message back (`channel`, `ts`)."""
        return _shown(await self._actor.delete_message(str(body["as"]), str(body["channel"]), str(body["ts"])))

    async def react(self, body: Body) -> dict[str, Any]:
        """Put a reaction on a message or take it away (`channel`, `ts`, `name`, `on`)."""
        react = self._actor.add_reaction if body["on"] else self._actor.remove_reaction
        return _shown(await react(str(body["as"]), str(body["channel"]), str(body["ts"]), str(body["name"])))

    async def fault(self, body: Body) -> dict[str, Any]:
        """Switch a fault (`name`, `on`)."""
        switch(self._workspace, str(body["name"]), on=bool(body["on"]))
        return {}

    async def scenario(self, body: Body) -> dict[str, Any]:
        """Start the day in a minute, or stop it (`on`)."""
        if body["on"]:
            self._scenario.start()
        else:
            await self._scenario.stop()
        return {}

    async def home(self, body: Body) -> dict[str, Any]:
        """Look at the app's home."""
        return _shown(await self._actor.open_home(str(body["as"])))

    def _written(self, text: str) -> str:
        """What Slack's own composer makes of typed text: three entities, links, and people and channels by id."""
        parts = re.split(f"({_WEB.pattern})", text)
        return "".join(
            f"<{html.escape(part, quote=False)}>" if position % 2 else self._named(html.escape(part, quote=False))
            for position, part in enumerate(parts)
        )

    def _named(self, text: str) -> str:
        users = {user.name: f"<@{user.id}>" for user in self._workspace.users.values()}
        channels = {c.name: f"<#{c.id}|{c.name}>" for c in self._workspace.channels.values() if not c.is_im}
        text = re.sub(r"(?<![\w<])@([\w.-]+)", lambda found: users.get(found[1].lower(), found[0]), text)
        return re.sub(r"(?<![\w<])#([\w-]+)", lambda found: channels.get(found[1], found[0]), text)


DEEDS: Final[Mapping[str, Callable[[Deeds, Body], Awaitable[dict[str, Any]]]]] = {
    each.__name__: each
    for each in (
        Deeds.say, Deeds.act, Deeds.submit, Deeds.close, Deeds.shortcut, Deeds.edit, Deeds.delete, Deeds.react,
        Deeds.fault, Deeds.scenario, Deeds.home,
    )
}  # fmt: skip


def form_values(blocks: Iterable[Body], fields: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """What was filled in, by block id and action id; empty where nothing was."""
    values: dict[str, dict[str, Any]] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        given = [value for value in fields.get(field_name(block), []) if value]
        value: Any = given if element["type"] in _SEVERAL else (given[0] if given else None)
        values[block["block_id"]] = {element["action_id"]: value}
    return values


def _shown(outcome: Outcome) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if outcome.shown:
        answer["shown"] = outcome.shown
    if outcome.errors:
        answer["errors"] = outcome.errors
    return answer
