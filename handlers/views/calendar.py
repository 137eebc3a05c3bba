"""Shifts as a calendar (RFC 5545) that any calendar program takes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from models.oncall import Shift

# https://www.rfc-editor.org/rfc/rfc5545#section-3.3.11 and #section-3.1
_ESCAPED: Final = (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n"))
_LONGEST_LINE: Final = 75


def calendar(shifts: Sequence[tuple[str, Shift]], owner: str, at: datetime) -> bytes:
    """Return shifts, each with the name of its schedule, as an iCalendar file; `owner` makes its ids one's own."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Twinspan//on-call//EN"]
    for schedule, shift in shifts:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(schedule)}-{_instant(shift.start)}-{owner}@twinspan",
            f"DTSTAMP:{_instant(at)}",
            f"DTSTART:{_instant(shift.start)}",
            f"DTEND:{_instant(shift.end)}",
            f"SUMMARY:On call: {_escaped(schedule)}",
            "END:VEVENT",
        ]
    return "".join(f"{_folded(one)}\r\n" for one in [*lines, "END:VCALENDAR"]).encode()


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for plain, escaped in _ESCAPED:
        text = text.replace(plain, escaped)
    return text


def _folded(text: str) -> str:
    parts = [text[start : start + _LONGEST_LINE - 1] for start in range(0, len(text), _LONGEST_LINE - 1)]
    return "\r\n ".join(parts)
