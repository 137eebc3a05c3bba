"""Buttons, modals and shortcuts: each file here exports `ACTIONS`, an `Actions` with one family of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handlers.acting import By
from handlers.context import Context
from handlers.views import Message, Modal


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One use of a button, a menu, a shortcut or a modal's submit.

    `value` is the button's value, the shortcut's message text, or the modal's `private_metadata`. `fields` are a
    modal's inputs by block id, already reduced to plain values. `channel_id`, `message_ts` and `thread_ts` say where,
    if anywhere; `message_text` what that message says, in plain text.
    """

    user_id: str
    user_name: str
    value: str
    trigger_id: str
    request_id: str
    at: datetime
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    message_text: str = ""
    message_permalink: str | None = None
    message_author: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by(self) -> By:
        """Who acts."""
        return By(
            name=self.user_name,
            request_id=self.request_id,
            at=self.at,
            user_id=self.user_id,
            channel_id=self.channel_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What follows: a message only that person sees, a modal, or errors under a modal's fields (by block id)."""

    message: Message | None = None
    modal: Modal | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Context, Press], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """One message shortcut, as the manifest declares it."""

    callback_id: str
    name: str
    summary: str
    run: Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """One family: `buttons` by action_id, `modals` by callback_id, message shortcuts, and what messages' ⋯ menu offers.

    `menu` is by the value of its option in `handlers.views.menu`.

    A modal's handler runs before the acknowledgement (it may answer with errors under the fields), so it must be
    quick: one transaction, no call to Slack.
    """

    buttons: Mapping[str, Handler] = field(default_factory=dict)
    modals: Mapping[str, Handler] = field(default_factory=dict)
    shortcuts: tuple[Shortcut, ...] = ()
    menu: Mapping[str, Handler] = field(default_factory=dict)
