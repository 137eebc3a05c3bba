"""What one handoff says of a shift: what is open, risky and under way, and how the shift was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.debts import Debt
from models.freezes import Freeze
from models.records import Change, Deploy, Incident
from models.response import ActionItem, Holder, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How a shift was: incidents, those at night, the median seconds to acknowledge, and what fired most often.

    `pages` is how many people and pagers were paged, `pages_at_night` how many of them at night.
    """

    incidents: int = 0
    at_night: int = 0
    pages: int = 0
    pages_at_night: int = 0
    acknowledge_s: float | None = None
    noisy: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What one handoff says at an instant, in the order in which it says it.

    `moving` are the numbers of the incidents that change hands with the acceptance. `watch` are the services to keep an
    eye on, each with what is in soak there and its runbook. `debts` are the temporary changes and those by hand that
    nobody has closed, however old; `by_hand` what else was switched in the shift. `heard` is how many senders are
    not silent.
    """

    at: datetime
    others: Sequence[tuple[str, str]] = ()
    incidents: Sequence[tuple[Incident, Holder | None, Response | None]] = ()
    moving: Collection[int] = ()
    due: Sequence[ActionItem] = ()
    by_hand: Sequence[Change] = ()
    debts: Sequence[tuple[Debt, Change]] = ()
    freezes: Sequence[Freeze] = ()
    planned: Sequence[Change] = ()
    under_way: Sequence[Deploy] = ()
    soaking: Sequence[Deploy] = ()
    failed: Sequence[Deploy] = ()
    watch: Sequence[tuple[Deploy, str | None]] = ()
    facts: Facts = field(default_factory=Facts)
    silent: Sequence[str] = ()
    heard: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to report."""
        state = (self.incidents, self.due, self.by_hand, self.debts, self.freezes, self.planned)
        return not any((*state, self.under_way, self.soaking, self.failed))
