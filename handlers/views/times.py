"""Shows instants in each reader's own zone, with UTC where Slack's date tokens do not work, and durations in words.

https://docs.slack.dev/messaging/formatting-message-text#date-formatting
"""

from datetime import UTC, datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def in_utc(at: datetime) -> str:
    """Return `2026-03-02 09:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def moment(at: datetime) -> str:
    """Return an instant as a date token: `today at 9:00` in the reader's zone."""
    return _token(at, "{date_short_pretty} at {time}")


def ago(at: datetime) -> str:
    """Return an instant as a date token that keeps counting: `5 minutes ago`."""
    return _token(at, "{ago}")


def duration(length: timedelta | float) -> str:
    """Return a length (seconds, where it is a number) in its two largest units: `45 s`, `3 min 20 s`, `2 d 4 h`."""
    seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < 0:
        return "0 s"
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    first = next((n for n, (size, _) in enumerate(units) if seconds >= size), len(units) - 1)
    words: list[str] = []
    for size, unit in units[first : first + 2]:
        count, seconds = divmod(seconds, size)
        if count or not words:
            words.append(f"{count} {unit}")
    return " ".join(words)


def _token(at: datetime, shape: str) -> str:
    return f"<!date^{int(at.timestamp())}^{shape}|{in_utc(at)}>"
