"""What is said of causes: on an incident's card, on a suspect deploy's card, and to the person who set one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from handlers.views import Block, Message, Modal
from handlers.views.layout import actions, button, joined, message, paragraphs
from handlers.views.modals import form, select_named
from handlers.views.text import code, line, link
from handlers.views.times import duration
from models.records import Deploy, Incident, TimelineEntry
from models.words import BlameReason, Cause, EntryKind, IncidentStatus

SET: Final = "incident_cause"
FORM: Final = "incident_cause_form"
UNDO: Final = "incident_cause_undo"
NOT_MINE: Final = "deploy_not_mine"
LOOKING: Final = "deploy_looking"
ROLLING_BACK: Final = "deploy_rolling_back"

_CLAIMS: Final = {EntryKind.LOOKING: ("👀", "is looking at"), EntryKind.ROLLING_BACK: ("⏪", "is rolling back")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What an incident is held against: by which rule (`None`: nothing), which deploys; who looks after them."""

    reason: BlameReason | None = None
    deploys: Sequence[Deploy] = ()
    within: timedelta = timedelta(hours=24)
    claims: Sequence[TimelineEntry] = ()


class Effect(Protocol):
    """What moved in a change fail rate; `handlers.cause_effects.Effect` is one."""

    @property
    def service(self) -> str: ...  # noqa: D102
    @property
    def week(self) -> str: ...  # noqa: D102
    @property
    def before(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def after(self) -> tuple[int, int]: ...  # noqa: D102


def of_incident(incident: Incident, held: Suspicion) -> str | None:
    """Return the line of an incident's card that says what caused it, how that is known, and who looks after it."""
    return joined([_cause(incident, held), *_claimed(held.claims)]) or None


def _cause(incident: Incident, held: Suspicion) -> str | None:
    deploys = ", ".join(_named(deploy) for deploy in held.deploys)
    by = line(incident.ruled_by or "", 60)
    if incident.ruled_cause:
        return f"*Cause* {deploys or _without_deploy(incident)} (set by {by})"
    if deploys and held.reason is BlameReason.EXPLICIT:
        return f"*Cause* {deploys} (named by {line(incident.source, 60)})"
    if deploys and held.reason is BlameReason.INFERRED:
        return f"*Probably* {deploys} (inferred: latest deploy within {duration(held.within)})"
    if deploys:
        return f"*Probably* {deploys} (remediation: put right while this was open)"
    if incident.cause:
        return f"*Cause* {incident.cause.value} (told by {line(incident.source, 60)})"
    cleared = ", ".join(f"#{name.removeprefix('deploy:')}" for name in incident.cleared)
    return f"*Cause* unknown, not {line(cleared, 60)} (said {by})" if cleared else None


def _without_deploy(incident: Incident) -> str:
    names = ", ".join(code(name[:12]) for name in incident.ruled_causes)
    if names:
        return f"{names}, not deployed yet"
    return incident.ruled_cause.value if incident.ruled_cause else ""


def _named(deploy: Deploy) -> str:
    version = deploy.version or (deploy.sha or "")[:7]
    by = f" by {line(deploy.actor, 40)}" if deploy.actor else ""
    return " ".join(filter(None, [link(deploy.url, f"#{deploy.id}"), line(deploy.service, 60), code(version, 40)])) + by


def _claimed(claims: Sequence[TimelineEntry]) -> list[str]:
    return [
        f"{_CLAIMS[e.kind][0]} {line(e.actor or 'somebody', 60)} {_CLAIMS[e.kind][1]} {line(e.text or 'it', 20)}"
        for e in claims
        if e.kind in _CLAIMS
    ]


def of_deploy(suspected: Sequence[tuple[Incident, BlameReason]], claims: Sequence[TimelineEntry]) -> str | None:
    """Return the line of a deploy's card that says what is held against it."""
    if not suspected:
        return None
    told = [f"{_incident(incident)} ({_how(incident, reason)})" for incident, reason in suspected[:3]]
    more = f" and {len(suspected) - 3} more" if len(suspected) > 3 else ""
    return joined([f"🔥 *suspect of* {', '.join(told)}{more}", *_claimed(claims)])


def _how(incident: Incident, reason: BlameReason) -> str:
    return f"set by {line(incident.ruled_by, 60)}" if incident.ruled_cause and incident.ruled_by else reason.value


def _incident(incident: Incident) -> str:
    over = " ✅" if incident.status is IncidentStatus.RESOLVED else ""
    return f"{link(incident.url, f'INC-{incident.leader_id or incident.id}')} {line(incident.headline, 60)}{over}"


def deploy_buttons(
    deploy_id: int, claims: Sequence[TimelineEntry], *, can_clear: bool = True, is_main: bool = True
) -> list[Block]:
    """Return what the people of a suspect deploy can still do: who looks need not look, who rolls back has decided.

    `can_clear`: no person has named it as the cause. `is_main`: nothing else on the message is to be pressed first.
    """
    value = str(deploy_id)
    claimed = {claim.kind for claim in claims if claim.text == f"#{deploy_id}"}
    row = [button("Not mine", NOT_MINE, value)] if can_clear else []
    if not claimed:
        row.append(button("Looking", LOOKING, value, style="primary" if is_main else None))
    if EntryKind.ROLLING_BACK not in claimed:
        row.append(button("Rolling back", ROLLING_BACK, value, style="danger"))
    return [actions(*row)] if row else []


def said(incident: Incident, now: str, before: str, effects: Sequence[Effect], undo: str | None) -> Message:
    """Return what the person who set a cause is shown: what was before, what became of the numbers, and *Undo*."""
    number = incident.leader_id or incident.id
    first = f"🔎 INC-{number} {line(incident.headline, 120)}: cause {line(now, 200)}; before: {line(before, 200)}."
    told = [first, *(_effect(effect) for effect in effects)]
    row = [actions(button("Undo", UNDO, undo))] if undo else []
    return message(" ".join(told), [*paragraphs(told), *row])


def claimed(kind: EntryKind, deploy_id: int, incidents: Sequence[Incident]) -> Message:
    """Return what the person who looks after a suspect deploy is shown."""
    names = ", ".join(dict.fromkeys(f"INC-{i.leader_id or i.id}" for i in incidents))
    words = "You are looking at" if kind is EntryKind.LOOKING else "You are rolling back"
    return message(f"{words} #{deploy_id}; {names} says so.", paragraphs([f"{words} #{deploy_id}; {names} says so."]))


def _effect(effect: Effect) -> str:
    what = f"Change fail rate of {line(effect.service, 60)} {effect.week}"
    (was_k, was_n), (k, n) = effect.before, effect.after
    if effect.before == effect.after:
        return f"{what} stays {k} of {n}."
    return f"{what}: {was_k} of {was_n} → {k} of {n}."


def ask(incident: Incident, deploys: Sequence[Deploy], *, channel_id: str, seen_at: str) -> Modal:
    """Return the form that asks for an incident's cause; `deploys` are the ones before it, newest first."""
    number = incident.leader_id or incident.id
    options = [(f"#{d.id} {d.service} {d.version or (d.sha or '')[:7]}"[:75], f"#{d.id}") for d in deploys[:50]]
    kinds = (Cause.EXTERNAL, Cause.CAPACITY, Cause.UNKNOWN)
    options += [(_KINDS[kind], kind.value) for kind in kinds]
    carried = {"channel": channel_id, "incident": str(number), "seen_at": seen_at}
    return form(FORM, f"Cause of INC-{number}", "Set it", [select_named("cause", "What caused it?", options)], carried)


_KINDS: Final = {
    Cause.EXTERNAL: "external: a provider, the network, somebody else's system",
    Cause.CAPACITY: "capacity: more load than it could take",
    Cause.UNKNOWN: "unknown: looked at, and no deploy is to blame",
}
