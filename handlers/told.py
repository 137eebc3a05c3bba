"""What a batch is made of, reports with who told them, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from handlers.routing import Notice
from models.reports import Report
from models.topology import MapKind


class Told(NamedTuple):
    """One report, who told it, in which delivery, and when that came in."""

    delivery_id: int
    source: str
    received_at: datetime
    report: Report


@dataclass(slots=True)
class Booked:
    """What became of a batch: what to say, which deliveries wait for which unknown names, and what was known before.

    `repeated` counts the events that were told again, by their ids, `unchanged` those that said what was known.
    """

    notices: list[Notice] = field(default_factory=list)
    holds: list[tuple[int, MapKind, str, str]] = field(default_factory=list)
    repeated: int = 0
    unchanged: int = 0
