"""What is wrong with the settings: every problem at once, each with its place and its remedy, and no secret in any."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.errors import TwinspanError

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `path` is a setting (`sources.github.secret`) or a variable; `file` and `line` where known."""

    path: str
    what: str
    fix: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.path}: {self.what}\n    {self.fix}"


class InvalidSettings(TwinspanError):
    """The settings cannot be used; `problems` is all that is wrong with them."""

    reason = "invalid_settings"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"The configuration has {count}:", *map(str, self.problems)]))


def written(path: Place) -> str:
    """Return a path as people write it: `bridges.payments.services[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(the whole file)"
