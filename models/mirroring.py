"""Threads that are one conversation across two channels: which are, and what is carried over. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

Mirror: TypeAlias = Literal["always", "incidents", "ask", "never"]

# In front of a reply, either keeps it on its side.
KEPT_HERE: Final = ("//", "\U0001f512", ":lock:")
# The kinds of subjects whose cards have a thread on both sides.
THREADED: Final = ("incident", "deploy", "change", "question")
_TOKEN: Final = re.compile(r"<(?P<kind>[@#!])(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_WORD_JOINER: Final = "\u2060"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reply of a person, carried to the other side. `id` is 0 before it is stored.

    `channel` and `ts` say where it was written (Slack's id), `subject` what its thread is about. `author_id` is a
    person's id, empty of another bot. `files` are pairs of name and address; without an address the other side may not
    see the file. `reactions` are the names of who reacted, by id, by emoji. `is_kept` is true of a reply that stays on
    its side: of one that the other side has never seen, no words are kept. `heard_at` is when the bot came to know it.
    """

    id: int = 0
    channel: str
    ts: str
    subject: str
    author_id: str
    author: str
    picture: str | None = None
    text: str
    files: tuple[tuple[str, str], ...] = ()
    reactions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    written_at: datetime
    heard_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    is_kept: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the other side must not see it any more."""
        return self.deleted_at is not None or self.is_kept

    @property
    def as_of(self) -> datetime:
        """When it came to read as it does: what was told of it earlier is old news."""
        return self.edited_at or self.written_at


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided for the threads of a subject, and when."""

    is_on: bool
    at: datetime


def is_mirrored(mirror: Mirror, subject: str, decided: Decision | None) -> bool:
    """Return whether a thread is carried over: what a person decided for it, else what its bridge says."""
    kind = subject.partition(":")[0]
    if kind not in THREADED or mirror == "never":
        return False
    if decided is not None:
        return decided.is_on
    # A question is put to the other side: its thread is where it is answered.
    return mirror == "always" or kind == "question" or (mirror == "incidents" and kind == "incident")


def is_kept_here(text: str) -> bool:
    """Return whether a person wants a reply to stay on its side."""
    return text.lstrip().startswith(KEPT_HERE)


def carried(text: str, names: Mapping[str, str]) -> str:
    """Return a person's markup as it is said on the other side: as it was, but nobody is pinged a second time.

    Mentions become names (`names` by user id), broadcasts literal words; links, code and formatting stay. A channel is
    left to Slack, which shows its name to those alone who may see it.
    """

    def said(token: re.Match[str]) -> str:
        kind, target, label = token["kind"], token["target"], token["label"]
        if kind == "@":
            return f"@{_WORD_JOINER}{_literal(names.get(target) or label or target)}"
        if kind == "#":
            return f"<#{target}>"
        if target.startswith("date^"):
            return token[0]
        word = label or ("group" if target.startswith("subteam^") else target.partition("^")[0])
        return f"@{_WORD_JOINER}{_literal(word.removeprefix('@'))}"

    return _TOKEN.sub(said, text)


def mentioned(text: str) -> set[str]:
    """Return the ids of the people that a text mentions."""
    return {token["target"] for token in _TOKEN.finditer(text) if token["kind"] == "@"}


def _literal(name: str) -> str:
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if "&" not in name else name
