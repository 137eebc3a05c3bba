"""What is said in and of an incident's own channel: its name, its topic, the card with the way back."""

import re
from collections.abc import Sequence
from typing import Final

from handlers.views import Message
from handlers.views.incident_facts import label
from handlers.views.layout import context, joined
from handlers.views.text import clean, line, link, shorten
from models.records import Incident
from models.response import LEAD, Holder

# https://docs.slack.dev/reference/methods/conversations.create#naming : lower case, no spaces, at most 80 characters.
_MOST_OF_A_NAME: Final = 80
_MOST_OF_A_TOPIC: Final = 250
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9_]+")


def name(pattern: str, leader: Incident) -> str:
    """Return the name of an incident's channel, as the configuration wants it and Slack allows it."""
    service = leader.services[0] if leader.services else "unknown"
    filled = pattern.format(number=leader.id, service=service, title=leader.headline)
    # The number must stay, so that no two have the same: a long title gives way.
    room = _MOST_OF_A_NAME - len(_slug(pattern.format(number=leader.id, service=service, title="")))
    if len(_slug(filled)) > _MOST_OF_A_NAME:
        filled = pattern.format(number=leader.id, service=service, title=_slug(leader.headline)[: max(room - 1, 0)])
    return _slug(filled)[:_MOST_OF_A_NAME].strip("-")


def topic(group: Sequence[Incident], holders: Sequence[Holder]) -> str:
    """Return what stands in the head of the channel: which incident, how bad, who leads it, where it stands."""
    leader = group[0]
    severity = leader.severity.value.upper() if leader.severity else "unrated"
    lead = next((h.person for h in holders if h.role == LEAD), None)
    state = "closed" if leader.is_closed else leader.status.value
    parts = [label(leader), severity, state, f"lead {clean(lead)}" if lead else "no lead yet", clean(leader.headline)]
    return shorten(" · ".join(parts), _MOST_OF_A_TOPIC)


def card(shown: Message, links: Sequence[tuple[str, str]]) -> Message:
    """Return an incident's card as it stands in its own channel, with the way to the others."""
    back = joined([link(address, place) for address, place in links])
    words = "`/incident update …` needs no number here; 📌 puts a message on the timeline"
    blocks = [*shown.blocks, context(joined([f"cards in {back}" if back else None, words]))]
    return Message(text=shown.text, blocks=tuple(blocks), plain_blocks=shown.plain_blocks)


def not_made(incident: str, reason: str) -> str:
    """Return what the admins are told when Slack makes no channel."""
    need = " (the app needs the scopes channels:manage and groups:write)" if reason == "missing_scope" else ""
    return f"{line(incident, 40)} could not have a channel of its own: {line(reason, 60)}{need}"


def _slug(text: str) -> str:
    return _NOT_IN_A_NAME.sub("-", clean(text).casefold()).strip("-")
