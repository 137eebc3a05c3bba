"""What a batch is made of: reports, each with who told it and when it came in."""

from datetime import datetime
from typing import NamedTuple

from models.reports import Report


class Told(NamedTuple):
    """One report, who told it, in which delivery, and when that came in."""

    delivery_id: int
    source: str
    received_at: datetime
    report: Report
