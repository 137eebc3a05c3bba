"""Who hears of what: pure decisions from records to notices. Each notice becomes one outbox row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from models.records import Change, Deploy, Incident
from models.topology import Topology
from models.words import DeployStatus, Severity, Side

Audience: TypeAlias = Side | Literal["admin"]

CRITICAL: Final = 0
NORMAL: Final = 5
LATER: Final = 8

CARD: Final = "card"
HUNG: Final = "hung"
# What begins with this is said in the channel itself, not in the thread of its subject's card.
LOUD: Final = "loud:"
# What begins with this is a person's reply: it is said in the thread, or nowhere.
LINE: Final = "line:"
SIDES: Final[tuple[Side, Side]] = ("dev", "ops")


@dataclass(slots=True, kw_only=True)
class Notice:
    """One thing to say in one channel.

    `subject` names the record (`deploy:12`); `part` is `card` (posted once, then edited) or the name of a reply in
    the card's thread (posted once; said again under the same name, it is edited). `params` are what the view needs
    beside the record. `trail` are the numbers of the deliveries that led to it, each with a space before it.
    `priority`: smaller goes first within a channel. Not frozen, for speed alone.
    """

    subject: str
    part: str
    channel: str
    side: Audience
    priority: int = NORMAL
    params: dict[str, str] = field(default_factory=dict)
    trail: str = ""

    @property
    def key(self) -> str:
        """The outbox row's unique key: saying it again is the same row."""
        return f"{self.subject}|{self.channel}|{self.part}"


def subject_of(record: Deploy | Change | Incident) -> str:
    """Return the subject under which a record's messages are kept; an incident's is its leader's."""
    match record:
        case Deploy():
            return f"deploy:{record.id}"
        case Change():
            return f"change:{record.id}"
        case Incident():
            return f"incident:{record.leader_id or record.id}"


def deploy_notices(before: Deploy | None, after: Deploy, topology: Topology) -> list[Notice]:
    """Return what to say when a deployment went from `before` to `after`: the card; its details once it ended."""
    if before == after:
        return []
    parts = [CARD]
    if after.status.is_final:
        parts.append("details")
    if after.status is DeployStatus.FAILED:
        parts.append("failed")
    if before and before.status is DeployStatus.UNKNOWN and after.status is not before.status:
        parts.append(hung_part(before.status_at))
    return _to_both_sides(subject_of(after), parts, (after.service,), topology)


def hung_part(at: datetime) -> str:
    """Return which reply says that a deployment is unknown since an instant: each time has its own, corrected later."""
    return f"{HUNG}:{at:%Y%m%dT%H%M%S}"


def change_notices(before: Change | None, after: Change, topology: Topology) -> list[Notice]:
    """Return what to say when a small change was logged, undone or reverted."""
    if before == after:
        return []
    return _to_both_sides(subject_of(after), [CARD], (after.service,), topology)


def incident_notices(before: Incident | None, after: Incident, topology: Topology) -> list[Notice]:
    """Return what to say when an incident moved: the leader's card, and the change of state in its thread.

    A signal that opened nothing stays silent. An incident of no known service goes to the admin channel, so that it
    is never lost.
    """
    if before == after or after.is_signal:
        return []
    priority = CRITICAL if after.severity in (Severity.SEV1, Severity.SEV2) else NORMAL
    moved = before is not None and before.status is not after.status
    parts = [CARD, f"{after.status}:{after.id}:{after.status_at:%Y%m%dT%H%M%S}"] if moved else [CARD]
    params = {"incident": str(after.id)}
    subject = subject_of(after)
    notices = _to_both_sides(subject, parts, after.services, topology, priority, params)
    if not notices and topology.admin_channel:
        notices = [
            Notice(
                subject=subject, part=p, channel=topology.admin_channel, side="admin", priority=priority, params=params
            )
            for p in parts
        ]
    return notices


def ops_channels(leader: Incident, topology: Topology) -> list[str]:
    """Return where an incident's operators are: the ops channels of its card, or the admin channel."""
    cards = [n for n in incident_notices(None, leader, topology) if n.part == CARD]
    return list(dict.fromkeys(n.channel for n in cards if n.side != "dev"))


def _to_both_sides(
    subject: str,
    parts: Iterable[str],
    services: Iterable[str],
    topology: Topology,
    priority: int = NORMAL,
    params: dict[str, str] | None = None,
) -> list[Notice]:
    targets = {b.channel(side): side for b in topology.bridges_for(services) for side in SIDES}
    return [
        Notice(subject=subject, part=part, channel=channel, side=side, priority=priority, params=params or {})
        for part in parts
        for channel, side in targets.items()
    ]


def following(notices: Iterable[Notice], deliveries: Iterable[int]) -> list[Notice]:
    """Return notices that know which deliveries led to them."""
    trail = "".join(f" {number}" for number in deliveries)
    told = list(notices)
    for notice in told:
        notice.trail = trail
    return told


def route(channel: str, services: Iterable[str], topology: Topology) -> tuple[str, str | None]:
    """Return by which named rule a channel hears of something, and the bridge's name where it is one.

    `bridge`: it is a channel of a bridge that hears of these services; `home`: of a bridge, whatever the services;
    `admin`: the admin channel; `direct`: a person's own.
    """
    wanted = {bridge.name for bridge in topology.bridges_for(services)}
    here = [bridge for bridge in topology.bridges if channel in (bridge.dev, bridge.ops)]
    match = next((bridge for bridge in here if bridge.name in wanted), None)
    if match:
        return "bridge", match.name
    if here:
        return "home", here[0].name
    return ("admin", None) if channel == topology.admin_channel else ("direct", None)
