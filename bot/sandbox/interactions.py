"""Clicking, choosing, submitting: interactive elements in messages, modals and the App Home, and shortcuts."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox import inputs
from bot.sandbox.api.request import ApiError
from bot.sandbox.api.views import checked, replace_view, show_modal
from bot.sandbox.delivery import Answer, Courier
from bot.sandbox.payloads import Payloads
from bot.sandbox.state import Json, Message, Outcome, User, View
from bot.sandbox.workspace import Workspace

# What Slack's own client says.
NO_RESPONSE = "This app is not responding. Please try again."
TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Interactions:
    """One person's interactions; see bot/sandbox/workspace.py for the calls."""

    workspace: Workspace
    payloads: Payloads
    courier: Courier

    async def click(
        self,
        user: str,
        action_id: str,
        value: str | None = None,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Press a button. `value` picks between buttons with the same action id in different blocks."""
        person, place = self.workspace.user(user), self._place(user, channel, ts, view_id)
        block, element = inputs.find(place.all_blocks, action_id, block_id, value)
        if element["type"] != "button":
            raise ValueError(f"{action_id!r} is a {element['type']}, not a button")
        fields = {"value": element["value"]} if "value" in element else {}
        return await self._act(person, place, fields, block, element)

    async def choose(
        self,
        user: str,
        action_id: str,
        value: Any,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Choose or type a value. Inputs in modals only tell the bot at once with `dispatch_action`."""
        person, place = self.workspace.user(user), self._place(user, channel, ts, view_id)
        block, element = inputs.find(place.all_blocks, action_id, block_id)
        if element["type"] == "overflow":
            fields = inputs.chosen(element, value)
        else:
            fields = inputs.remember(place.state, block, element, value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Outcome(ok=True)
        return await self._act(person, place, fields, block, element)

    async def submit_view(self, user: str, view_id: str, values: Json | None = None) -> Outcome:
        """Fill in `{block_id: {action_id: value}}` and submit a modal."""
        person, view = self.workspace.user(user), self._view(user, view_id)
        for block_id, actions in (values or {}).items():
            for action_id, value in actions.items():
                block, element = inputs.find(view.all_blocks, action_id, block_id)
                inputs.remember(view.state, block, element, value)
        view.errors = inputs.complaints(view.all_blocks, view.state)
        if view.errors:
            self.workspace.put_view(view)
            return Outcome(ok=False, errors=view.errors)
        answer = await self.courier.ask("interactivity", self.payloads.submission(person, view))
        if not answer.acknowledged:
            return Outcome(ok=False, shown=TROUBLE, milliseconds=answer.milliseconds)
        try:
            shown = self._after_submission(person, view, answer)
        except (ApiError, ValueError, KeyError, TypeError):
            shown = TROUBLE
        errors = view.errors
        return Outcome(ok=not errors and shown is None, shown=shown, errors=errors, milliseconds=answer.milliseconds)

    async def close_view(self, user: str, view_id: str) -> Outcome:
        """Close a modal (its Cancel button, or the cross)."""
        person, view = self.workspace.user(user), self._view(user, view_id)
        stack = self.workspace.modals(user)
        clear = bool(view.payload.get("clear_on_close"))
        self.workspace.drop_views(stack if clear else stack[stack.index(view) :])
        if not view.payload.get("notify_on_close"):
            return Outcome(ok=True)
        return await self._send(self.payloads.closed(person, view, all_views=clear))

    async def run_shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> Outcome:
        """Run a message shortcut, or a global one where no message is given."""
        person = self.workspace.user(user)
        if channel is None or ts is None:
            return await self._send(self.payloads.shortcut(person, callback_id))
        message = self._message(user, channel, ts)
        return await self._send(self.payloads.message_shortcut(person, callback_id, message))

    def _after_submission(self, person: User, view: View, answer: Answer) -> str | None:
        said = json.loads(answer.body) if answer.body.strip() else {}
        action = said.get("response_action")
        stack = self.workspace.modals(person.id)
        if action == "errors":
            unknown = set(said["errors"]) - {block["block_id"] for block in view.all_blocks}
            view.errors = {str(block): str(words) for block, words in said["errors"].items()}
            self.workspace.put_view(view)
            return TROUBLE if unknown or not view.errors else None
        if action in ("update", "push"):
            payload = checked(self.workspace, said["view"], "modal")
            if action == "push":
                show_modal(self.workspace, person.id, payload, push=True)
            else:
                replace_view(self.workspace, view, payload)
        elif action == "clear":
            self.workspace.drop_views(stack)
        elif action is None:
            self.workspace.drop_views(stack[stack.index(view) :] if view in stack else [])
        else:
            return TROUBLE
        return None

    async def _act(self, person: User, place: Message | View, fields: Json, block: Json, element: Json) -> Outcome:
        if isinstance(place, Message):
            return await self._send(self.payloads.message_action(person, place, fields, block, element))
        return await self._send(self.payloads.view_action(person, place, fields, block, element))

    async def _send(self, payload: Json) -> Outcome:
        answer = await self.courier.ask("interactivity", payload)
        shown = None if answer.acknowledged else NO_RESPONSE
        return Outcome(ok=answer.acknowledged, shown=shown, milliseconds=answer.milliseconds)

    def _place(self, user: str, channel: str | None, ts: str | None, view_id: str | None) -> Message | View:
        if view_id is not None:
            return self._view(user, view_id)
        if channel is None or ts is None:
            raise ValueError("say where: channel and ts, or view_id")
        return self._message(user, channel, ts)

    def _view(self, user: str, view_id: str) -> View:
        view = self.workspace.views[view_id]
        if view.user != self.workspace.user(user).id:
            raise KeyError(f"{user} does not see the view {view_id}")
        return view

    def _message(self, user: str, channel: str, ts: str) -> Message:
        message = self.workspace.message(channel, ts)
        person = self.workspace.user(user).id
        if message is None or message.ephemeral_to not in (None, person):
            raise KeyError(f"{user} sees no message {ts} in {channel}")
        if person not in self.workspace.channel(channel).members:
            raise KeyError(f"{user} is not in {channel}")
        return message
