"""Attributes a whole history at once: what event by event must agree with, and how a past instant is recalled."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from models.attribution import INFERRED_WITHIN, Blame, Member, Suspicion, Verdict, hold_against, judge
from models.delivery import Rollout
from models.rollouts import Brought, Charge, count_units


@dataclass(frozen=True, slots=True)
class Attributed:
    """The deployments of a history as they are counted, by (service, key), and what each incident is held against."""

    rollouts: Mapping[tuple[str, str], Rollout]
    incidents: Mapping[int, Blame | None]


def attribute_all(
    members: Iterable[Member],
    suspicions: Collection[Suspicion],
    brought: Mapping[int, Collection[Brought]],
    within: timedelta = INFERRED_WITHIN,
) -> Attributed:
    """Attribute everything; `members` are successful deployments to production in any order, `brought` by number."""
    lanes: dict[tuple[str, str], list[Member]] = {}
    for member in sorted(members, key=lambda m: m.order):
        lanes.setdefault(member.lane, []).append(member)
    named = _named([m for lane in lanes.values() for m in lane], brought)
    verdicts = {i: verdict for lane in lanes.values() for i, verdict in _judge_lane(lane, named).items()}
    judged = {m.id: replace(m, remedy=verdicts[m.id].remedy) for lane in lanes.values() for m in lane}
    remedies = [(m, blame) for m in judged.values() if (blame := verdicts[m.id].blame)]
    incidents = {
        s.id: hold_against(s, named=named, before=judged.values(), remedies=remedies, within=within) for s in suspicions
    }
    charges = [Charge(i, by_incident=False, over_at=m.finished_at) for m, b in remedies for i in b.deploy_ids]
    for suspicion in suspicions:
        if blame := incidents[suspicion.id]:
            charges += [Charge(i, by_incident=True, over_at=suspicion.resolved_at) for i in blame.deploy_ids]
    return Attributed(count_units(judged.values(), charges, brought), incidents)


def _judge_lane(lane: Collection[Member], named: Mapping[str, Collection[Member]]) -> dict[int, Verdict]:
    """Judge an ordered lane, showing each deployment only its neighbours: the rules look at no others."""
    verdicts: dict[int, Verdict] = {}
    last_with: dict[str, int] = {}
    ordered = list(lane)
    for place, member in enumerate(ordered):
        nearby = ordered[max(place - 1, 0) : place]
        if member.version in last_with:
            same = last_with[member.version]
            nearby += ordered[same : min(same + 2, place)]
        verdicts[member.id] = judge(member, {m.id: m for m in nearby}.values(), named)
        if member.version:
            last_with[member.version] = place
    return verdicts


def _named(members: Collection[Member], brought: Mapping[int, Collection[Brought]]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        shas = [sha for sha, _, _ in brought.get(member.id, ())]
        for name in dict.fromkeys((*member.names, *shas)):
            found.setdefault(name, []).append(member)
    return found
