"""What messages are about, in words."""

from typing import Final

from handlers.views.text import line

_KINDS: Final = {
    "deploy": "deploy #{}",
    "change": "change #{}",
    "incident": "INC-{}",
    "freeze": "freeze F{}",
    "digest": "digest {}",
    "handoff": "shift handoff {}",
    "channel": "trouble with {}",
    "held": "unknown names",
    "source": "sender {}",
}
_PARTS: Final = {
    "card": "its message",
    "details": "its details",
    "failed": "its failure",
    "hung": "that it never ended",
    "mirrored": "the note in its thread",
    "mirror-ask": "the question in its thread",
}


def subject_words(subject: str, part: str) -> str:
    """Return what a message is about: `deploy #12, its message`."""
    return f"{subject_name(subject)}, {part_words(part)}"


def subject_name(subject: str) -> str:
    """Return what people call a subject: `INC-3`."""
    kind, _, name = subject.partition(":")
    return _KINDS.get(kind, kind + " {}").format(line(name, 60)).strip()


def part_words(part: str) -> str:
    """Return which of a subject's messages one is."""
    quiet = part.removeprefix("loud:")
    return _PARTS.get(quiet.partition(":")[0]) or quiet.partition(":")[0].replace("_", " ")
