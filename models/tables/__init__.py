"""The tables, split by noun. Importing this package fills `Base.metadata` with all of them."""

from models.tables.attribution import BlameRow, NamedCauseRow, RolloutRow
from models.tables.base import Base
from models.tables.calls import CallRow
from models.tables.debts import DebtRow
from models.tables.deliveries import DeliveryRow, HoldRow, MappingRow, SeenEventRow, SourceRow
from models.tables.evidence import EvidenceRow, EvidenceWantedRow
from models.tables.freezes import FreezeHoldRow, FreezeRow, FrozenDeployRow, PassRow
from models.tables.incidents import IncidentAliasRow, IncidentRow, IncidentServiceRow, TimelineRow
from models.tables.ledger import CommitRow, DeployCommitRow, LedgerRow
from models.tables.links import LinkRow
from models.tables.messages import ChannelRow, MessageRow, OutboxRow, SnapshotRow
from models.tables.mirroring import HeartbeatRow, LineRow, ThreadRow
from models.tables.oncall import CalendarRow, HandoffRow, OfferRow, OverrideRow, TroubleRow
from models.tables.paging import EscalationRow, PageRow
from models.tables.points import PointRow
from models.tables.questions import QuestionRow
from models.tables.responses import ActionItemRow, ReminderRow, ResponseRow, RoleRow
from models.tables.revisions import RevisionHorizonRow, RevisionRow
from models.tables.soaks import SoakRow
from models.tables.subscriptions import PausedDigestRow, SubscriptionRow

__all__ = [
    "ActionItemRow",
    "Base",
    "BlameRow",
    "CalendarRow",
    "CallRow",
    "ChannelRow",
    "CommitRow",
    "DebtRow",
    "DeliveryRow",
    "DeployCommitRow",
    "EscalationRow",
    "EvidenceRow",
    "EvidenceWantedRow",
    "FreezeHoldRow",
    "FreezeRow",
    "FrozenDeployRow",
    "HandoffRow",
    "HeartbeatRow",
    "HoldRow",
    "IncidentAliasRow",
    "IncidentRow",
    "IncidentServiceRow",
    "LedgerRow",
    "LineRow",
    "LinkRow",
    "MappingRow",
    "MessageRow",
    "NamedCauseRow",
    "OfferRow",
    "OutboxRow",
    "OverrideRow",
    "PageRow",
    "PassRow",
    "PausedDigestRow",
    "PointRow",
    "QuestionRow",
    "ReminderRow",
    "ResponseRow",
    "RevisionHorizonRow",
    "RevisionRow",
    "RoleRow",
    "RolloutRow",
    "SeenEventRow",
    "SnapshotRow",
    "SoakRow",
    "SourceRow",
    "SubscriptionRow",
    "ThreadRow",
    "TimelineRow",
    "TroubleRow",
]
