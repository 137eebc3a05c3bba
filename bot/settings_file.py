"""The shape of `twinspan.yaml`: what may be written, what it means when left out, and the JSON Schema for editors."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from bot.settings_deploys import MOST_SOAK_MINUTES, DeploysEntry
from bot.settings_entry import Entry, Words, as_list, or_empty
from bot.settings_freezes import FreezesEntry
from bot.settings_incidents import IncidentsEntry
from bot.settings_oncall import OnCallEntry
from bot.settings_paging import PagingEntry
from models.words import Tier


def _as_environment(value: Any) -> Any:
    return {"tier": value} if isinstance(value, str) else or_empty(value)


class BridgeEntry(Entry):
    """A dev channel and an ops channel that hear of the same services."""

    dev: str = Field(description="The developers' channel: #name or id.", min_length=1)
    ops: str = Field(description="The operators' channel: #name or id.", min_length=1)
    services: Words | None = Field(default=None, description="The services of this bridge. Left out: all of them.")
    mirror: Literal["always", "incidents", "ask", "never"] = Field(
        default="incidents", description="Which threads are one conversation across both channels."
    )
    mirror_private: bool = Field(
        default=False, description="Whether replies in a private channel may be read in the other, public one."
    )
    mirror_bots: Words = Field(default=(), description="Other bots whose replies are carried too, by name or id.")


class EnvironmentEntry(Entry):
    """An environment of a service."""

    tier: Tier = Field(description="What it is for; only production counts in the delivery metrics.")
    aliases: Words = Field(default=(), description="Other names senders use for it.")
    soak_minutes: float | None = Field(
        default=None,
        ge=0,
        le=MOST_SOAK_MINUTES,
        description="How long a deployment is unverified. Left out: as its service says.",
    )


class OperationsEntry(Entry):
    """What Prometheus is asked about a service, and what the service promises."""

    availability: str | None = Field(
        default=None, description="PromQL for the share of good requests (0 to 1) in $window; $service is its name."
    )
    latency: str | None = Field(default=None, description="PromQL for seconds, such as a 95th percentile over $window.")
    target: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The availability it promises, such as 0.999: gives error budget and burn rate.",
    )
    latency_target: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="The seconds it promises to stay below."
    )
    budget_days: int = Field(
        default=28, ge=1, le=366, description="The days before a report that the error budget is for."
    )


class ServiceEntry(Entry):
    """A service: what its senders call it, where it runs, who owns it."""

    name: str | None = Field(default=None, description="Its name, where services are written as a list.")
    repositories: Words = Field(default=(), description="owner/name of every repository it is built from.")
    aliases: Words = Field(default=(), description="Other names senders use for it.")
    environments: dict[
        str,
        Annotated[EnvironmentEntry, BeforeValidator(_as_environment, json_schema_input_type=Tier | EnvironmentEntry)],
    ] = Field(
        default={}, description="Left out: production, staging, testing and development, with their usual short names."
    )
    depends_on: Words = Field(default=(), description="Services it needs.")
    runbook: str | None = Field(default=None, description="Address of its runbook, shown on its incidents.")
    owner: str | None = Field(default=None, description="The team or person it belongs to.")
    on_call: str | None = Field(default=None, description="The schedule of who is called.")
    paging: str | None = Field(default=None, description="The paging policy of its incidents. Left out: the default.")
    soak_minutes: float | None = Field(
        default=None,
        ge=0,
        le=MOST_SOAK_MINUTES,
        description="How long its deployments are unverified. Left out: as `deploys` says.",
    )
    operations: OperationsEntry | None = Field(default=None, description="What Prometheus is asked about it.")


class SourceEntry(Entry):
    """A sender: what it is and how it proves itself. Its name is the end of its URL, /webhooks/NAME."""

    kind: str = Field(
        description="Which of the built-in kinds of sender it is.",
        examples=["github", "gitlab", "alertmanager", "pagerduty", "events"],
    )
    secret: SecretStr | None = Field(
        default=None, description="Its signing secret or token; write ${NAME} to read a variable."
    )
    secrets: Annotated[
        tuple[SecretStr, ...],
        BeforeValidator(as_list, json_schema_input_type=str | list[str]),
    ] = Field(default=(), description="Several secrets, accepted side by side while one is replaced.")
    username: str | None = Field(
        default=None, description="Turns on HTTP basic authentication, with the secret as password."
    )
    max_bytes: int = Field(
        default=1024 * 1024, ge=1024, le=25 * 1024 * 1024, description="Larger requests are refused (413)."
    )
    workflows: dict[str, str] = Field(
        default={}, description="GitHub's workflow (name or file), GitLab's or CDEvents' pipeline -> environment."
    )
    service_labels: Words = Field(
        default=("service", "job"), description="Labels that name the service, the first found wins."
    )
    environment_labels: Words = Field(
        default=("env", "environment", "cluster"), description="Labels that name the environment, the first found wins."
    )


class DigestEntry(Entry):
    """A digest, posted on a schedule to both channels of its bridges."""

    bridges: Words | None = Field(default=None, description="Left out: all bridges.")
    schedule: str = Field(description="Cron, five fields: minute hour day month weekday (0 and 7 are Sunday).")
    timezone: str = Field(
        default="UTC", description="IANA time zone of the schedule and of the period, such as Europe/Berlin."
    )
    period: Literal["day", "week", "month"] = Field(
        default="day", description="What it sums up: the last whole day, week or month."
    )
    settle_hours: float = Field(
        default=0,
        ge=0,
        le=24 * 7,
        description="How long after a period's end its numbers are provisional; the schedule may not come earlier.",
    )


class TargetsEntry(Entry):
    """What a team aims at: shown beside the numbers, and decides nothing."""

    deploys_per_day: float | None = Field(default=None, gt=0, description="Deployments to production a day, at least.")
    lead_time_hours: float | None = Field(default=None, gt=0, description="Median from authoring to production.")
    change_fail_rate: float | None = Field(default=None, ge=0, le=1, description="Failed deployments of all, 0 to 1.")
    rework_rate: float | None = Field(default=None, ge=0, le=1, description="Hotfixes and rollbacks of all, 0 to 1.")
    recovery_hours: float | None = Field(default=None, gt=0, description="Median from a failed deployment to its end.")
    acknowledge_minutes: float | None = Field(default=None, gt=0, description="Median to acknowledge an incident.")
    restore_hours: float | None = Field(default=None, gt=0, description="Median to resolve an incident.")


class MetricsEntry(Entry):
    """How the delivery metrics are computed, and what they are compared with."""

    suspect_hours: float = Field(
        default=24, ge=0, le=24 * 365, description="How long after it a deployment is held to have caused an incident."
    )
    targets: TargetsEntry = TargetsEntry()


class ApiEntry(Entry):
    """Who may read the API."""

    tokens: Annotated[
        tuple[SecretStr, ...],
        BeforeValidator(as_list, json_schema_input_type=str | list[str]),
    ] = Field(default=(), description="Tokens, accepted side by side; write ${NAME}. Left out: the API is closed.")


class RetentionEntry(Entry):
    """How long what is only kept for looking back is kept, in days. Records are kept for good."""

    deliveries_days: int = Field(default=90, ge=1, le=36_500, description="Raw deliveries.")
    outbox_days: int = Field(default=30, ge=1, le=36_500, description="Messages that are done.")
    evidence_days: int = Field(
        default=365, ge=1, le=36_500, description="Pictures on timelines; those of open incidents stay."
    )
    revisions_days: int = Field(
        default=400, ge=1, le=36_500, description="What records were before they changed, to recall a past instant."
    )


class PrometheusEntry(Entry):
    """Where the numbers of operations are read: Prometheus, or what speaks its HTTP API."""

    url: str = Field(description="The address up to where /api/v1 begins.", examples=["http://prometheus:9090"])
    token: SecretStr | None = Field(default=None, description="Bearer token; write ${NAME} to read a variable.")
    username: str | None = Field(default=None, description="For HTTP basic authentication, with the password.")
    password: SecretStr | None = Field(default=None, description="Write ${NAME} to read a variable.")
    timeout: float = Field(default=10.0, gt=0, le=120, description="Seconds that one query may take.")
    headers: dict[str, SecretStr] = Field(default={}, description="Further headers, such as a tenant's X-Scope-OrgID.")


class WorkspaceEntry(Entry):
    """Another Slack workspace, in which a side of a bridge may be."""

    bot_token: SecretStr = Field(description="The app's Bot User OAuth Token in that workspace.")
    signing_secret: SecretStr | None = Field(default=None, description="For requests to /slack/events/NAME.")
    app_token: SecretStr | None = Field(default=None, description="For Socket Mode instead.")
    api_url: str = Field(default="https://slack.com/api/", description="Where its Web API is.")


class QuestionsEntry(Entry):
    """Questions that one side asks the other."""

    remind_minutes: float = Field(
        default=60, ge=1, le=7 * 24 * 60, description="After how long an unanswered one is said again, each time."
    )
    times: int = Field(default=3, ge=0, le=20, description="How often at most.")


class SlackEntry(Entry):
    """How the bot treats Slack."""

    seconds_between_messages: float = Field(
        default=1.0, ge=0, le=60, description="Per channel; Slack takes about one a second."
    )


class LimitsEntry(Entry):
    """Where the bot says no."""

    queue_size: int = Field(
        default=2_000, ge=1, description="Requests that may wait to be stored; further ones get a 503."
    )


class File(Entry):
    """twinspan.yaml: which channels hear of which services, who may send, when digests go out."""

    bridges: dict[str, BridgeEntry] = Field(default={}, description="Name -> its two channels.")
    services: Annotated[
        dict[str, Annotated[ServiceEntry, BeforeValidator(or_empty, json_schema_input_type=ServiceEntry | None)]],
        BeforeValidator(
            or_empty,
            json_schema_input_type=dict[str, ServiceEntry | None] | list[str | ServiceEntry],
        ),
    ] = Field(default={}, description="Name -> what is known of it; or a list of names.")
    sources: dict[str, SourceEntry] = Field(default={}, description="Name -> the sender behind /webhooks/NAME.")
    incidents: IncidentsEntry = IncidentsEntry()
    on_call: OnCallEntry = OnCallEntry()
    paging: PagingEntry = PagingEntry()
    freezes: FreezesEntry = FreezesEntry()
    questions: QuestionsEntry = QuestionsEntry()
    workspaces: dict[str, WorkspaceEntry] = Field(
        default={}, description="Name -> another Slack workspace; its channels are called NAME/#channel."
    )
    deploys: DeploysEntry = DeploysEntry()
    digests: dict[str, DigestEntry] = Field(default={}, description="Name -> when and for whom.")
    metrics: MetricsEntry = MetricsEntry()
    api: ApiEntry = ApiEntry()
    prometheus: PrometheusEntry | None = Field(default=None, description="Where the numbers of operations are read.")
    retention: RetentionEntry = RetentionEntry()
    admin_channel: str | None = Field(default=None, description="Where the bot says what it could not do: #name or id.")
    undo_minutes: int = Field(default=10, ge=1, le=24 * 60, description="How long a logged change can be undone.")
    slack: SlackEntry = SlackEntry()
    limits: LimitsEntry = LimitsEntry()

    @model_validator(mode="before")
    @classmethod
    def _without_empty_sections(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return or_empty(value)
        return {key: part for key, part in value.items() if part is not None or key not in cls.model_fields}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `twinspan.yaml`, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **File.model_json_schema(mode="validation"),
        "title": "twinspan.yaml",
    }
