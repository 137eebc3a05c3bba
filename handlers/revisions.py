"""Decides what to keep of a record before it changes, so that a past instant can be recalled as it was known then.

What is told in time needs no keeping: its own instants say when it happened. Kept is what was learnt late, and what
took the place of something that was known otherwise.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from handlers.attribution import as_member
from models.records import Deploy, Incident
from models.store.blames import suspicion_of
from models.store.revisions import DeployRevision, IncidentRevision

# Told within this time of its happening: nobody asks for an instant between.
_IN_TIME: Final = timedelta(minutes=1)

# When something happened, and when it was told.
Instants: TypeAlias = tuple[datetime, datetime]


def deploy_revisions(before: Deploy, after: Deploy, told: Sequence[Instants]) -> list[DeployRevision]:
    """Return what to keep of a deployment, if anything; `told` are the instants of all that changed it."""
    was, now = as_member(before), as_member(after)
    if was == now or (was is None and not any(map(_is_late, told))):
        return []
    return [DeployRevision(id=after.id, until=max(arrived for _, arrived in told), was=was)]


def incident_revisions(before: Incident, after: Incident, told: Instants) -> list[IncidentRevision]:
    """Return what to keep of an incident, if anything."""
    was, now = suspicion_of(before), suspicion_of(after)
    is_same = was == now and before.acknowledged_at == after.acknowledged_at
    # Its end and its acknowledgement have instants of their own; a later one in their place has not.
    goes_on = replace(was, resolved_at=was.resolved_at or now.resolved_at) == now
    keeps_first = before.acknowledged_at in (None, after.acknowledged_at)
    if is_same or (goes_on and keeps_first and not _is_late(told)):
        return []
    return [IncidentRevision(id=was.id, until=told[1], was=was, acknowledged_at=before.acknowledged_at)]


def _is_late(told: Instants) -> bool:
    occurred, arrived = told
    return arrived - occurred > _IN_TIME
