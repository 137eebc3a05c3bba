"""What is said of freezes: what must not be deployed, until when and why, who may all the same, who was held up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handlers.routing import Audience
from handlers.views import Block, Message
from handlers.views.layout import actions, button, context, header, joined, message, paragraphs, said, section
from handlers.views.text import code, line, link, listed, mention, plural
from handlers.views.times import duration, in_utc, moment
from models.freezes import Freeze, Hold, Pass
from models.records import Deploy

LIFT: Final = "freeze_lift"
LONGER: Final = "freeze_longer"
TAKE: Final = "freeze_take"
FOR_INCIDENT: Final = "freeze_for_incident"


def card(
    one: Freeze, side: Audience, *, held: Sequence[Hold] = (), passes: Sequence[Pass] = (), at: datetime
) -> Message:
    """Return a freeze as it stands, with the buttons to change it while it does."""
    if one.never_began:
        words = f"☀️ {_what(one)} is not frozen from {moment(one.since)} on after all: {_ended(one)}"
        return message(words, [section(words)])
    if one.ended_at <= at:
        words = f"☀️ {_what(one)} was frozen for {duration(one.ended_at - one.since)}{_why(one)}, {_ended(one)}"
        return message(words, [section(words), *_small(_held(held), _passes(passes))])
    words = f"❄️ {_what(one)} {_is_frozen(one, at)}{_why(one)}"
    how = (
        f"`/freeze override {line(one.services[0] if one.services else one.scope, 60)} …` lets one through"
        if side == "dev"
        else "CI that asks the gate waits; a deploy that comes all the same is told here"
    )
    owner = f"F{one.id} · {_owner(one)}"
    blocks = [section(words), *_small(joined([owner, how]), _held(held), _passes(passes)), buttons(one)]
    return message(joined([words, owner]), blocks)


def buttons(one: Freeze) -> Block:
    """Return the row of buttons of a freeze that stands or comes."""
    number = str(one.id)
    return actions(
        button("Lift", LIFT, number, style="primary"),
        button("1 h longer", LONGER, number),
        button("Take over", TAKE, number),
    )


def begun(one: Freeze) -> Message:
    """Return what is said in the channel itself when a freeze begins that was told ahead."""
    return said(f"❄️ {_what(one)} is *frozen* from now on, until {moment(one.until)}{_why(one)} · {_owner(one)}")


def extended(one: Freeze, at: datetime) -> Message:
    """Return the reply that says a new end."""
    if not one.stands(at):
        return said(f"❄️ {_what(one)} {_is_frozen(one, at)}")
    return said(f"❄️ {_what(one)} stays frozen until {moment(one.until)}")


def taken(one: Freeze) -> Message:
    """Return the reply that says a new owner."""
    return said(f"❄️ the freeze of {_what(one)} is {_owner(one)} now")


def over(one: Freeze) -> Message:
    """Return the question whether a freeze is still needed after its incident."""
    words = f"INC-{one.incident_id} is resolved, and {_what(one)} is still frozen until {moment(one.until)}. Lift it?"
    return message(words, [section(words), buttons(one)])


def ended(one: Freeze, held: Sequence[Hold]) -> Message:
    """Return what is said in the channel itself at the end, with the names of those who were held up."""
    if one.never_began:
        return said(f"☀️ {_what(one)} is not frozen from {moment(one.since)} on after all: {_ended(one)}")
    words = f"☀️ {_what(one)} may be deployed again: {_ended(one)}"
    return said(joined([words, _held(held)]))


def passed(one: Freeze, through: Pass) -> Message:
    """Return the reply that says who let a deploy through, and whether it came."""
    what = f"lets one deploy of *{line(through.service, 60)}* through: “{line(through.reason, 200)}”"
    words = f"🎟️ {line(through.by, 60)} {what}"
    state = f"used {moment(through.used_at)}" if through.used_at else f"good until {moment(through.expires_at)}"
    return said(joined([words, state, f"F{one.id}"]))


def during(deploy: Deploy, one: Freeze, through: Pass | None, side: Audience) -> Message:
    """Return what both sides are told of a deploy that began during a freeze."""
    where = f"*{line(deploy.service, 60)}* → {line(deploy.environment, 40)}"
    who = f"by {line(deploy.actor, 60)}" if deploy.actor else None
    if through:
        words = f"🎟️ {where} is deployed during a freeze{_why(one)}: {line(through.by, 60)} let it through"
        return said(joined([words, f"“{line(through.reason, 200)}”", who]))
    words = f"⚠️ {where} is deployed *during a freeze*{_why(one)}, without a pass"
    ask = f"the freeze is {_owner(one)}" if side == "dev" else "watch it, or stop it"
    return said(joined([words, who, ask, link(deploy.url, "log") if deploy.url else None]))


def mark(one: Freeze, through: Pass | None) -> str:
    """Return what a deploy's card says of the freeze it began in."""
    return joined(
        [f"❄️ during a freeze{_why(one)}", f"let through by {line(through.by, 60)}" if through else "without a pass"]
    )


