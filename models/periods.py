"""Windows of local calendar dates, as instants: days, ISO weeks and months in any IANA zone.

A window is half open, `[start, end)`, in UTC. A date starts at its first instant in the zone: the earlier of two
midnights (`fold=0`), and where midnight is missing the next instant that exists. The previous period is the previous
*calendar* period: 167 hours across a change to summer time, not 168.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

Length: TypeAlias = Literal["day", "week", "month"]
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One period: its first local date, how long it is, its zone, and the instants it lies between."""

    first: date
    length: Length
    timezone: str
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it lasts on the clock that runs on; 23 on the day summer time begins."""
        return (self.end - self.start).total_seconds() / 3600

    @property
    def last(self) -> date:
        """Its last local date."""
        return _following(self.first, self.length) - timedelta(days=1)

    @property
    def is_running(self) -> bool:
        """Whether it ends where it was looked at, before it was over."""
        return self.end < window(self.first, self.length, self.timezone).end

    def dates(self) -> list[date]:
        """Return its local dates, in order."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def window(day: date, length: Length, timezone: str) -> Window:
    """Return the period of a length that holds a local date."""
    first = _first_date(day, length)
    return Window(first, length, timezone, date_start(first, timezone), date_start(_following(first, length), timezone))


def window_at(at: datetime, length: Length, timezone: str) -> Window:
    """Return the period that an instant lies in."""
    this = window(at.astimezone(ZoneInfo(timezone)).date(), length, timezone)
    # Where clocks go back across midnight, the end of the old date comes a second time: within the new one.
    return this if at < this.end else following(this)


def following(this: Window) -> Window:
    """Return the calendar period after one."""
    return window(_following(this.first, this.length), this.length, this.timezone)


def previous(this: Window) -> Window:
    """Return the calendar period before one."""
    return window(this.first - timedelta(days=1), this.length, this.timezone)


def latest_completed(at: datetime, length: Length, timezone: str) -> Window:
    """Return the last period that was over at an instant."""
    return previous(window_at(at, length, timezone))


def date_start(day: date, timezone: str) -> datetime:
    """Return the first instant of a local date, in UTC. A date that the zone skipped starts when the next one does."""
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(day, time(), tzinfo=zone)
    start = midnight.astimezone(UTC)
    if start.astimezone(zone).replace(fold=0) == midnight:
        return start
    return _first_instant_from(day, zone, start)


def days_begun(this: Window, until: datetime) -> tuple[list[datetime], float]:
    """Return the starts of the days that have begun, and how many have passed, the last of them in part.

    That is one at least, so that what happened in an hour is not taken for a day's rate.
    """
    if this.length == "day":
        return [this.start], 1
    starts = [date_start(day, this.timezone) for day in this.dates()]
    if until == this.end and not this.is_running:
        return starts, len(starts)
    begun = starts[: bisect_right(starts, until)]
    return begun, max(1, len(begun) - 1 + min(1, (until - begun[-1]) / _DAY))


def _first_instant_from(day: date, zone: ZoneInfo, near: datetime) -> datetime:
    """Find the first instant within two days of `near` whose local date is `day` or later, by halving to the second."""
    low, high = (int((near + timedelta(days=days)).timestamp()) for days in (-2, 2))
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).date() >= day:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def _first_date(day: date, length: Length) -> date:
    if length == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if length == "month" else day


def _following(first: date, length: Length) -> date:
    if length == "month":
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first + timedelta(days=7 if length == "week" else 1)
