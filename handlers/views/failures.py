"""What the admin channel is told: a channel that takes no messages, and names that nobody mapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views import Message
from handlers.views.layout import joined, message, paragraphs, said
from handlers.views.text import channel_link, code, line, plural
from handlers.views.times import ago, duration, moment

_REASONS: Final = {
    "not_in_channel": "the bot is not a member of it",
    "channel_not_found": "Slack knows no such channel, or it is private and the bot is not a member",
    "is_archived": "the channel is archived",
    "restricted_action": "a workspace setting does not let the bot post there",
    "restricted_action_read_only_channel": "the channel is read-only",
    "restricted_action_thread_only_channel": "only replies may be posted there",
    "restricted_action_non_threadable_channel": "replies may not be posted there",
    "msg_too_long": "a message was too long for Slack",
    "no_text": "a message was empty",
    "invalid_auth": "Slack does not accept the bot's token",
    "not_authed": "the bot has no token",
    "account_inactive": "the bot's account was deactivated",
    "token_revoked": "the bot's token was revoked",
    "token_expired": "the bot's token has expired",
    "missing_scope": "the bot's token lacks a permission",
    "thread_not_found": "the message to reply to was deleted",
    "message_not_found": "the message to edit was deleted",
    "cant_update_message": "Slack does not let the bot edit its message",
    "edit_window_closed": "the workspace does not let old messages be edited",
}
_MEMBERSHIP: Final = ("not_in_channel", "channel_not_found")
_TOKEN: Final = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrouble:
    """One channel's refused and waiting messages; `failed` 0 means that it takes messages again."""

    channel: str
    failed: int
    waiting: int
    oldest_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName:
    """A service or environment that nobody mapped, and how many deliveries it holds back."""

    kind: str
    name: str
    service: str
    deliveries: int


def reason_words(reason: str) -> str:
    """Return Slack's reason in plain words, with its code."""
    words = _REASONS.get(reason)
    return f"{words} ({code(reason)})" if words else code(reason)


def channel(trouble: ChannelTrouble) -> Message:
    """Return the notice that a channel refuses messages, and what to do; once it takes them again, that."""
    name = channel_link(trouble.channel)
    if not trouble.failed:
        return said(f"✅ {name} takes messages again.")
    headline = f"⚠️ *{name} refuses messages*: {reason_words(trouble.reason or 'unknown')}"
    waiting = plural(trouble.failed + trouble.waiting, "message waits", "messages wait")
    since = f", the oldest came {ago(trouble.oldest_at)}" if trouble.oldest_at else ""
    return message(headline, paragraphs([headline, f"{waiting}{since}. Nothing is lost.", _remedy(trouble)]))


def unknown_names(names: Sequence[UnknownName]) -> Message:
    """Return the notice that deliveries are held because of names that no table knows."""
    if not names:
        return said("✅ Every name that senders use is known; nothing is held.")
    total = sum(name.deliveries for name in names)
    hold = "holds" if len(names) == 1 else "hold"
    headline = f"🏷️ *{plural(len(names), 'unknown name')}* {hold} back {plural(total, 'delivery', 'deliveries')}"
    lines = [headline, *map(_unknown, names[:20])]
    rest = [f"… and {len(names) - 20} more: `/bridge status`"] if len(names) > 20 else []
    return message(headline, paragraphs([*lines, *rest, "Mapping a name applies what it held."]))


def _unknown(name: UnknownName) -> str:
    of = f" of {line(name.service, 60)}" if name.service else ""
    target = "ENVIRONMENT" if name.kind == "environment" else "SERVICE"
    held = plural(name.deliveries, "delivery", "deliveries")
    return f"• {name.kind} {code(name.name)}{of}: {held} · {code(f'/bridge map {name.name} as {target}')}"


def _remedy(trouble: ChannelTrouble) -> str:
    retry = code(f"/bridge retry {trouble.channel}")
    if trouble.reason in _MEMBERSHIP:
        name = channel_link(trouble.channel)
        return f"Say `/invite @twinspan` in {name}; what waits is then sent by itself, or with {retry}."
    if trouble.reason in _TOKEN:
        return f"Install the app again or renew its token, then {retry}."
    return f"Mend that, then {retry}."


def notice(words: str) -> Message:
    """Return what the admins are told that is none of a channel's or a name's."""
    return said(f"⚠️ {line(words, 500)}")


def silent(source: str, last: datetime, usual_s: float | None) -> Message:
    """Return the notice that a sender is quiet for longer than its habit, and where to look."""
    words = f"🔇 *{line(source, 80)}* is silent: last heard {moment(last)}, {ago(last)}"
    habit = f"usually every {duration(usual_s)}" if usual_s is not None else "heard only once"
    look = f"Look at its webhook to `/webhooks/{line(source, 80)}`; what it sends late is still taken."
    return message(words, paragraphs([joined([words, habit]), f"{look} `/bridge status` shows every sender."]))


def back(source: str, heard: datetime, missed: datetime | None) -> Message:
    """Return the notice that a sender is heard again."""
    since = f"; it was missed since {moment(missed)}" if missed else ""
    return said(f"🔊 *{line(source, 80)}* is heard again, last {moment(heard)}{since}.")
