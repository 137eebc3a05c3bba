"""What a sandbox is built from: people, channels, credentials, Slack's own timing. The defaults are the demo's."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.sandbox.limits import SLACK_RATES, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the workspace. `name` is the handle; the name they chose to be shown under is that too, or another.

    Where `display_name` is empty, Slack shows the real name.
    """

    name: str
    real_name: str
    display_name: str | None = None
    title: str = ""
    timezone: str = "UTC"
    color: str = "4bbe2e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel and who is in it; `bot`: whether the bot has been invited."""

    name: str
    members: tuple[str, ...]
    topic: str = ""
    private: bool = False
    bot: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group."""

    handle: str
    name: str
    members: tuple[str, ...] = ()


PEOPLE = (
    Person(name="ada", real_name="Ada Okafor", title="Developer, payments", timezone="Europe/London", color="c2410c"),
    Person(name="ben", real_name="Ben Hartley", title="Developer, checkout", timezone="America/New_York",
    color="0f766e"), Person(name="mira", real_name="Mira Lindqvist", title="Operations, on call",
    timezone="Europe/Stockholm", color="7c3aed"), Person(name="jun", real_name="Jun Takeda", title="Operations",
    timezone="Asia/Tokyo", color="1d4ed8"),
)  # fmt: skip

# In the demo people chose no other name than their own.
DEMO_PEOPLE = tuple(replace(person, display_name="") for person in PEOPLE)

_EVERYBODY = tuple(person.name for person in PEOPLE)

ROOMS = (
    Room(name="payments-dev", members=_EVERYBODY, topic="Building payments"),
    Room(name="payments-ops", members=_EVERYBODY, topic="Running payments"),
    Room(name="checkout-dev", members=("ada", "ben"), topic="Building checkout"),
    Room(name="twinspan-admin", members=_EVERYBODY, topic="What the bot could not say elsewhere", private=True),
    Room(name="platform-ops", members=("mira", "jun"), topic="The platform team", bot=False),
)

GROUPS = (Group(handle="payments-oncall", name="Payments on call", members=("mira",)),)

# https://docs.slack.dev/reference/scopes : every scope that a method of this sandbox asks for.
ALL_SCOPES = frozenset(
    f"{noun}:{verb}"
    for noun, verbs in {
        "channels": "read history join manage",
        "groups": "read history write",
        "im": "read history write",
        "chat": "write write.customize write.public",
        "users": "read read.email",
        "usergroups": "read write",
        "reactions": "read write",
        "files": "read write",
        "canvases": "write",
        "pins": "write",
        "team": "read",
        "metadata.message": "read",
    }.items()
    for verb in verbs.split()
) | {"commands", "app_mentions:read"}

# https://docs.slack.dev/reference/events
ALL_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "channel_archive",
        "member_joined_channel",
        "message",
        "reaction_added",
        "reaction_removed",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """How the workspace behaves.

    `clock` gives the time for timestamps, lifetimes and rates (waiting is in real seconds); `wall_clock` gives the
    epoch seconds in signatures, which the bot compares with its own. `bot_url` is the HTTP base of the bot (requests
    go to `events_path` below it); it may be set later on `sandbox.bot.url`. `mode` socket: requests go over Socket
    Mode instead. `rates` None: never 429. `retry_delays`: seconds before each redelivery of an unanswered event
    (https://docs.slack.dev/apis/events-api#retries : at once, 1 minute, 5 minutes). `commands`: the slash commands of
    the app, with the slash (None: any). `refuse_data_blocks`: answer `invalid_blocks` to charts and data tables, as
    older workspaces do.
    """

    clock: Callable[[], datetime]
    wall_clock: Callable[[], float] = time.time
    people: tuple[Person, ...] = PEOPLE
    rooms: tuple[Room, ...] = ROOMS
    groups: tuple[Group, ...] = GROUPS
    bot_name: str = "twinspan"
    bot_token: str = "xoxb-sandbox-bot"  # noqa: S105 (opens nothing but this sandbox)
    app_token: str = "xapp-sandbox-app"  # noqa: S105 (the same)
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105 (the same)
    bot_url: str | None = None
    events_path: str = "/slack/events"
    mode: Literal["http", "socket"] = "http"
    scopes: frozenset[str] = ALL_SCOPES
    events: frozenset[str] = ALL_EVENTS
    commands: frozenset[str] | None = None
    rates: Rates | None = SLACK_RATES
    acknowledge_timeout: float = 3.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    refuse_data_blocks: bool = False
