"""The words of the vocabulary: what a deploy, a change and an incident can be, and what a sender left unsaid."""

from enum import Enum, StrEnum
from typing import Final, Literal, TypeAlias, TypeVar


class Unset(Enum):
    """The type of `UNSET`: the sender did not say."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
_Value = TypeVar("_Value")
Maybe: TypeAlias = _Value | Literal[Unset.UNSET] | None


class DeployStatus(StrEnum):
    """Where a deployment stands; the last three are final. Unknown: it started, and its end was waited for in vain."""

    QUEUED = "queued"
    STARTED = "started"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected of this deployment."""
        return self in (DeployStatus.SUCCEEDED, DeployStatus.FAILED, DeployStatus.CANCELED)


class DeployKind(StrEnum):
    """Why a deployment was made, as its sender declared it."""

    NORMAL = "normal"
    HOTFIX = "hotfix"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    CONFIG = "config"


class Remedy(StrEnum):
    """What a successful deployment put right, as declared or as found by its version."""

    NONE = "none"
    HOTFIX = "hotfix"
    ROLLBACK = "rollback"
    FIX = "fix"


class BlameReason(StrEnum):
    """By which rule something is held against a deployment."""

    EXPLICIT = "explicit"
    ROLLBACK = "rollback"
    REMEDIATION = "remediation"
    INFERRED = "inferred"


class ChangeKind(StrEnum):
    """What a small change touched."""

    CONFIG = "config"
    FLAG = "flag"
    SCHEMA = "schema"
    INFRA = "infra"
    MANUAL = "manual"
    ACCESS = "access"
    RELEASE = "release"


class ChangeStatus(StrEnum):
    """Where a small change stands."""

    PLANNED = "planned"
    DONE = "done"
    REVERTED = "reverted"


class Risk(StrEnum):
    """How a small change was weighed by its author."""

    STANDARD = "standard"
    NORMAL = "normal"
    EMERGENCY = "emergency"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self is not IncidentStatus.RESOLVED


class Severity(StrEnum):
    """How bad an incident is; sev1 is the worst."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"
    SEV4 = "sev4"
    SEV5 = "sev5"


class Cause(StrEnum):
    """What kind of thing an incident was caused by."""

    CHANGE = "change"
    EXTERNAL = "external"
    CAPACITY = "capacity"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """What an environment is for; only production counts in the delivery metrics."""

    PRODUCTION = "production"
    STAGING = "staging"
    TESTING = "testing"
    DEVELOPMENT = "development"


class EntryKind(StrEnum):
    """What a timeline entry tells of."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    SEVERITY = "severity"
    NOTE = "note"
    JOINED = "joined"
    PROMOTED = "promoted"
    CAUSE = "cause"
    CLEARED = "cleared"
    LOOKING = "looking"
    ROLLING_BACK = "rolling_back"
    UPDATE = "update"
    TITLE = "title"
    IMPACT = "impact"
    ROLE = "role"
    COMMAND = "command"
    MERGED = "merged"
    UNMERGED = "unmerged"
    MESSAGE = "message"
    CHANNEL = "channel"
    ACTION = "action"
    PAGED = "paged"
    REASSIGNED = "reassigned"
    RESPONDER = "responder"


Side: TypeAlias = Literal["dev", "ops"]
