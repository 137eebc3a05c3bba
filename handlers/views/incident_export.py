"""An incident as a Markdown document: what happened, when, who took part, what it cost, what is to be done."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from handlers.views.incident_entries import words
from handlers.views.text import clean
from handlers.views.times import duration, in_utc
from models.pictures import Picture
from models.records import Deploy, Incident, TimelineEntry
from models.response import ActionItem, Holder, Response
from models.what_changed import Candidate

# https://spec.commonmark.org/0.31.2/#backslash-escapes : what would mean something else in a line of text.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Everything that is known of an incident and its group, the leader first."""

    group: Sequence[Incident]
    response: Response
    holders: Sequence[Holder]
    timeline: Sequence[TimelineEntry]
    changed: Sequence[Candidate]
    blamed: Sequence[Deploy]
    items: Sequence[ActionItem]
    pictures: Sequence[Picture] = ()
    at: datetime


def markdown(told: Exported) -> str:
    """Return the document. What people wrote is escaped: it stays what it was."""
    leader = told.group[0]
    parts = [
        f"# INC-{leader.id} {plain(leader.headline)}",
        _first_line(told),
        *(["> A drill: this was a test."] if leader.is_test else []),
        "## What it was",
        plain(told.response.update or leader.summary or "Nobody has said what it was."),
        "## Times",
        _times(told),
        "## Cause",
        _cause(told),
        "## What changed before",
        _list([_candidate(c) for c in told.changed[:10]], "Nothing that the ledger knows of."),
        "## Who took part",
        _list(_people(told), "Nobody said anything in Slack."),
        "## Timeline",
        _list([_entry(entry) for entry in told.timeline], "Nothing is written down."),
        *(["## Pictures", _list([_picture(told, one) for one in told.pictures], "")] if told.pictures else []),
        "## Action items",
        _list([_item(item) for item in told.items], "None. Add some: `/incident action`."),
    ]
    return "\n\n".join(parts) + "\n"


def _first_line(told: Exported) -> str:
    leader = told.group[0]
    severity = leader.severity.value if leader.severity else "unrated"
    services = plain(", ".join(leader.services) or "no known service")
    return f"{severity} · {services} · {_state(leader)} · as of {in_utc(told.at)}"


def plain(text: str) -> str:
    """Return text from outside as it is, in one paragraph of Markdown."""
    return _MARKS.sub(r"\\\1", " ".join(clean(text).split()))


def _state(leader: Incident) -> str:
    return "closed" if leader.is_closed else leader.status.value


def _times(told: Exported) -> str:
    leader = told.group[0]
    felt = told.response.impact_at or leader.started_at
    rows = [
        ("Felt since", felt, None),
        ("Reported", leader.started_at, felt),
        ("Acknowledged", leader.acknowledged_at, felt),
        ("Mitigated", leader.mitigated_at, felt),
        ("Resolved", leader.resolved_at if not leader.is_open else None, felt),
        ("Closed", leader.closed_at, felt),
    ]
    lines = [f"| {name} | {in_utc(at) if at else '–'} | {_after(at, since)} |" for name, at, since in rows]
    return "\n".join(["| | when | after |", "|---|---|---|", *lines])


def _after(at: datetime | None, since: datetime | None) -> str:
    return duration(at - since) if at and since and at - since >= timedelta(seconds=1) else "–"


def _cause(told: Exported) -> str:
    leader = told.group[0]
    deploys = ", ".join(f"#{d.id} {plain(d.service)} {plain(d.version or (d.sha or '')[:7])}" for d in told.blamed)
    if leader.ruled_cause:
        return f"{leader.ruled_cause.value}: {deploys or 'no deploy'} (set by {plain(leader.ruled_by or '')})."
    return f"{deploys} (inferred; nobody has confirmed it)." if deploys else "Not known. `/incident cause` sets it."


def _candidate(candidate: Candidate) -> str:
    entry = candidate.entry
    what = plain((entry.version or (entry.sha or "")[:7]) if isinstance(entry, Deploy) else entry.summary)
    by = f" by {plain(entry.actor)}" if entry.actor else ""
    return f"#{entry.id} {plain(entry.service)} {what}{by}, {in_utc(candidate.at)}: {', '.join(candidate.reasons)}"


def _people(told: Exported) -> list[str]:
    roles: dict[str, list[str]] = {}
    for holder in told.holders:
        roles.setdefault(holder.person, []).append(holder.role)
    acted = [entry.actor for entry in told.timeline if entry.actor and entry.via.startswith("slack")]
    return [
        plain(name) + (f" ({plain(', '.join(roles[name]))})" if name in roles else "")
        for name in dict.fromkeys([*roles, *acted])
    ]


def _entry(entry: TimelineEntry) -> str:
    who = plain(entry.actor or entry.via)
    text = f": {plain(entry.text)}" if entry.text else ""
    was = f" (was {plain(entry.was)})" if entry.was else ""
    gone = " (deleted since)" if entry.removed_at else ""
    source = f" <{entry.permalink}>" if entry.permalink else ""
    return f"{in_utc(entry.at)} · {who} {words(entry.kind)}{text}{was}{source}{gone}"


def file_name(number: int, picture: Picture) -> str:
    """Return under which name a picture comes with the document."""
    kind = picture.mimetype.removeprefix("image/").partition("+")[0]
    return f"INC-{number}-{picture.id}.{kind if kind.isalnum() else 'img'}"


def _picture(told: Exported, picture: Picture) -> str:
    entry = next((e for e in told.timeline if e.message == picture.message), None)
    by = f"{plain(entry.actor or '')}, {in_utc(entry.at)}" if entry else ""
    size = f"{picture.size / 1000:,.0f} kB, SHA-256 `{picture.sha256}`"
    return f"![{plain(picture.name)}]({file_name(told.group[0].id, picture)}) {plain(picture.name)} ({by}; {size})"


def _item(item: ActionItem) -> str:
    mark = " " if item.is_open else "x"
    due = f", by {item.due_on}" if item.due_on else ""
    return f"[{mark}] A{item.id} {plain(item.text)} ({plain(item.owner or 'nobody yet')}{due})"


def _list(lines: Sequence[str], nothing: str) -> str:
    return "\n".join(f"- {one}" for one in lines) or nothing
