"""Draws the workspace for one person: the whole page, and each part of it that can change while they watch."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

from bot.sandbox.page.curl import curl_lines
from bot.sandbox.page.faults import PRESETS, is_on
from bot.sandbox.page.icons import APP_AVATAR, AVATAR, EMOJI_AVATAR
from bot.sandbox.page.look import HOME, Look, conversations, people, permalink
from bot.sandbox.page.mrkdwn import Naming, emoji_html
from bot.sandbox.page.options import PageOptions
from bot.sandbox.page.render import environment, initials
from bot.sandbox.page.scenario import Scenario
from bot.sandbox.workspace import Channel, Message, User, Workspace

SHEETS: Final = ("base.css", "layout.css", "messages.css", "blocks.css", "charts.css", "forms.css", "dialogs.css")
SCRIPTS: Final = ("page.js", "compose.js")
SHOWN_MESSAGES: Final = 80
SHOWN_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TOGETHER_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Item:
    """One drawn message: its id in the page, and its HTML, which carries a hash of itself."""

    id: str
    html: Markup


class Painter:
    """Templates with the workspace behind them; holds no state of its own but the templates."""

    def __init__(self, workspace: Workspace, options: PageOptions, scenario: Scenario) -> None:
        self._workspace = workspace
        self._options = options
        self._scenario = scenario
        self._env = environment()
        self._env.filters.update(
            moment=_moment, permalink=permalink, color=_color, emoji=emoji_html, people_names=_people_names
        )
        self._env.globals.update(avatar=self.avatar, options=options, sheets=SHEETS, scripts=SCRIPTS)

    def page(self, look: Look, theme: str) -> str:
        """The whole page."""
        parts: dict[str, Any] = {side: self._pane(look, side) for side in ("left", "right")}
        if look.thread:
            channel = self._workspace.channels[look.thread[0]]
            parts["thread"] = {
                "id": channel.id,
                "title": self._title(channel, look.viewer),
                "messages": self.messages(look, "thread"),
                "can_write": look.viewer in channel.members,
            }
        return self._render(
            "page.html",
            look,
            panes=parts,
            theme=theme,
            people=people(self._workspace),
            viewer_name=self._workspace.users[look.viewer].real_name,
            curl_lines=curl_lines(self._options.door),
            **self._modal(look),
            **self._goings_on(),
            **self._rail(look),
        )

    def parts(self, look: Look) -> dict[str, str]:
        """The parts that are swapped whole, by their id in the page."""
        whole = {
            "modal": self._render("modal.html", look, **self._modal(look)),
            "status": self._render("status.html", look, **self._goings_on()),
            "fault-list": self._render("fault_list.html", look, **self._goings_on()),
            "rail": self._render("rail.html", look, **self._rail(look)),
        }
        homes = {side: str(self._pane(look, side)["html"]) for side in ("left", "right") if look[side] == HOME}
        return whole | homes

    def messages(self, look: Look, pane: str, drawn: dict[tuple[str, str, bool], Item] | None = None) -> list[Item]:
        """The messages of one pane, oldest first; those that `drawn` still holds are not drawn again."""
        drawn = {} if drawn is None else drawn
        items, before = [], None
        listed = self._listed(look, pane)
        replies = self._replies(listed[0].channel, look.viewer) if listed else {}
        for message in listed:
            key = (pane, message.ts, _together(before, message))
            if key not in drawn:
                drawn[key] = self._message(look, pane, message, replies.get(message.ts, []), compact=key[2])
            items.append(drawn[key])
            before = message
        return items

    def avatar(self, user: User) -> Markup:
        """A person's initial on their colour; the app's is its own sign."""
        return APP_AVATAR if user.is_bot else AVATAR.format(_color(user.color), initials(user.real_name)[:1])

    def _render(self, template: str, look: Look, **values: Any) -> str:
        naming = Naming(
            {user.id: user.shown for user in self._workspace.users.values()},
            {channel.id: channel.name for channel in self._workspace.channels.values() if not channel.is_im},
            {group.id: group.handle for group in self._workspace.usergroups.values()},
            look.viewer,
        )
        return self._env.get_template(template).render(look=look, naming=naming, **values)

    def _listed(self, look: Look, pane: str) -> Sequence[Message]:
        if pane == "thread":
            return self._workspace.thread(*look.thread, viewer=look.viewer) if look.thread else ()
        if look[pane] == HOME:
            return ()
        return self._workspace.timeline(look[pane], look.viewer)[-SHOWN_MESSAGES:]

    def _replies(self, channel: str, viewer: str) -> dict[str, list[Message]]:
        found: dict[str, list[Message]] = {}
        for message in self._workspace.channels[channel].messages.values():
            if message.is_reply and not message.deleted and message.ephemeral_to in (None, viewer):
                found.setdefault(str(message.thread_ts), []).append(message)
        return found

    def _message(self, look: Look, pane: str, message: Message, replies: Sequence[Message], *, compact: bool) -> Item:
        author = self._workspace.users.get(message.user) or User(id=message.user, name="?", real_name=message.user)
        surface = f"{pane}-{message.ts}"
        html = self._render(
            "message.html", look, message=message, pane=pane, surface=surface, compact=compact, hash="@hash@",
            author_name=message.username or author.shown, author_avatar=self._author_avatar(message, author),
            is_parent=pane == "thread" and not message.is_reply, replies=len(replies),
            repliers=self._distinct(replies), last_reply=replies[-1].ts if replies else "", files=self._files(message),
        )  # fmt: skip
        digest = hashlib.blake2s(html.encode(), digest_size=8).hexdigest()
        return Item(surface, Markup(html.replace("@hash@", digest, 1)))  # noqa: S704 (our own template)

    def _author_avatar(self, message: Message, author: User) -> Markup:
        if message.icon_emoji:
            return EMOJI_AVATAR.format(emoji_html(message.icon_emoji.strip(":")))
        return self.avatar(author)

    def _distinct(self, replies: Sequence[Message]) -> list[User]:
        ids = dict.fromkeys(reply.user for reply in replies)
        return [self._workspace.users[each] for each in ids if each in self._workspace.users][:3]

    def _files(self, message: Message) -> list[dict[str, Any]]:
        found = [file for each in message.files if (file := self._workspace.files.get(each)) and file.complete]
        return [
            {
                "id": f.id,
                "title": f.title,
                "alt_text": f.alt_text or f.title,
                "is_image": f.mimetype in SHOWN_IMAGES,
            }
            for f in found
        ]

    def _pane(self, look: Look, side: str) -> dict[str, Any]:
        if look[side] == HOME:
            return self._home(look, side)
        channel = self._workspace.channels[look[side]]
        members = [self._workspace.users[each] for each in channel.members if each in self._workspace.users]
        title = self._title(channel, look.viewer)
        return {
            "id": channel.id, "title": title, "name": title.removeprefix("#"), "is_channel": not channel.is_im,
            "is_private": channel.is_private, "topic": channel.topic or channel.purpose,
            "members": members, "messages": self.messages(look, side), "can_write": look.viewer in channel.members,
        }  # fmt: skip

    def _home(self, look: Look, side: str) -> dict[str, Any]:
        view = self._workspace.home(look.viewer)
        blocks = view.payload.get("blocks", ()) if view else ()
        html = self._render("home.html", look, blocks=blocks, surface=f"{side}-home", view=view)
        name = f"{self._options.app_name} home"
        return {"id": HOME, "title": name, "name": name, "html": Markup(html), "topic": "What only you see here"}  # noqa: S704 (as above)

    def _modal(self, look: Look) -> dict[str, Any]:
        stack = self._workspace.modals(look.viewer)
        return {"view": stack[-1] if stack else None, "surface": "modal"}

    def _goings_on(self) -> dict[str, Any]:
        switches = [
            {"name": p.name, "label": p.label, "about": p.about, "on": is_on(self._workspace, p)} for p in PRESETS
        ]
        return {
            "fault_list": switches,
            "active_faults": [each["label"] for each in switches if each["on"]],
            "scenario": self._scenario.progress,
        }

    def _rail(self, look: Look) -> dict[str, Any]:
        open_to = conversations(self._workspace, look.viewer)
        direct = [
            {"id": c.id, "label": self._title(c, look.viewer), "person": self._partner(c, look.viewer)}
            for c in open_to
            if c.is_im
        ]
        channels = sorted((c for c in open_to if not c.is_im), key=lambda c: c.name)
        return {"conversations": {"channels": channels, "direct": direct}}

    def _title(self, channel: Channel, viewer: str) -> str:
        partner = self._partner(channel, viewer)
        return partner.shown if channel.is_im and partner else f"#{channel.name}"

    def _partner(self, channel: Channel, viewer: str) -> User | None:
        others = [each for each in channel.members if each != viewer] or [viewer]
        return self._workspace.users.get(others[0])


def _together(before: Message | None, message: Message) -> bool:
    """Whether somebody's words follow so soon on others of theirs that both stand under one name."""
    if before is None or before.ephemeral_to or message.ephemeral_to or before.blocks or message.blocks:
        return False
    same = (before.user, before.username) == (message.user, message.username)
    return same and float(message.ts) - float(before.ts) < _TOGETHER_SECONDS


def _moment(ts: str) -> str:
    return datetime.fromtimestamp(float(ts), UTC).isoformat(timespec="seconds")


def _color(value: str) -> str:
    named = {"good": "#2f9e6e", "warning": "#d9982b", "danger": "#d64545"}
    digits = str(value or "").removeprefix("#")
    is_hex = len(digits) == 6 and all(each in "0123456789abcdefABCDEF" for each in digits)
    return named.get(str(value), f"#{digits}" if is_hex else "#98a2b3")


def _people_names(users: Sequence[str], naming: Naming) -> str:
    names: Mapping[str, str] = naming.users
    return ", ".join(names.get(user, user) for user in users)
