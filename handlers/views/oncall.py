"""What is said of who is on call: now and next, a person's own shifts, overrides, swaps, gaps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views import Message
from handlers.views.layout import actions, button, header, joined, message, paragraphs, said, section
from handlers.views.text import line
from handlers.views.times import duration, moment
from models.oncall import Override, Shift

UNDO_OVERRIDE: Final = "oncall_override_undo"
ACCEPT_SWAP: Final = "oncall_swap_accept"
DECLINE_SWAP: Final = "oncall_swap_decline"
CALENDAR: Final = "oncall_calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One schedule as `/oncall` shows it; names are as people read them. `waits_for`: who has not accepted yet."""

    schedule: str
    person: str | None
    until: datetime | None = None
    why: str | None = None
    next_person: str | None = None
    next_at: datetime | None = None
    waits_for: str | None = None
    troubles: Sequence[str] = ()


def now(lines: Sequence[Line], title: str = "On call now") -> Message:
    """Return who is on call in some schedules, until when, and who is next."""
    if not lines:
        words = (
            "No on-call schedule is configured. An admin can add one under `on_call: schedules:` in twinspan.yaml "
            "(docs/oncall.md has examples)."
        )
        return said(words)
    text = joined(f"{line(one.schedule, 60)}: {line(one.person or 'nobody', 60)}" for one in lines)
    return message(f"{title}: {text}", [header(title), *paragraphs(map(_line, lines))])


def _line(one: Line) -> str:
    name = f"*{line(one.schedule, 60)}*"
    if one.person is None:
        first = f"⚪ {name} nobody"
    elif one.waits_for:
        first = f"🟠 {name} {line(one.person, 60)}, until {line(one.waits_for, 60)} accepts"
    else:
        first = f"🟢 {name} {line(one.person, 60)}" + (f" until {moment(one.until)}" if one.until else "")
    why = f"({line(one.why, 40)})" if one.why == "override" else None
    coming = f"then {line(one.next_person, 60)} {moment(one.next_at)}" if one.next_person and one.next_at else None
    return "\n".join([joined([first, why, coming]), *(f"   ⚠️ {line(t, 200)}" for t in one.troubles)])


def coming(schedules: Sequence[tuple[str, Sequence[tuple[str, datetime]]]]) -> Message:
    """Return who is on call next in some schedules: (person, from when), in order."""
    if not schedules:
        return now([])
    lines = []
    for name, found in schedules:
        turns = ", then ".join(f"{line(person, 60)} {moment(start)}" for person, start in found)
        lines.append(f"*{line(name, 60)}* {turns or 'nobody else in the next five weeks'}")
    return message("On call next", [header("On call next"), *paragraphs(lines)])


def at_time(schedule: str, person: str | None, at: datetime, until: datetime | None) -> Message:
    """Return who will be on call at an instant."""
    end = f", until {moment(until)}" if until and person else ""
    return said(f"*{line(schedule, 60)}* {moment(at)}: {line(person or 'nobody', 60)}{end}.")


def mine(shifts: Sequence[tuple[str, Shift]], at: datetime) -> Message:
    """Return a person's own shifts of the next weeks, by schedule."""
    if not shifts:
        return said("You have no shift in the next five weeks.")
    lines = [
        joined(
            [
                f"• *{line(name, 60)}* " + ("now" if s.start <= at else moment(s.start)),
                f"until {moment(s.end)}",
                duration(s.end - s.start),
            ]
        )
        for name, s in shifts
    ]
    row = actions(button("Send me an .ics", CALENDAR, "mine"))
    return message("Your shifts", [*paragraphs(["*Your shifts*", *lines]), row])


def overridden(override: Override, person: str) -> Message:
    """Return what the person who made an override is shown, with *Undo*."""
    words = f"🔁 {line(person, 60)} is on call in *{line(override.schedule, 60)}* {_span(override)}."
    return message(words, [section(words, button("Undo", UNDO_OVERRIDE, str(override.id)))])


