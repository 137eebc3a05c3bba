"""Digests: each file here exports `DIGEST`, which turns a window into numbers. Words and pictures are the views'."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.operations import OperationsReading
from models.periods import Window
from models.store import Store
from models.topology import Bridge, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked of a digest: whose numbers, of when, as known at `at`.

    `plans` are the names under which earlier periods were posted, `operations` what monitoring says of the window.
    Numbers are provisional until `settle` after the period's end.
    """

    bridge: Bridge
    window: Window
    at: datetime
    plans: tuple[str, ...] = ()
    settle: timedelta = timedelta()
    operations: Sequence[OperationsReading] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One kind of digest. `compute` returns plain JSON; it is stored, and both sides are shown exactly that."""

    name: str
    compute: Callable[[Store, Topology, Order], Coroutine[Any, Any, dict[str, Any]]]
