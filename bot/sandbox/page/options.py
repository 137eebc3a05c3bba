"""What the page is told when it is mounted: its title, what can be typed and run, and the bot's webhook door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A slash command as the composer suggests it: `name` without the slash, and Slack's usage hint."""

    name: str
    usage: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ShortcutHint:
    """A message shortcut as the "…" menu names it."""

    callback_id: str
    label: str


@dataclass(frozen=True, slots=True)
class ScenarioDoor:
    """The bot's own HTTP address (without a slash at the end) and the secret of each source there, by its name."""

    base_url: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """How the page presents itself. `left` and `right` are the channels that a newcomer sees, by name.

    `door` is what the day in a minute and the lines to copy are sent through; without one, neither is offered.
    `pace` stretches the day: 1.0 is about a minute, 0 is as fast as it goes.
    """

    title: str = "Twinspan sandbox"
    app_name: str = "Twinspan"
    commands: Sequence[CommandHint] = ()
    shortcuts: Sequence[ShortcutHint] = ()
    door: ScenarioDoor | None = None
    left: str = "payments-dev"
    right: str = "payments-ops"
    pace: float = 1.0

    @property
    def first_command(self) -> str:
        """The command that an empty channel invites to type."""
        names = [command.name for command in self.commands]
        return "change" if "change" in names or not names else names[0]
