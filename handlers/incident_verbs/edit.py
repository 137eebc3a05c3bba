"""Verbs that say something of an incident: update, note, severity, title, impact, cause."""

import re
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from handlers import causes
from handlers.cause_words import UNDO
from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.errors import UserError
from handlers.incident_edits import Update, add_note, post_update, set_impact, set_severity, set_title
from handlers.incident_groups import group_of
from handlers.incident_which import only_open, which
from handlers.instants import read_length, read_past
from handlers.places import zone_of
from handlers.points import add_point, settle_point
from handlers.reminders import snooze
from handlers.views import causes as cause_views
from handlers.views import incident_answers as answers
from handlers.views import incident_forms as forms
from handlers.views import points as point_views
from handlers.views import reminders as reminder_views
from handlers.views.times import duration, in_utc
from models.points import Marked, Settled, read_note
from models.words import Severity

_NEXT: Final = re.compile(r"[,;.]?\s*\bnext(?:\s+update)?(?:\s+in)?\s+(?P<length>\d{1,4}\s*[a-z]+)\s*$", re.IGNORECASE)
_SEVERITY: Final = re.compile(r"(?:sev)?-?([1-5])", re.IGNORECASE)


async def update(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`update [INC-12] <words>[, next 30m]`: say how it goes; without words, the form."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        incident = await store.incidents.get(number)
    if not words and incident:
        return Reply(modal=forms.update(incident, ctx.topology.response, channel_id=invocation.channel_id))
    said = read_update(words)
    return Reply(message=answers.updated(await post_update(ctx, number, said, invocation.by)))


def read_update(words: str) -> Update:
    """Read an update that may end in `next 30m`."""
    found = _NEXT.search(words)
    length = read_length(found["length"]) if found else None
    return Update(words[: found.start()], length) if found and length else Update(words)


async def note(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`note [INC-12] <words>`: keep something in the timeline; `hypothesis: …` and the like are points."""
    try:
        async with ctx.reading() as store:
            number, words = await which(store, invocation, verb, text)
            incident = await store.incidents.get(number)
    except UserError:
        if isinstance(settled := read_note(text), Settled):
            # A point's number says of which incident it is.
            return Reply(message=point_views.ended(await settle_point(ctx, settled, invocation.by)))
        raise
    if not words and incident:
        return Reply(modal=forms.note(incident, channel_id=invocation.channel_id))
    match read_note(words):
        case Settled() as ended:
            return await _settle(ctx, invocation, number, words, ended)
        case Marked() as marked:
            return Reply(message=point_views.added(await add_point(ctx, number, marked, invocation.by)))
    return Reply(message=answers.noted(await add_note(ctx, number, words, invocation.by)))


async def _settle(ctx: Context, invocation: Invocation, number: int, words: str, ended: Settled) -> Reply:
    """End a point of an incident; where that cannot be, keep the words as a note: “P1” is a priority elsewhere."""
    async with ctx.reading() as store:
        members = {member.id for member in await group_of(store, number)}
        point = await store.points.get(ended.number)
    if point is None or point.incident_id not in members:
        return Reply(message=point_views.no_point(await add_note(ctx, number, words, invocation.by), ended, point))
    try:
        return Reply(message=point_views.ended(await settle_point(ctx, ended, invocation.by)))
    except UserError as error:
        if not ended.why:
            raise
        return Reply(message=answers.noted(await add_note(ctx, number, words, invocation.by), but=str(error)))


async def severity(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`severity [INC-12] sev1`: say how bad it is; without a severity, what each means."""
    alone = _SEVERITY.fullmatch(text)
    async with ctx.reading() as store:
        number, words = (await only_open(store, verb), text) if alone else await which(store, invocation, verb, text)
    if not words:
        return Reply(message=answers.levels(ctx.topology.response))
    found = _SEVERITY.fullmatch(words)
    if found is None:
        raise UserError(f"“{words[:40]}” is no severity. `/incident severity INC-{number} sev2`, sev1 is the worst.")
    rated = await set_severity(ctx, number, Severity(f"sev{found[1]}"), invocation.by)
    return Reply(message=answers.rated(rated))


async def title(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`title [INC-12] <words>`: give it a better name."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
    return Reply(message=answers.renamed(await set_title(ctx, number, words, invocation.by)))


async def impact(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`impact [INC-12] 20m ago|09:40`: say when users first felt it."""
    async with ctx.reading() as store:
        looks_like_time = read_past(text, invocation.at, ZoneInfo("UTC")) is not None
        number, words = (
            (await only_open(store, verb), text) if looks_like_time else await which(store, invocation, verb, text)
        )
    since = read_past(words, invocation.at, await zone_of(ctx, invocation.user_id))
    if since is None:
        raise UserError(f"When did users first feel it? `/incident impact INC-{number} 20m ago`, or `… 09:40`")
    incident = await set_impact(ctx, number, since, invocation.by)
    return Reply(message=answers.felt(incident, in_utc(since)))


async def snooze_it(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`snooze [INC-12] [30m]`: remind of it no earlier than after a while."""
    async with ctx.reading() as store:
        is_length = read_length(text) is not None
        number, words = (
            (await only_open(store, verb), text) if is_length else await which(store, invocation, verb, text)
        )
    length = read_length(words or "30m")
    if length is None or not timedelta(0) < length <= timedelta(days=7):
        raise UserError(f"For how long? `/incident snooze INC-{number} 30m`, at most a week.")
    incident = await snooze(ctx, number, length, invocation.by)
    return Reply(message=reminder_views.snoozed(incident, duration(length)))


async def cause(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`cause [INC-12] #41|external|undo`: say what caused it."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        if not words and await store.incidents.get(number) is None:
            # “cause #41” names a deploy, of the only incident that is open.
            number, words = await only_open(store, verb), text
    if words.strip().casefold() == UNDO:
        told = await causes.take_back(ctx, number, invocation.by)
        return Reply(message=cause_views.said(told.leader, told.now, told.before, told.effects, None))
    told = await causes.set_cause(ctx, number, words, invocation.by)
    return Reply(message=cause_views.said(told.leader, told.now, told.before, told.effects, causes.undo_value(told)))
