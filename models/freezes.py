"""Freezes: what must not be deployed, until when; who may all the same; what the gate answers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LONGEST: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No deploys of some services in `[since, until)`. `id` is 0 before it is stored.

    `scope` is the service or bridge as it was named, `services` what that meant. Without an `environment` it is for
    every environment of tier production. `key` makes the same request, or the same window of the configuration,
    one freeze. `told`: "" nobody yet, "ahead" that it comes, "begun", "ended".
    """

    id: int = 0
    key: str
    scope: str
    services: tuple[str, ...]
    environment: str | None = None
    reason: str
    owner: str
    owner_id: str | None = None
    since: datetime
    until: datetime
    incident_id: int | None = None
    made_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    told: str = ""

    @property
    def ended_at(self) -> datetime:
        """When it ends, or ended: an early lift counts."""
        return min(self.lifted_at, self.until) if self.lifted_at else self.until

    @property
    def comes(self) -> bool:
        """Whether nobody was told yet that it began."""
        return self.told in ("", "ahead")

    @property
    def never_began(self) -> bool:
        """Whether it was taken back before it began."""
        return self.ended_at <= self.since

    def stands(self, at: datetime) -> bool:
        """Return whether it holds at an instant."""
        return self.since <= at < self.ended_at

    def covers(self, service: str, environment: str, *, is_production: bool) -> bool:
        """Return whether it is about deploys of a service to an environment (canonical names)."""
        if service not in self.services:
            return False
        return self.environment == environment if self.environment else is_production


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One deploy may go through a freeze all the same, until it expires. `id` is 0 before it is stored.

    `holder` is the deploy that asked the gate first, by the name CI gave it; nobody else has the pass then. `used_at`
    is when a deploy arrived that it was for.
    """

    id: int = 0
    freeze_id: int
    service: str
    environment: str | None = None
    reason: str
    by: str
    by_id: str | None = None
    made_at: datetime
    expires_at: datetime
    holder: str | None = None
    used_at: datetime | None = None
    deploy_id: int | None = None

    def is_open(self, at: datetime) -> bool:
        """Return whether it can still be used at an instant."""
        return self.used_at is None and at < self.expires_at

    def lets(self, service: str, environment: str, holder: str | None) -> bool:
        """Return whether it is for this deploy."""
        is_place = self.service == service and self.environment in (None, environment)
        return is_place and (self.holder is None or self.holder == holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Somebody asked the gate and was told to wait. `who` and `deploy` are what CI said of itself, or empty."""

    freeze_id: int
    service: str
    environment: str
    who: str = ""
    deploy: str = ""
    url: str | None = None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezePlan:
    """What the configuration says of freezes: who fails closed, whether rollbacks pass, how long a pass is good."""

    fail_closed: tuple[str, ...] = ()
    allow_rollbacks: bool = True
    pass_length: timedelta = timedelta(hours=1)
    windows: tuple["Window", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A freeze that comes again: `cron` is five fields, read in `timezone`; `services` are canonical names."""

    name: str
    cron: str
    timezone: str
    length: timedelta
    scope: str
    services: tuple[str, ...]
    environment: str | None = None
    reason: str

    def freeze(self, since: datetime) -> Freeze:
        """Return the freeze of the occurrence that begins at `since`."""
        return Freeze(
            key=f"window:{self.name}:{since:%Y%m%dT%H%M%SZ}",
            scope=self.scope,
            services=self.services,
            environment=self.environment,
            reason=self.reason,
            owner="schedule",
            since=since,
            until=since + self.length,
            made_at=since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says. `freeze` is what stands in the way, or would without `let_by`; `until` when that is over."""

    allow: bool
    freeze: Freeze | None = None
    until: datetime | None = None
    let_by: Pass | None = None


def verdict(
    freezes: Sequence[Freeze],
    passes: Iterable[Pass],
    *,
    service: str,
    environment: str,
    is_production: bool,
    holder: str | None,
    at: datetime,
) -> Verdict:
    """Return whether a deploy may go ahead at an instant."""
    mine = [f for f in freezes if f.covers(service, environment, is_production=is_production)]
    standing = [f for f in mine if f.stands(at)]
    if not standing:
        return Verdict(allow=True)
    last = max(standing, key=lambda f: f.ended_at)
    until = open_again(mine, at)
    # One that is held already by this very deploy goes first: another stays free for another.
    usable = sorted((p for p in passes if p.is_open(at) and p.lets(service, environment, holder)), key=_unheld_last)
    let_by = usable[0] if usable else None
    return Verdict(allow=let_by is not None, freeze=last, until=until, let_by=let_by)


def open_again(freezes: Iterable[Freeze], at: datetime) -> datetime:
    """Return the first instant from `at` on at which none of these freezes stands."""
    for freeze in sorted(freezes, key=lambda f: f.since):
        if freeze.stands(at):
            at = freeze.ended_at
    return at


def _unheld_last(one: Pass) -> tuple[bool, int]:
    return one.holder is None, one.id
