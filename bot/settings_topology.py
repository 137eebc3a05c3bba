"""Builds what the bot's logic sees from `twinspan.yaml`."""

from datetime import timedelta

from bot import cron
from bot.settings_file import File, ServiceEntry, SourceEntry, TargetsEntry
from bot.settings_freezes import freeze_plan
from bot.settings_incidents import response_plan
from bot.settings_oncall import handoff_plan, schedules
from bot.settings_operations import objective
from bot.settings_paging import paging_plan
from models.questions import QuestionPlan
from models.topology import (
    DEFAULT_ENVIRONMENTS,
    Bridge,
    DigestPlan,
    Environment,
    IncidentRule,
    Retention,
    Service,
    Topology,
    WebhookSource,
)


def topology(file: File, *, tells_pagerduty: bool = False) -> Topology:
    """Return the configuration as `models.topology` has it; the file must have passed every check."""
    rule = _incident_rule(file)
    bridges = tuple(
        Bridge(
            name=name,
            dev=b.dev,
            ops=b.ops,
            services=tuple(file.services) if b.services is None else b.services,
            mirror=b.mirror,
            mirror_private=b.mirror_private,
            mirror_bots=b.mirror_bots,
        )
        for name, b in file.bridges.items()
    )
    return Topology(
        bridges=bridges,
        services=tuple(_service(name, entry) for name, entry in file.services.items()),
        sources=tuple(
            _source(name, entry, rule, tells_pagerduty=tells_pagerduty) for name, entry in file.sources.items()
        ),
        digests=tuple(
            DigestPlan(
                name=name,
                bridges=tuple(file.bridges) if d.bridges is None else d.bridges,
                cron=cron.with_named_days(d.schedule),
                timezone=d.timezone,
                period=d.period,
                settle=timedelta(hours=d.settle_hours),
                is_for_all=d.bridges is None,
            )
            for name, d in file.digests.items()
        ),
        retention=Retention(
            deliveries=timedelta(days=file.retention.deliveries_days),
            outbox=timedelta(days=file.retention.outbox_days),
            evidence=timedelta(days=file.retention.evidence_days),
            revisions=timedelta(days=file.retention.revisions_days),
        ),
        admin_channel=file.admin_channel,
        undo_window=timedelta(minutes=file.undo_minutes),
        soak=timedelta(minutes=file.deploys.soak_minutes),
        usual_deploy=timedelta(minutes=file.deploys.usual_minutes),
        suspect_within=timedelta(hours=file.metrics.suspect_hours),
        targets=_targets(file.metrics.targets),
        response=response_plan(file.incidents),
        schedules=schedules(file.on_call),
        handoffs=handoff_plan(file.on_call.handoff),
        paging=paging_plan(file.paging),
        questions=QuestionPlan(
            remind_after=timedelta(minutes=file.questions.remind_minutes), times=file.questions.times
        ),
        freezes=freeze_plan(file.freezes, tuple(file.services), bridges),
    )


def _targets(entry: TargetsEntry) -> dict[str, float]:
    """Return the targets under the names of the numbers they are for, in their units."""
    given = {
        "deploys_per_day": (entry.deploys_per_day, 1),
        "lead_time_median_s": (entry.lead_time_hours, 3600),
        "cfr": (entry.change_fail_rate, 1),
        "rework_rate": (entry.rework_rate, 1),
        "fdrt_median_s": (entry.recovery_hours, 3600),
        "mtta_median_s": (entry.acknowledge_minutes, 60),
        "mttr_median_s": (entry.restore_hours, 3600),
    }
    return {name: value * unit for name, (value, unit) in given.items() if value is not None}


def _incident_rule(file: File) -> IncidentRule:
    usual = IncidentRule()
    words = {word.casefold(): severity for word, severity in file.incidents.severities.items()}
    return IncidentRule(opens_when=file.incidents.opens_when, severities={**usual.severities, **words})


def _service(name: str, entry: ServiceEntry) -> Service:
    environments = tuple(
        Environment(name=environment, tier=e.tier, aliases=e.aliases, soak=_minutes(e.soak_minutes))
        for environment, e in entry.environments.items()
    )
    return Service(
        name=name,
        aliases=entry.aliases,
        repositories=entry.repositories,
        environments=environments or DEFAULT_ENVIRONMENTS,
        depends_on=entry.depends_on,
        runbook=entry.runbook,
        owner=entry.owner,
        on_call=entry.on_call,
        paging=entry.paging,
        soak=_minutes(entry.soak_minutes),
        operations=objective(entry.operations),
    )


def _minutes(given: float | None) -> timedelta | None:
    return None if given is None else timedelta(minutes=given)


def _source(name: str, entry: SourceEntry, rule: IncidentRule, *, tells_pagerduty: bool) -> WebhookSource:
    secrets = ([entry.secret] if entry.secret is not None else []) + list(entry.secrets)
    return WebhookSource(
        name=name,
        kind=entry.kind,
        secrets=tuple(dict.fromkeys(s.get_secret_value().strip() for s in secrets)),
        username=entry.username,
        max_bytes=entry.max_bytes,
        deploy_workflows=entry.workflows,
        service_labels=entry.service_labels,
        environment_labels=entry.environment_labels,
        incidents=rule,
        is_told_back=tells_pagerduty and entry.kind == "pagerduty",
    )
