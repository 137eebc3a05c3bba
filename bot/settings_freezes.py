"""The `freezes` of `twinspan.yaml`: windows that come again, and what the gate answers in doubt."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from bot import cron
from bot.settings_entry import Entry, Words, as_list
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean
from models.freezes import FreezePlan, Window
from models.topology import Bridge


class WindowEntry(Entry):
    """A freeze that comes again."""

    schedule: str = Field(description="When it begins: cron, five fields: minute hour day month weekday.")
    hours: float = Field(gt=0, le=24 * 90, description="How long it lasts.")
    timezone: str = Field(default="UTC", description="IANA zone of its clock on the wall.")
    bridge: str | None = Field(default=None, description="For all services of this bridge.")
    services: Words = Field(default=(), description="For these services. Neither of both: for all.")
    environment: str | None = Field(default=None, description="Left out: every environment of tier production.")
    reason: str = Field(description="What people are told.", min_length=1)


class FreezesEntry(Entry):
    """Freezes of deploys, and the gate that CI asks."""

    windows: dict[str, WindowEntry] = Field(default={}, description="Name -> a freeze that comes again.")
    fail_closed: Words = Field(
        default=(), description="Environments that are not deployed to while the bot cannot know; others are."
    )
    allow_rollbacks: bool = Field(default=True, description="Whether a rollback passes the gate during a freeze.")
    pass_minutes: float = Field(default=60, gt=0, le=24 * 60, description="How long a pass for one deploy is good.")
    tokens: Annotated[tuple[SecretStr, ...], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default=(), description="Bearer tokens for the gate. Left out: whoever reaches it may ask."
    )


def check_freezes(entry: FreezesEntry, known: Iterable[tuple[str, str]], document: Document, at: datetime) -> None:
    """Add what is wrong with the section; `known` are (kind, name) of every service, bridge and environment."""
    names: dict[str, list[str]] = {"services": [], "bridges": [], "environments": []}
    for kind, name in known:
        names[kind].append(name)
    for number, name in enumerate(entry.fail_closed):
        _known(("freezes", "fail_closed", number), name, "environment", names["environments"], document)
    for name, window in entry.windows.items():
        path = ("freezes", "windows", name)
        if window.bridge and window.services:
            document.complain(path, "names a bridge and services", "Keep one of the two.")
        if window.bridge:
            _known((*path, "bridge"), window.bridge, "bridge", names["bridges"], document)
        for number, service in enumerate(window.services):
            _known((*path, "services", number), service, "service", names["services"], document)
        if window.environment:
            _known((*path, "environment"), window.environment, "environment", names["environments"], document)
        try:
            if not cron.fires(cron.trigger(window.schedule, window.timezone), at):
                document.complain((*path, "schedule"), "never comes", "Choose a day that exists.")
        except ValueError as error:
            document.complain((*path, "schedule"), f"not a schedule: {error}", "Write five fields, and an IANA zone.")


def _known(path: tuple[str | int, ...], name: str, kind: str, known: list[str], document: Document) -> None:
    if name not in known:
        document.complain(path, f"no {kind} is called {name}", did_you_mean(name, known).strip() or "Check the name.")


def freeze_plan(entry: FreezesEntry, services: tuple[str, ...], bridges: tuple[Bridge, ...]) -> FreezePlan:
    """Return what the section says; it must have passed every check."""
    by_bridge = {bridge.name: bridge.services for bridge in bridges}
    return FreezePlan(
        fail_closed=entry.fail_closed,
        allow_rollbacks=entry.allow_rollbacks,
        pass_length=timedelta(minutes=entry.pass_minutes),
        windows=tuple(
            Window(
                name=name,
                cron=w.schedule,
                timezone=w.timezone,
                length=timedelta(hours=w.hours),
                scope=w.bridge or ", ".join(w.services) or "everything",
                services=by_bridge[w.bridge] if w.bridge else w.services or services,
                environment=w.environment,
                reason=w.reason,
            )
            for name, w in entry.windows.items()
        ),
    )
