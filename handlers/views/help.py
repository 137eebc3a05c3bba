"""What a person is told about the commands themselves, and about what went wrong."""

from collections.abc import Sequence

from handlers.views import Message
from handlers.views.layout import message, paragraphs, said
from handlers.views.text import clean, code, escape


def command(name: str, usage: str, summary: str, examples: Sequence[str]) -> Message:
    """Return the help of one command."""
    lines = [f"*{name}* — {escape(summary)}", code(f"{name} {usage}".strip(), 300)]
    return message(
        f"{name}: {escape(summary)}", paragraphs([*lines, *(f"• {code(example, 200)}" for example in examples)])
    )


def overview(commands: Sequence[tuple[str, str, str]], examples: Sequence[str]) -> Message:
    """Return one line for each (name, usage, summary), and examples."""
    lines = [f"{code(f'{name} {usage}'.strip(), 200)} — {escape(summary)}" for name, usage, summary in commands]
    shown = ["*For example*", *(f"• {code(example, 200)}" for example in examples)]
    return message("What Twinspan can do", paragraphs(["*What Twinspan can do*", *lines, *shown]))


def problem(words: str) -> Message:
    """Return a `UserError` in its own words. Its text is literal, except that back-ticks and stars still format."""
    return said(escape(clean(words)))


def went_wrong(ref: str) -> Message:
    """Return what is said when it is not the person's fault; `ref` is in the log."""
    return said(f"Something went wrong (ref {ref}). It is logged under that reference; try again in a moment.")


def too_late(command: str = "/change payments: what changed") -> Message:
    """Return what is said when Slack no longer lets a form open; `command` does the same in one line."""
    words = "Slack lets a form open for three seconds only, and this took longer."
    return said(f"{words} Try again, or use {code(command)}.")
