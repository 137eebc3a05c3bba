"""Histories from files: each file here exports `FORMAT`, which turns text into reports, one after another.

A format is pure: it reads an open text and yields what each part of it says, or what is wrong with that part. Nothing
is held in memory but the part at hand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TextIO, TypeAlias

from models.reports import ChangeReport, DeployReport, IncidentReport

EventReport: TypeAlias = DeployReport | ChangeReport | IncidentReport


class Item(NamedTuple):
    """One event of a file: where it stands, who told it, when it arrived, what it says."""

    place: str
    source: str
    received_at: datetime
    report: EventReport


@dataclass(frozen=True, slots=True)
class Wrong:
    """A part of a file that can never be taken: where it stands (`line 7, column severity`), and why."""

    place: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One form of a file. `fits` says, from its first 64 KiB, whether a file has it; `read` gets the present instant.

    `header` is the CSV header, where there is one.
    """

    name: str
    summary: str
    fits: Callable[[str], bool]
    read: Callable[[TextIO, datetime], Iterator[Item | Wrong]]
    header: tuple[str, ...] = ()
