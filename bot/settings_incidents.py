"""The `incidents` of `twinspan.yaml`: what opens them, what severities ask for, roles, a channel of their own."""

import re
from datetime import timedelta
from typing import Final

from pydantic import Field

from bot.settings_entry import Entry, Words
from bot.settings_yaml import Document
from models.response import LEAD, LEVELS, ChannelPlan, Level, ResponsePlan
from models.words import Severity

_PLACEHOLDERS: Final = frozenset({"number", "service", "title"})
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_EMOJI: Final = re.compile(r":?[a-z0-9_+'-]+:?")


class LevelEntry(Entry):
    """What one severity means and asks for; what is left out stays as it is."""

    name: str | None = Field(default=None, description="What people call it.")
    meaning: str | None = Field(default=None, description="When it is this one.")
    update_minutes: float | None = Field(default=None, ge=0, description="The longest silence while open; 0: any.")
    acknowledge_minutes: float | None = Field(default=None, ge=0, description="Until somebody has it; 0: any time.")
    open_hours: float | None = Field(
        default=None, ge=0, description="How long it may stay open; 0: as long as it takes."
    )


class OwnChannelEntry(Entry):
    """A channel of its own for bad incidents."""

    worst_from: Severity = Field(default=Severity.SEV2, alias="from", description="This severity and worse.")
    name: str = Field(default="inc-{number}-{service}", description="May hold {number}, {service} and {title}.")
    private: bool = Field(default=False, description="Whether only who is invited can see it.")
    invite: Words = Field(default=(), description="People (@handle) who are always invited.")
    archive_hours: float = Field(default=24, ge=0, description="How long after closing it is archived.")


class IncidentsEntry(Entry):
    """Which signals of a monitor open an incident, what severities mean, who does what."""

    opens_when: dict[str, Words] = Field(
        default={"severity": ("critical", "page")}, description="Label -> values, any one of which opens an incident."
    )
    severities: dict[str, Severity] = Field(default={}, description="The monitor's word -> sev1 (worst) to sev5.")
    levels: dict[Severity, LevelEntry] = Field(default={}, description="sev1 to sev5 -> what it means and asks for.")
    roles: Words = Field(default=(LEAD, "comms", "scribe"), description="Who does what; the lead comes first.")
    emoji: str = Field(default="pushpin", description="Reacting with it puts a message on the timeline.")
    picture_megabytes: float = Field(
        default=5, ge=0, le=50, description="The largest picture of a timeline that is kept as evidence; 0: none is."
    )
    channel: OwnChannelEntry | None = Field(default=None, description="A channel of its own for bad incidents.")


def check_incidents(entry: IncidentsEntry, document: Document) -> None:
    """Add what is wrong with the section."""
    if not entry.roles or entry.roles[0] != LEAD:
        document.complain(("incidents", "roles"), f"the first role is not {LEAD}", f"Begin the list with {LEAD}.")
    if len({role.casefold() for role in entry.roles}) < len(entry.roles):
        document.complain(("incidents", "roles"), "a role stands twice", "Name each once.")
    if not _EMOJI.fullmatch(entry.emoji):
        document.complain(("incidents", "emoji"), f"no emoji is called {entry.emoji}", "Write its name, as pushpin.")
    if entry.channel:
        unknown = set(_PLACEHOLDER.findall(entry.channel.name)) - _PLACEHOLDERS
        place = ("incidents", "channel", "name")
        if unknown:
            document.complain(place, f"nothing is called {{{min(unknown)}}}", "Use {number}, {service} and {title}.")
        elif "{number}" not in entry.channel.name:
            document.complain(place, "two incidents could have the same channel", "Put {number} into the name.")


def response_plan(entry: IncidentsEntry) -> ResponsePlan:
    """Return how incidents are responded to; the section must have passed every check."""
    own = entry.channel
    return ResponsePlan(
        levels={severity: _level(LEVELS[severity], entry.levels.get(severity)) for severity in Severity},
        roles=entry.roles,
        emoji=entry.emoji.strip(":"),
        largest_picture=int(entry.picture_megabytes * 1_000_000),
        channel=ChannelPlan(
            worst_from=own.worst_from,
            name=own.name,
            is_private=own.private,
            invite=own.invite,
            archive_after=timedelta(hours=own.archive_hours),
        )
        if own
        else None,
    )


def _level(usual: Level, entry: LevelEntry | None) -> Level:
    if entry is None:
        return usual
    return Level(
        name=usual.name if entry.name is None else entry.name,
        meaning=usual.meaning if entry.meaning is None else entry.meaning,
        update_every=_length(entry.update_minutes, 60, usual.update_every),
        acknowledge_within=_length(entry.acknowledge_minutes, 60, usual.acknowledge_within),
        open_at_most=_length(entry.open_hours, 3600, usual.open_at_most),
    )


def _length(count: float | None, unit: int, usual: timedelta | None) -> timedelta | None:
    if count is None:
        return usual
    return timedelta(seconds=count * unit) if count else None