def overview(freezes: Sequence[Freeze], at: datetime) -> Message:
    """Return what is frozen, and what will be."""
    if not freezes:
        return said("☀️ Nothing is frozen. `/freeze payments for 2h migrating the database` stops deploys for a while.")
    title = f"❄️ {plural(len(freezes), 'freeze')}"
    blocks: list[Block] = [header(title)]
    for one in freezes[:15]:
        when = f"until {moment(one.until)}" if one.stands(at) else f"from {moment(one.since)} until {moment(one.until)}"
        blocks += [section(joined([f"F{one.id} {_what(one)} {when}{_why(one)}", _owner(one)])), buttons(one)]
    return message(f"{title}: {listed([line(one.scope, 40) for one in freezes], 10)}", blocks)


def frozen(one: Freeze, others: Sequence[Freeze], at: datetime) -> Message:
    """Return the answer to who froze something; other freezes that touch the same are named."""
    words = f"❄️ F{one.id}: {_what(one)} {_is_frozen(one, at)}. "
    if one.stands(at):
        words += "Both sides hear it, and the gate answers no."
    else:
        words += (
            f"Both sides hear it now and when it begins; the gate answers no from {moment(one.since)} on, not before."
        )
    lines = [f"F{o.id} {_what(o)} overlaps, until {moment(o.until)}{_why(o)}" for o in others]
    return message(words, [*paragraphs([words, *lines]), buttons(one)])


def span(one: Freeze) -> str:
    """Return when a freeze is, where no instant is at hand: of one that comes also its beginning."""
    return f"from {moment(one.since)} until {moment(one.until)}" if one.comes else f"until {moment(one.until)}"


def named(one: Freeze, at: datetime) -> str:
    """Return a freeze in short, as plain text, to choose among several."""
    when = "" if one.stands(at) else f", from {in_utc(one.since)}"
    return f"F{one.id} ({one.scope}{f' {one.environment}' if one.environment else ''}{when})"


def lifted(one: Freeze) -> Message:
    """Return the answer to who lifted a freeze."""
    if one.never_began:
        return said(f"☀️ F{one.id}: {_what(one)} is not frozen from {moment(one.since)} on after all.")
    return said(f"☀️ F{one.id}: {_what(one)} may be deployed again.")


def given(through: Pass) -> Message:
    """Return the answer to who gave a pass."""
    words = f"🎟️ One deploy of *{line(through.service, 60)}* may go through until {moment(through.expires_at)}."
    return said(f"{words} Both sides have been told.")


def _is_frozen(one: Freeze, at: datetime) -> str:
    if one.stands(at):
        return f"is *frozen* until {moment(one.until)}"
    return f"will be *frozen* from {moment(one.since)} until {moment(one.until)}"


def _what(one: Freeze) -> str:
    where = f" ({line(one.environment, 40)})" if one.environment else ""
    return f"*{line(one.scope, 80)}*{where}"


def _why(one: Freeze) -> str:
    return f" (“{line(one.reason, 200)}”)"


def _owner(one: Freeze) -> str:
    incident = f", for INC-{one.incident_id}" if one.incident_id else ""
    is_planned = one.key.startswith("window:") and not one.owner_id
    return f"{'from the schedule' if is_planned else 'owned by ' + line(one.owner, 60)}{incident}"


def _ended(one: Freeze) -> str:
    return f"lifted by {line(one.lifted_by, 60)}" if one.lifted_by else f"its time was over {moment(one.until)}"


def _held(held: Sequence[Hold]) -> str | None:
    if not held:
        return None
    names = [_holder(hold) for hold in held[:8]]
    return "held up: " + listed(names, 8) + (f" and {len(held) - 8} more" if len(held) > 8 else "")


def _holder(hold: Hold) -> str:
    name = mention(hold.who) or line(hold.who, 40) or code(hold.deploy, 40) or "somebody"
    return f"{link(hold.url, name) if hold.url else name} ({line(hold.service, 40)})"


def _passes(passes: Sequence[Pass]) -> str | None:
    return joined(f"🎟️ {line(p.by, 40)} let {line(p.service, 40)} through" for p in passes[:5]) or None


def _small(*lines: str | None) -> list[Block]:
    return [context(one) for one in lines if one]
