"""What is said of one line of an incident's history: in a list, and as a reply in its threads."""

from typing import Final

from handlers.views import Message
from handlers.views.layout import context, message, section
from handlers.views.text import line, link, paragraph
from handlers.views.times import moment
from models.records import Incident, TimelineEntry
from models.words import EntryKind

_WORDS: Final = {
    EntryKind.TRIGGERED: "triggered",
    EntryKind.ACKNOWLEDGED: "acknowledged",
    EntryKind.UNACKNOWLEDGED: "unacknowledged",
    EntryKind.MITIGATED: "mitigated",
    EntryKind.RESOLVED: "resolved",
    EntryKind.REOPENED: "reopened",
    EntryKind.CLOSED: "closed",
    EntryKind.SEVERITY: "set the severity",
    EntryKind.NOTE: "noted",
    EntryKind.JOINED: "joined",
    EntryKind.PROMOTED: "promoted",
    EntryKind.CAUSE: "set the cause",
    EntryKind.CLEARED: "said that it was not",
    EntryKind.LOOKING: "is looking at",
    EntryKind.ROLLING_BACK: "is rolling back",
    EntryKind.UPDATE: "says",
    EntryKind.TITLE: "named it",
    EntryKind.IMPACT: "says that it was felt since",
    EntryKind.ROLE: "gave a role",
    EntryKind.COMMAND: "has command",
    EntryKind.MERGED: "merged",
    EntryKind.UNMERGED: "took apart",
    EntryKind.MESSAGE: "wrote",
    EntryKind.CHANNEL: "opened the channel",
    EntryKind.ACTION: "wants done",
    EntryKind.PAGED: "paged",
    EntryKind.REASSIGNED: "gave it to",
    EntryKind.RESPONDER: "called for help",
}
_EMOJI: Final = {
    EntryKind.NOTE: "📝",
    EntryKind.UPDATE: "📣",
    EntryKind.SEVERITY: "🎚️",
    EntryKind.ROLE: "🧑‍🚒",
    EntryKind.COMMAND: "🧑‍🚒",
    EntryKind.MERGED: "➡️",
    EntryKind.UNMERGED: "↔️",
    EntryKind.CLOSED: "🏁",
    EntryKind.ACTION: "☑️",
    EntryKind.MESSAGE: "📌",
    EntryKind.CHANNEL: "💬",
    EntryKind.PAGED: "📟",
}
_LONG: Final = (EntryKind.NOTE, EntryKind.UPDATE, EntryKind.MESSAGE)


def words(kind: EntryKind) -> str:
    """Return what somebody did, as a verb."""
    return _WORDS[kind]


def one_line(entry: TimelineEntry) -> str:
    """Return an entry as a line of a list: when, who, what, and what stood before."""
    who = line(entry.actor, 60) if entry.actor else line(entry.via, 40)
    text = f": {line(entry.text, 300)}" if entry.text else ""
    was = f" (was {line(entry.was, 100)})" if entry.was and entry.text else ""
    source = f" {link(entry.permalink, 'message')}" if entry.permalink else ""
    files = "".join(f" {link(url, 'picture')}" for url in entry.files)
    gone = " _(taken back since)_" if entry.removed_at else ""
    return f"• {moment(entry.at)} · {who} {_WORDS[entry.kind]}{text}{was}{source}{files}{gone}"


def reply(incident: Incident, entry: TimelineEntry) -> Message:
    """Return an entry as a reply in the incident's threads."""
    number = incident.leader_id or incident.id
    who = line(entry.actor, 60) if entry.actor else line(entry.via, 40)
    title = f"{_EMOJI.get(entry.kind, '•')} INC-{number}: {who} {_WORDS[entry.kind]}"
    if entry.kind in _LONG:
        text = entry.text or ""
        return message(f"{title}: {line(text, 300)}", [context(title), section(paragraph(text, 2500))])
    text = f" *{line(entry.text, 300)}*" if entry.text else ""
    was = f" (was {line(entry.was, 100)})" if entry.was else ""
    return message(f"{title}{text}{was}", [section(f"{title}{text}{was}")])
