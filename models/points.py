"""What people work on while an incident runs: what it may be, what is being done, what waits for a decision."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class PointKind(StrEnum):
    """What a point is."""

    HYPOTHESIS = "hypothesis"
    RUNNING = "running"
    DECISION = "decision"


class PointOutcome(StrEnum):
    """How a point ended: the first two are a hypothesis's."""

    RULED_OUT = "ruled out"
    CONFIRMED = "confirmed"
    DONE = "done"
    DECIDED = "decided"


OUTCOMES: Final = {
    PointKind.HYPOTHESIS: (PointOutcome.RULED_OUT, PointOutcome.CONFIRMED),
    PointKind.RUNNING: (PointOutcome.DONE,),
    PointKind.DECISION: (PointOutcome.DECIDED,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of an incident. `id` is what people type (`P7`); 0 before it is stored.

    `check` is what is looked at next, of a running action when it stops, of a decision by when it is wanted;
    `check_at` the instant in that, if it names one. `why` is the evidence, or what was decided.
    """

    id: int = 0
    incident_id: int
    kind: PointKind
    text: str
    owner: str
    owner_id: str | None = None
    check: str | None = None
    check_at: datetime | None = None
    created_by: str
    created_at: datetime
    outcome: PointOutcome | None = None
    why: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has said how it ended."""
        return self.outcome is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A note that is a point: `who` is its owner as typed (empty: who writes), `outcome` set where it is settled."""

    kind: PointKind
    text: str
    who: str = ""
    check: str | None = None
    outcome: PointOutcome | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A note that ends a point."""

    number: int
    outcome: PointOutcome
    why: str


_KINDS: Final = {
    "hypothesis": (PointKind.HYPOTHESIS, None),
    "theory": (PointKind.HYPOTHESIS, None),
    "ruled out": (PointKind.HYPOTHESIS, PointOutcome.RULED_OUT),
    "known": (PointKind.HYPOTHESIS, PointOutcome.CONFIRMED),
    "running": (PointKind.RUNNING, None),
    "decide": (PointKind.DECISION, None),
    "decision": (PointKind.DECISION, None),
}
# The colon makes the difference: “running fine again” is a note like any other.
_WHO: Final = r"@[\w.-]+|<@(?:[a-z][a-z0-9-]*/)?[UW][A-Z0-9]+(?:\|[^>]*)?>"
_MARKED: Final = re.compile(
    rf"(?P<kind>{'|'.join(_KINDS)})\s*(?P<who>{_WHO})?\s*:\s*(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_SETTLED: Final = re.compile(
    rf"p(?P<number>\d{{1,9}})\s+(?:is\s+)?(?P<outcome>{'|'.join(PointOutcome)})\b\s*[:,]?\s*(?P<why>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CHECKS: Final = {
    PointKind.HYPOTHESIS: re.compile(r"[,;.]\s*next(?:\s+check)?\s*:?\s+(?P<check>\S.*)$", re.IGNORECASE | re.DOTALL),
    PointKind.RUNNING: re.compile(r"[,;]?\s+(?P<check>until\s+\S.*)$", re.IGNORECASE | re.DOTALL),
    PointKind.DECISION: re.compile(r"[,;?]?\s+(?P<check>by\s+\S{1,10}(?:\s\S{1,10})?)$", re.IGNORECASE),
}
_INSTANT: Final = re.compile(
    r"(?:^|\s)(?:at|by|in|until)\s+(?P<when>\d{1,2}[:.]\d{2}|\d{1,4}\s*(?:m|min|h))$", re.IGNORECASE
)


def read_note(words: str) -> Marked | Settled | None:
    """Return what a note is beside a note; `None`: nothing."""
    if ends := _SETTLED.fullmatch(words.strip()):
        return Settled(int(ends["number"]), PointOutcome(ends["outcome"].casefold()), ends["why"].strip())
    found = _MARKED.fullmatch(words.strip())
    if found is None:
        return None
    kind, outcome = _KINDS[" ".join(found["kind"].casefold().split())]
    text = found["text"].strip()
    check = _CHECKS[kind].search(text) if outcome is None else None
    who = found["who"] or ""
    if check is None or not text[: check.start()].strip():
        return Marked(kind=kind, text=text, who=who, outcome=outcome)
    rest = text[: check.start()].rstrip(" ,;") + ("?" if kind is PointKind.DECISION and "?" in check[0] else "")
    return Marked(kind=kind, text=rest, who=who, check=check["check"].strip(), outcome=outcome)


def instant_in(check: str) -> str | None:
    """Return the words of a check that name an instant: `03:20`, `20m`."""
    found = _INSTANT.search(check.strip())
    return found["when"] if found else None
