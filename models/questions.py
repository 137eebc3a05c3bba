"""Questions that one side asks the other: what waits, when it is said again, how long answers take. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.metrics import percentile
from models.words import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPlan:
    """When an unanswered question is said again, and how often at most: then it ends by itself."""

    remind_after: timedelta = timedelta(hours=1)
    times: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question for one side of a bridge. `id` is 0 before it is stored; the same `key` is the same question.

    `side` is who is asked, `channel` where (as configured); `home` is the channel of the asking side. `about` is the
    address of the message it is about, `subject` what that message tells of, such as `incident:3`. `answer` is the
    first reply of somebody else there, `answered_ts` its place.
    """

    id: int = 0
    key: str
    bridge: str
    side: Side
    channel: str
    home: str
    text: str
    about: str | None = None
    subject: str | None = None
    asker: str
    asker_id: str | None = None
    asked_at: datetime
    answered_at: datetime | None = None
    answered_by: str | None = None
    answered_ts: str | None = None
    answer: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    times: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.answered_at is None and self.closed_at is None

    def is_due(self, plan: QuestionPlan, at: datetime) -> bool:
        """Return whether it is to be said again."""
        return self.is_open and self.times < plan.times and at >= self.asked_at + plan.remind_after * (self.times + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How questions fared: how many were asked, were answered, wait; the median time to the first answer."""

    asked: int
    answered: int
    waiting: int
    answer_median_s: float | None


def fared(questions: Collection[Question]) -> Answered:
    """Sum up questions; those that somebody took back are left out."""
    counted = [q for q in questions if q.closed_at is None or q.answered_at]
    waits = [(q.answered_at - q.asked_at).total_seconds() for q in counted if q.answered_at]
    return Answered(
        asked=len(counted),
        answered=len(waits),
        waiting=sum(q.is_open for q in counted),
        answer_median_s=percentile(waits, 0.5),
    )
