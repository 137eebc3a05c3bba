"""Soak: a deployment is unverified for a while after it succeeded; who watches it, and how that ended. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.records import Deploy
from models.words import DeployStatus


class SoakState(StrEnum):
    """How far a deployment is from being trusted."""

    SOAKING = "soaking"
    SUSPECTED = "suspected"
    VERIFIED = "verified"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """The soak of one deployment, from its success (`since`) until `until`.

    It is over when it has an `ended_at`: verified by itself (no `ended_by`) or by a person, or replaced by the next
    deployment in its place. What is suspected is not over before it is cleared. `watcher` is who was given it or took
    it; `None`: whoever is on call.
    """

    deploy_id: int
    service: str
    environment: str
    since: datetime
    until: datetime
    state: SoakState = SoakState.SOAKING
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_by_id: str | None = None
    replaced_by: int | None = None
    watcher: str | None = None
    watcher_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the deployment is still unverified."""
        return self.ended_at is None


def soak_of(deploy: Deploy, length: timedelta, at: datetime) -> Soak | None:
    """Return the soak of a deployment as it was heard at `at`; `None` where there is none, or it would be over."""
    if deploy.status is not DeployStatus.SUCCEEDED or not length:
        return None
    since = deploy.finished_at or deploy.status_at
    if since + length <= at:
        return None
    return Soak(
        deploy_id=deploy.id,
        service=deploy.service,
        environment=deploy.environment,
        since=since,
        until=since + length,
    )


def settled(soak: Soak, at: datetime, *, is_held: bool) -> Soak:
    """Return where an open soak stands at `at`; `is_held`: something is held against its deployment."""
    if not soak.is_open:
        return soak
    if is_held:
        return replace(soak, state=SoakState.SUSPECTED)
    if at < soak.until:
        return replace(soak, state=SoakState.SOAKING)
    cleared_now = soak.state is SoakState.SUSPECTED
    return replace(soak, state=SoakState.VERIFIED, ended_at=at if cleared_now else soak.until)
