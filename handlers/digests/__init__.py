"""Digests: each file here exports `DIGEST`, which turns a window into numbers. Words and pictures are the views'."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.periods import Window
from models.store import Store
from models.topology import Bridge, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One kind of digest. `compute` returns plain JSON; it is stored, and both sides are shown exactly that."""

    name: str
    compute: Callable[[Store, Topology, Bridge, Window, datetime], Awaitable[dict[str, Any]]]
