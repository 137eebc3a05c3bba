"""What a person sees in the app's home: what waits for them first, then what is good to know; buttons work there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from handlers.views import Block, Message, Modal, handoffs
from handlers.views import action_items as item_views
from handlers.views import command_handoff as offers
from handlers.views import incidents as incident_views
from handlers.views.debts import DONE as DEBT_DONE
from handlers.views.debts import one_line
from handlers.views.freezes import LIFT, span
from handlers.views.incident_facts import EMOJI, headline, state_words
from handlers.views.layout import actions, button, context, header, joined, section
from handlers.views.text import line, link
from handlers.views.times import ago, moment
from models.debts import Debt
from models.freezes import Freeze
from models.handoffs import Handoff, Offer
from models.records import Change, Deploy, Incident
from models.response import ActionItem
from models.words import IncidentStatus

# https://docs.slack.dev/surfaces/app-home : at most 100 blocks.
_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One schedule, as one person sees it: who is on call, and when they are themselves.

    `waits_for` is who has not accepted the shift yet.
    """

    schedule: str
    person: str | None
    is_me: bool = False
    until: datetime | None = None
    waits_for: str | None = None
    mine_from: datetime | None = None
    mine_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for one person, and what is good for them to know."""

    on_call: Sequence[Duty] = ()
    handoffs: Sequence[Handoff] = ()
    offers: Sequence[tuple[Offer, Incident]] = ()
    incidents: Sequence[tuple[str, Incident]] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[ActionItem] = ()
    freezes: Sequence[Freeze] = ()
    debts: Sequence[tuple[Debt, Change]] = ()
    deploys: Sequence[Deploy] = ()
    changes: Sequence[Change] = ()


def home(waiting: Waiting, at: datetime, said: Message | None = None) -> Modal:
    """Return the home; `said` stands on top of it."""
    answered: list[Block] = [*(said.blocks or (section(said.text),)), {"type": "divider"}] if said else []
    blocks = [*answered, *_to_do(waiting, at), *_on_call(waiting.on_call), *_recent(waiting)]
    return Modal(view={"type": "home", "blocks": [*blocks[: _MOST - 1], context(f"As of {moment(at)}.")]})


def _to_do(waiting: Waiting, at: datetime) -> list[Block]:
    found: list[Block] = []
    for one in waiting.handoffs[:5]:
        found += [section(f"🔁 *Take over* {handoffs.names(one)} since {moment(one.boundary)}"), handoffs.buttons(one)]
    for offer, incident in waiting.offers[:5]:
        words = f"🧑‍🚒 {line(offer.giver, 60)} offers you *command* of {headline(incident, [incident])}"
        found += [section(words), offers.buttons(offer)]
    for role, incident in waiting.incidents[:10]:
        found += _incident(role, incident, waiting.links)
    for item in waiting.items[:15]:
        late = "*past due*" if item.due_on and item.due_on < at.date() else f"by {item.due_on}" if item.due_on else None
        words = joined([f"☑️ *A{item.id}* {line(item.text, 200)}", f"INC-{item.incident_id}", late])
        found.append(section(words, button("Done", item_views.DONE, str(item.id))))
    for freeze in waiting.freezes[:5]:
        words = f"❄️ you froze *{line(freeze.scope, 80)}* {span(freeze)}: {line(freeze.reason, 150)}"
        found.append(section(words, button("Lift", LIFT, str(freeze.id))))
    for debt, change in waiting.debts[:10]:
        found.append(section(one_line(debt, change, at), button("Done", DEBT_DONE, str(change.id))))
    return [header("Waits for you"), *(found or [section("Nothing. 🌤️")])]


def _incident(role: str, incident: Incident, links: Mapping[str, str]) -> list[Block]:
    number = str(incident.leader_id or incident.id)
    address = links.get(f"incident:{number}")
    words = f"{EMOJI[incident.status]} *{line(role, 40)}* of {headline(incident, [incident])}"
    state = state_words([incident], incident.status)
    row = [button("Update", incident_views.UPDATE, number), button("Resolve", incident_views.RESOLVE, number)]
    if incident.status in (IncidentStatus.TRIGGERED, IncidentStatus.REOPENED):
        row.insert(0, button("Acknowledge", incident_views.ACKNOWLEDGE, number, style="primary"))
    return [section(joined([words, state, link(address, "open") if address else None])), actions(*row)]


def _on_call(duties: Sequence[Duty]) -> list[Block]:
    if not duties:
        return []
    return [header("On call"), section("\n".join(map(_duty, duties[:15])))]


def _duty(one: Duty) -> str:
    name = f"*{line(one.schedule, 60)}*"
    if one.is_me:
        now = f"🟢 {name} you" + (f", until {moment(one.until)}" if one.until else "")
    else:
        now = f"⚪ {name} {line(one.person or 'nobody', 60)}"
    if one.waits_for:
        now += f", until {line(one.waits_for, 60)} accepts"
    coming = f"you {moment(one.mine_from)} to {moment(one.mine_until)}" if one.mine_from and one.mine_until else None
    return joined([now, coming])


def _recent(waiting: Waiting) -> list[Block]:
    deploys = [
        (d.latest_at, f"🚀 *{line(d.service, 60)}* {line(d.version or (d.sha or '')[:7], 40)} {d.status.value}")
        for d in waiting.deploys
    ]
    changes = [(c.occurred_at, f"🔧 *{line(c.service, 60)}* {line(c.summary, 100)}") for c in waiting.changes]
    newest = sorted([*deploys, *changes], reverse=True)[:8]
    lines = [f"{words} · {ago(when)}" for when, words in newest]
    return [header("Changes of your services"), section("\n".join(lines))] if lines else []