def overrides(listed: Sequence[tuple[Override, str]]) -> Message:
    """Return the overrides that stand, each with *Undo*."""
    if not listed:
        return said("No override stands in the next weeks. `/oncall override @bob tonight` makes one.")
    blocks = [
        section(
            f"*{line(o.schedule, 60)}* {line(person, 60)} {_span(o)} (by {line(o.by, 60)})",
            button("Undo", UNDO_OVERRIDE, str(o.id)),
        )
        for o, person in listed[:20]
    ]
    return message(f"Overrides: {len(listed)}", [header("Overrides"), *blocks])


def cancelled(override: Override) -> Message:
    """Return what the person who took an override back is shown."""
    return said(f"↩️ The override in *{line(override.schedule, 60)}* {_span(override)} is taken back.")


def swap_asked(other: str) -> Message:
    """Return what the person who asks for a swap is shown."""
    return said(f"🔄 {line(other, 60)} was asked by direct message. Nothing changes until they accept.")


def swap(params: Mapping[str, str]) -> Message:
    """Return the question to the other person of a swap."""
    words = (
        f"🔄 {line(params['asker'], 60)} asks to swap shifts in *{line(params['schedule'], 60)}*: you take "
        f"{_between(params['start'], params['end'])}, they take {_between(params['other_start'], params['other_end'])}."
    )
    value = json.dumps(dict(params))
    row = actions(button("Accept", ACCEPT_SWAP, value, style="primary"), button("Decline", DECLINE_SWAP, value))
    return message(words, [section(words), row])


def swap_answered(params: Mapping[str, str]) -> Message:
    """Return what the person who asked for a swap hears."""
    who, where = line(params["other"], 60), line(params["schedule"], 60)
    if params["answer"] != "yes":
        return said(f"🔄 {who} does not swap with you in *{where}*; nothing changes.")
    yours = _between(params["other_start"], params["other_end"])
    return said(f"🔄 {who} swaps with you in *{where}*: your shift is now {yours}.")


def swap_done(answer: str) -> Message:
    """Return what the person who answered is shown."""
    return said(f"🔄 {answer} Who asked is told.")


def troubles(schedule: str, found: Sequence[str]) -> Message:
    """Return the gaps and double bookings that lie ahead, or that there are none any more."""
    if not found:
        return said(f"✅ *On call, {line(schedule, 60)}*: nothing is wrong any more with the next two weeks.")
    lines = [f"⚠️ *On call, {line(schedule, 60)}*: what is coming", *(f"• {line(words, 300)}" for words in found[:20])]
    hint = "`/oncall override @name from … to …` fills a gap."
    return message(f"On call, {line(schedule, 60)}: {len(found)} to look at", paragraphs([*lines, hint]))


def new_troubles(schedule: str, found: Sequence[str]) -> Message:
    """Return what is wrong ahead and was not when that was told last."""
    lines = [f"⚠️ *On call, {line(schedule, 60)}*: new", *(f"• {line(words, 300)}" for words in found[:20])]
    hint = "`/oncall override @name from … to …` fills a gap."
    return message(f"On call, {line(schedule, 60)}: {line(found[0], 150) if found else ''}", paragraphs([*lines, hint]))


def troubles_over(schedule: str, found: Sequence[str]) -> Message:
    """Return what was told to be wrong ahead and is not any more."""
    lines = [f"✅ *On call, {line(schedule, 60)}*: no longer so", *(f"• ~{line(words, 300)}~" for words in found[:20])]
    return message(f"On call, {line(schedule, 60)}: no longer so", paragraphs(lines))


def _span(override: Override) -> str:
    return f"from {moment(override.start)} until {moment(override.end)}"


def _between(start: str, end: str) -> str:
    return f"{moment(datetime.fromisoformat(start))} – {moment(datetime.fromisoformat(end))}"
