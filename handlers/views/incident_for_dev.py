"""What an incident's card answers the dev side: is it mine, is it my deploy, is the gate shut, what is asked of me."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.views import Block, causes
from handlers.views.layout import section
from handlers.views.text import line, listed
from handlers.views.times import moment
from models.freezes import Freeze
from models.records import Deploy, Incident
from models.words import BlameReason, EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the incident: whose its services are, and the freezes that stand for them."""

    owners: Sequence[tuple[str, str | None]] = ()
    freezes: Sequence[Freeze] = field(default_factory=tuple)


def answers(
    leader: Incident, held: causes.Suspicion, around: Around, *, is_open: bool, can_freeze: bool
) -> list[Block]:
    """Return the answers, one line each, and the suspects' buttons as long as it is open."""
    cause = causes.of_incident(leader, held) or "*Cause* no deploy is suspected so far"
    lines = [_whose(leader, around.owners), cause]
    if is_open:
        lines += [gate(around.freezes, can_freeze=can_freeze), f"*Asked of you* {_asked(leader, held)}"]
    told = [section("\n".join(filter(None, lines)))]
    one = _only_suspect(held) if is_open else None
    can_clear = leader.ruled_cause is None
    return [*told, *causes.deploy_buttons(one.id, held.claims, can_clear=can_clear, is_main=False)] if one else told


def _whose(leader: Incident, owners: Sequence[tuple[str, str | None]]) -> str:
    """Return whose services these are; the sender's word where the configuration has none."""
    if not owners:
        return "*Service* none that I know"
    team = line(leader.team, 60) if leader.team else "nobody is named as owner"
    named = [f"{line(service, 60)} ({line(owner, 60) if owner else team})" for service, owner in owners]
    return f"*Service* {listed(named)}"


def gate(freezes: Sequence[Freeze], *, can_freeze: bool = False) -> str:
    """Return whether deploys are held up, until when, whose freeze that is and why."""
    if not freezes:
        return f"*Gate* open{', *Freeze deploys* shuts it' if can_freeze else ''}"
    last = max(freezes, key=lambda one: one.ended_at)
    return (
        f"*Gate* ❄️ shut for {line(last.scope, 60)} until {moment(last.until)} "
        f"(F{last.id} by {line(last.owner, 60)}: {line(last.reason, 120)})"
    )


def _asked(leader: Incident, held: causes.Suspicion) -> str:
    """Return what ops wants to hear from dev now, in the words of the buttons."""
    open_ones = [deploy for deploy in held.deploys if not _is_claimed(deploy, held)]
    if held.deploys and not open_ones:
        names = listed(list(dict.fromkeys(line(claim.actor or "somebody", 60) for claim in held.claims)))
        return f"nothing more: {names} {'has' if len({c.actor for c in held.claims}) == 1 else 'have'} it"
    if not open_ones:
        return "nothing now"
    names = listed([f"#{deploy.id}" for deploy in open_ones])
    if leader.ruled_cause or held.reason is BlameReason.EXPLICIT:
        where = " on the deploy's message" if len(held.deploys) > 1 else ""
        return f"ops asks: who puts {names} right? Say *Looking* or *Rolling back*{where}"
    if len(held.deploys) > 1:
        which = f"one of {names}" if len(open_ones) > 1 else names
        return f"ops asks: is {which} yours? Say so on the deploy's message"
    who = line(open_ones[0].actor, 40) if open_ones[0].actor else None
    whom = f"{who}, is {names}" if who else f"is {names}"
    return f"ops asks: {whom} yours, and the cause? Say *Not mine*, *Looking* or *Rolling back*"


def _is_claimed(deploy: Deploy, held: causes.Suspicion) -> bool:
    kinds = (EntryKind.LOOKING, EntryKind.ROLLING_BACK)
    return any(claim.kind in kinds and claim.text == f"#{deploy.id}" for claim in held.claims)


def _only_suspect(held: causes.Suspicion) -> Deploy | None:
    """Return the suspect that buttons can be about: with several each has them on its own message."""
    return held.deploys[0] if len(held.deploys) == 1 else None
