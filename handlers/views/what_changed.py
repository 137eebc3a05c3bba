"""What is said of the changes before an incident, each with the reasons why it may be the cause."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from handlers.views import Message
from handlers.views.layout import joined, message, paragraphs
from handlers.views.text import code, line, link
from handlers.views.times import duration
from models.records import Deploy, Incident
from models.what_changed import Candidate

_FEW: Final = 3
_SECOND: Final = timedelta(seconds=1)


def few(candidates: Sequence[Candidate], incident: Incident) -> str:
    """Return the likeliest, as the card says them."""
    more = [f"… and {len(candidates) - _FEW} more"] if len(candidates) > _FEW else []
    return "\n".join(["*What changed*", *(one_line(c, incident) for c in candidates[:_FEW]), *more])


def one_line(candidate: Candidate, incident: Incident) -> str:
    """Return one change, how long before, and why it may be the cause."""
    entry = candidate.entry
    what = code(_version(entry), 40) if isinstance(entry, Deploy) else line(entry.summary, 80)
    number = link(entry.url, f"#{entry.id}")
    by = f"by {line(entry.actor, 40)}" if entry.actor else ""
    named = " ".join(filter(None, [f"• {number}", line(entry.service, 60), what, by]))
    return joined([named, _when(candidate, incident), ", ".join(candidate.reasons)])


def _version(deploy: Deploy) -> str:
    return deploy.version or (deploy.sha or "")[:7]


def _when(candidate: Candidate, incident: Incident) -> str:
    before = (incident.started_at or incident.received_at) - candidate.at
    if before < _SECOND:
        return f"{duration(-before)} after it began" if -before >= _SECOND else "as it began"
    return f"{duration(before)} before"


def reasons(rates: Mapping[str, tuple[int, int]]) -> Message:
    """Return how often each reason was right."""
    told = sorted((item for item in rates.items() if item[1][1]), key=lambda item: -item[1][0] / item[1][1])
    if not told:
        words = "Nobody has named the deploy or change behind an incident yet: `/incident cause INC-12 #41`."
        return message(words, paragraphs(["*Reasons for suspicion*", words]))
    lines = [
        f"• {line(reason, 60)}: the cause in {hits} of {shown} ({hits / shown:.0%})" for reason, (hits, shown) in told
    ]
    unused = [line(reason, 60) for reason, (_, shown) in rates.items() if not shown]
    rest = [f"Never given so far: {', '.join(unused)}."] if unused else []
    return message("Reasons for suspicion", paragraphs(["*Reasons for suspicion*", *lines, *rest]))
