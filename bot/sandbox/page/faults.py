"""The faults that the page can switch on and off, each in the words of somebody who watches."""

from dataclasses import dataclass
from typing import Final

from bot.sandbox.workspace import FaultKind, Workspace


@dataclass(frozen=True, slots=True)
class Preset:
    """One switch; without a `kind` it is the workspace's refusal of native charts and tables."""

    name: str
    label: str
    about: str
    kind: FaultKind | None = None
    method: str | None = None


PRESETS: Final = (
    Preset("429", "Rate limited", "Every post is answered 429 with Retry-After", "ratelimited", "chat.postMessage"),
    Preset("500", "Server errors", "Every call is answered 500", "server_error"),
    Preset("hang", "Hanging", "Calls get no answer, and are cut after a minute", "hang"),
    Preset("cut", "Lost answers", "Posts are done, but their answers are lost", "cut_after", "chat.postMessage"),
    Preset("down", "Slack is down", "Every connection is cut at once", "down"),
    Preset("charts", "No native charts", "Charts and data tables are refused with invalid_blocks"),
)  # fmt: skip


def is_on(workspace: Workspace, preset: Preset) -> bool:
    """Whether this switch is on now."""
    if preset.kind is None:
        return workspace.refuse_data_blocks
    return any((fault.kind, fault.method) == (preset.kind, preset.method) for fault in workspace.faults)


def switch(workspace: Workspace, name: str, *, on: bool) -> None:
    """Switch one on or off; switching it twice is the same as once. KeyError: there is no such switch."""
    preset = {each.name: each for each in PRESETS}[name]
    if preset.kind is None:
        workspace.refuse_data_blocks = on
    else:
        workspace.faults[:] = [f for f in workspace.faults if (f.kind, f.method) != (preset.kind, preset.method)]
        if on:
            workspace.add_fault(preset.kind, preset.method)
    workspace.notify("fault")
