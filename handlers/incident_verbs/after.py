"""Verbs for the end: hand the command over, write down what is to be done, export."""

import re
from collections.abc import Sequence
from typing import Final

from handlers.action_items import add_item, finish_item
from handlers.command_handoff import brief, offer
from handlers.commands import Invocation, Reply
from handlers.context import Context
from handlers.errors import PostFailure, UserError
from handlers.incident_groups import group_of
from handlers.incident_which import which
from handlers.instants import read_day
from handlers.people import person_named
from handlers.places import zone_of
from handlers.suspects import suspicion_of
from handlers.views import action_items, command_handoff, incident_answers, incident_export
from handlers.what_changed import what_changed
from models.pictures import Picture

_BY: Final = re.compile(r"(?:^|\s)(?:by|due)\s+(?P<day>\S+)\s*", re.IGNORECASE)
_ITEM: Final = re.compile(r"#?a?(\d{1,9})", re.IGNORECASE)


async def hand_over(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`handoff [INC-12] @bob [why]`: offer the command; without a person, show the brief."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        leader = (await group_of(store, number))[0]
        told = await brief(store, ctx.topology, leader, invocation.at)
    if not words:
        return Reply(message=command_handoff.shown(number, told))
    name, _, why = words.partition(" ")
    person = await person_named(ctx, name, invocation.by)
    incident, made = await offer(ctx, number, person, why.strip() or None, invocation.by)
    return Reply(message=command_handoff.offered(incident, made))


async def action(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`action [INC-12] [@bob] [by fri] <what>`: write down what is to be done; without words, list it."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        items = await store.responses.items(incident_ids=[number])
    if not words:
        return Reply(message=action_items.listing(items, invocation.at.date()))
    owner = None
    if words.startswith(("@", "<@")) or words.casefold().startswith("me "):
        name, _, words = words.partition(" ")
        owner = await person_named(ctx, name, invocation.by)
    due = _BY.search(words)
    day = read_day(due["day"], invocation.at, await zone_of(ctx, invocation.user_id)) if due else None
    if due and day:
        words = f"{words[: due.start()]} {words[due.end() :]}"
    if day and day < invocation.at.date():
        raise UserError(f"{day} is past: when shall it be done?")
    return Reply(message=action_items.added(await add_item(ctx, number, words, owner, day, invocation.by)))


async def actions(ctx: Context, invocation: Invocation, _verb: str, text: str) -> Reply:
    """`actions [mine]`: what is to be done, of all incidents or by oneself."""
    async with ctx.reading() as store:
        mine = invocation.user_id if text.casefold() in ("mine", "me", "my") else None
        items = await store.responses.items(owner_id=mine)
    return Reply(message=action_items.listing(items, invocation.at.date()))


async def finish(ctx: Context, invocation: Invocation, _verb: str, text: str) -> Reply:
    """`done A12`: an action item is done."""
    found = _ITEM.fullmatch(text.strip())
    if found is None:
        raise UserError("Which one? `/incident done A12`; `/incident actions` lists them.")
    return Reply(message=action_items.done(await finish_item(ctx, int(found[1]), invocation.by)))


async def export(ctx: Context, invocation: Invocation, verb: str, text: str) -> Reply:
    """`export [INC-12] [canvas]`: the whole incident as Markdown with its pictures, by direct message; or a canvas."""
    async with ctx.reading() as store:
        number, words = await which(store, invocation, verb, text)
        group = await group_of(store, number)
        leader = group[0]
        timeline = await store.incidents.timeline(leader.id)
        told = incident_export.Exported(
            group=group,
            response=await store.responses.get(leader.id),
            holders=await store.responses.all_holders(leader.id),
            timeline=timeline,
            pictures=await store.pictures.of([entry.message for entry in timeline if entry.message]),
            changed=await what_changed(store, ctx.topology, leader),
            blamed=(await suspicion_of(store, ctx.topology, leader)).deploys,
            items=await store.responses.items(incident_ids=[leader.id], only_open=False),
            at=invocation.at,
        )
    document = incident_export.markdown(told)
    if words.casefold() == "canvas":
        return await _as_canvas(ctx, invocation, told, document)
    try:
        link = await ctx.sharing.share(
            invocation.user_id,
            name=f"INC-{leader.id}.md",
            content=document.encode(),
            comment=f"INC-{leader.id}, as of now.",
        )
        await _share_pictures(ctx, invocation.user_id, leader.id, told.pictures)
    except PostFailure as failure:
        raise UserError(f"Slack did not take the file ({failure.reason}); try again, or tell an admin.") from failure
    return Reply(message=incident_answers.exported(leader, link))


async def _share_pictures(ctx: Context, user_id: str, number: int, pictures: Sequence[Picture]) -> None:
    """Send what the document shows, one by one: a picture in memory at a time."""
    for picture in pictures:
        async with ctx.reading() as store:
            content = await store.pictures.content(picture.id)
        if content:
            name = incident_export.file_name(number, picture)
            await ctx.sharing.share(user_id, name=name, content=content, comment=f"INC-{number}: {picture.name[:100]}")


async def _as_canvas(ctx: Context, invocation: Invocation, told: incident_export.Exported, document: str) -> Reply:
    """Write the document as a canvas: a tab of the incident's own channel, where it has one."""
    leader, response = told.group[0], told.response
    own = response.channel_id if response.archived_at is None else None
    try:
        link = await ctx.sharing.canvas(
            f"INC-{leader.id} {leader.headline[:100]}", document, user_id=invocation.user_id, channel_id=own
        )
    except PostFailure as failure:
        raise UserError(incident_answers.no_canvas(leader, failure.reason)) from failure
    return Reply(message=incident_answers.canvas(leader, link))
