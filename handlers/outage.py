"""Says once that something cannot be done, then rarely, and once that it can again: a night's log stays readable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

AGAIN: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Outage:
    """One thing that is tried over and over. `lost` and `found` name its lines in the log, `more` stands on each."""

    lost: str
    found: str
    more: Mapping[str, str] = field(default_factory=dict)
    _since: datetime | None = None
    _said: tuple[str, datetime] | None = None

    def goes_on(self, reason: str, at: datetime, *, is_unforeseen: bool = False) -> None:
        """Hear that it failed: said when it begins, when the reason is another, and every few minutes."""
        self._since = self._since or at
        if self._said and self._said[0] == reason and at - self._said[1] < AGAIN:
            return
        self._said = reason, at
        trace = {"exc_info": True} if is_unforeseen else {}
        _log.warning(self.lost, **self.more, reason=reason, since=self._since.isoformat(), **trace)

    def is_over(self, at: datetime) -> None:
        """Hear that it succeeded: said where it had failed before."""
        if self._since is not None:
            _log.info(self.found, **self.more, seconds=(at - self._since).total_seconds())
            self._since = self._said = None
