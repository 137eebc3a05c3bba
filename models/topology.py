"""Who is who: bridges, services, environments, senders and plans, as the configuration names them.

Built once from `twinspan.yaml` by `bot.settings`; read everywhere. Look-ups fold case and surrounding space, and
know aliases. Nothing here is guessed: a name that no table knows is `None`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeAlias

from models.freezes import FreezePlan
from models.handoffs import HandoffPlan
from models.links import Link
from models.mirroring import Mirror
from models.oncall import OnCallSchedule
from models.operations import Objective
from models.paging import PagingPlan, Policy
from models.questions import QuestionPlan
from models.response import ResponsePlan
from models.words import Severity, Side, Tier

DEFAULT_SOAK: Final = timedelta(hours=1)
DEFAULT_USUAL: Final = timedelta(minutes=20)

Period: TypeAlias = Literal["day", "week", "month"]
MapKind: TypeAlias = Literal["service", "environment"]


@lru_cache(maxsize=4_096)  # a batch of events names few things many times
def folded(name: str) -> str:
    """Return the form under which names are compared."""
    return name.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment of a service, with its tier and the other names senders use for it.

    `soak` is how long a deployment there is unverified; `None`: as the service says, in production alone.
    """

    name: str
    tier: Tier
    aliases: tuple[str, ...] = ()
    soak: timedelta | None = None


DEFAULT_ENVIRONMENTS: tuple[Environment, ...] = (
    Environment(name="production", tier=Tier.PRODUCTION, aliases=("prod", "prd", "live")),
    Environment(name="staging", tier=Tier.STAGING, aliases=("stage", "stg", "preprod")),
    Environment(name="testing", tier=Tier.TESTING, aliases=("test", "qa")),
    Environment(name="development", tier=Tier.DEVELOPMENT, aliases=("dev",)),
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service: what its senders call it, where it runs, who owns it, what it promises to those who use it."""

    name: str
    aliases: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    environments: tuple[Environment, ...] = DEFAULT_ENVIRONMENTS
    depends_on: tuple[str, ...] = ()
    runbook: str | None = None
    owner: str | None = None
    on_call: str | None = None
    paging: str | None = None
    soak: timedelta | None = None
    operations: Objective | None = None

    def environment_named(self, name: str) -> Environment | None:
        """Return the environment with this name or alias."""
        return self._environments.get(folded(name))

    @cached_property
    def _environments(self) -> dict[str, Environment]:
        names: dict[str, Environment] = {}
        for environment in self.environments:
            for name in (environment.name, *environment.aliases):
                names.setdefault(folded(name), environment)
        return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A dev channel and an ops channel that hear of the same services. Channels are names (`#x`) or ids (`C…`).

    `mirror` says which threads are one conversation; `mirror_private`, that a private channel may be read in the other;
    `mirror_bots`, by id or name, which other bots are carried too. `link` is set where a person linked them.
    """

    name: str
    dev: str
    ops: str
    services: tuple[str, ...]
    mirror: Mirror = "incidents"
    mirror_private: bool = False
    mirror_bots: tuple[str, ...] = ()
    link: Link | None = None

    def channel(self, side: Side) -> str:
        """Return the channel of one side."""
        return self.dev if side == "dev" else self.ops


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRule:
    """Which signals of a monitor open an incident, and how its words for severity are read.

    `opens_when` maps a label to the values of which any one opens an incident; any label is enough.
    """

    opens_when: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"severity": ("critical", "page")})
    severities: Mapping[str, Severity] = field(
        default_factory=lambda: {
            "critical": Severity.SEV1,
            "page": Severity.SEV2,
            "error": Severity.SEV3,
            "warning": Severity.SEV4,
            "info": Severity.SEV5,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSource:
    """One sender: its name in the URL, its kind, and how it proves itself.

    `secrets` are accepted side by side, so that one can be rotated. `username` turns on HTTP basic authentication
    (with the secrets as passwords) for the kinds that know it. `deploy_workflows` maps the name or file of a GitHub
    workflow to the environment it deploys to; where it is not empty, the workflow runs of this source are its
    deploys and its deployment statuses are ignored. `is_told_back`: it is told what people do to its incidents here.
    """

    name: str
    kind: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    username: str | None = None
    max_bytes: int = 1024 * 1024
    deploy_workflows: Mapping[str, str] = field(default_factory=dict)
    service_labels: tuple[str, ...] = ("service", "job")
    environment_labels: tuple[str, ...] = ("env", "environment", "cluster")
    incidents: IncidentRule = field(default_factory=IncidentRule)
    is_told_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """One scheduled digest. `cron` is five fields, read in `timezone` (IANA).

    Numbers younger than `settle` (counted from the end of their period) are provisional; a digest is never posted so
    early. `is_for_all`: it is for every bridge there is.
    """

    name: str
    bridges: tuple[str, ...]
    cron: str
    timezone: str
    period: Period
    settle: timedelta = timedelta()
    is_for_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long raw deliveries, finished outbox rows, pictures and what records were before a change are kept.

    Records themselves are kept for good.
    """

    deliveries: timedelta = timedelta(days=90)
    outbox: timedelta = timedelta(days=30)
    evidence: timedelta = timedelta(days=365)
    revisions: timedelta = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The whole configuration as the bot's logic sees it.

    `targets` are by the name of the number they are for (`models.delivery.Numbers`), in its unit.
    """

    bridges: tuple[Bridge, ...] = ()
    services: tuple[Service, ...] = ()
    sources: tuple[WebhookSource, ...] = ()
    digests: tuple[DigestPlan, ...] = ()
    retention: Retention = field(default_factory=Retention)
    admin_channel: str | None = None
    undo_window: timedelta = timedelta(minutes=10)
    suspect_within: timedelta = timedelta(hours=24)
    soak: timedelta = DEFAULT_SOAK
    usual_deploy: timedelta = DEFAULT_USUAL
    targets: Mapping[str, float] = field(default_factory=dict)
    response: ResponsePlan = field(default_factory=ResponsePlan)
    schedules: tuple[OnCallSchedule, ...] = ()
    handoffs: HandoffPlan = field(default_factory=HandoffPlan)
    freezes: FreezePlan = field(default_factory=FreezePlan)
    paging: PagingPlan = field(default_factory=PagingPlan)
    questions: QuestionPlan = field(default_factory=QuestionPlan)
    mappings: Mapping[tuple[MapKind, str], str] = field(default_factory=dict)

    def source_named(self, name: str) -> WebhookSource | None:
        """Return the sender that owns `/webhooks/{name}`."""
        return self._sources.get(name)

    def service_named(self, name: str) -> Service | None:
        """Return the service with this name, alias, repository, or name mapped by a person."""
        wanted = folded(name)
        mapped = self.mappings.get(("service", wanted))
        return self._services.get(folded(mapped) if mapped else wanted)

    def environment_named(self, service: Service, name: str) -> Environment | None:
        """Return the environment of a service with this name, alias, or name mapped by a person."""
        mapped = self.mappings.get(("environment", folded(name)))
        return service.environment_named(mapped or name)

    def soak_for(self, service: str, environment: str) -> timedelta:
        """Return how long a deployment is unverified there (canonical names)."""
        known = self.service_named(service)
        place = known.environment_named(environment) if known else None
        if known is None or place is None:
            return timedelta()
        if place.soak is not None:
            return place.soak
        if place.tier is not Tier.PRODUCTION:
            return timedelta()
        return self.soak if known.soak is None else known.soak

    def schedule_named(self, name: str) -> OnCallSchedule | None:
        """Return the on-call schedule with this name."""
        return next((s for s in self.schedules if folded(s.name) == folded(name)), None)

    def schedules_for(self, services: Iterable[str]) -> tuple[OnCallSchedule, ...]:
        """Return the schedules of these services (canonical names), each once; of one without, its bridge's."""
        wanted = [s for name in services if (s := self.service_named(name))]
        named = {folded(s.on_call) for s in wanted if s.on_call}
        bridges = {b.name for b in self.bridges_for(s.name for s in wanted if not s.on_call)}
        return tuple(s for s in self.schedules if folded(s.name) in named or s.bridge in bridges)

    def policy_for(self, services: Iterable[str]) -> Policy | None:
        """Return the paging policy of the first of these services that has one, else the default."""
        named = (s.paging for name in services if (s := self.service_named(name)) and s.paging)
        return self.paging.policy_named(next(named, self.paging.default))

    def bridges_for(self, services: Iterable[str]) -> tuple[Bridge, ...]:
        """Return the bridges that hear of any of these services (canonical names), each once."""
        names = list(services)
        if len(names) == 1:
            return self._bridges_of.get(names[0], ())
        wanted = {b.name for name in names for b in self._bridges_of.get(name, ())}
        return tuple(b for b in self.bridges if b.name in wanted)

    def bridge_named(self, name: str) -> Bridge | None:
        """Return the bridge with this name."""
        return next((b for b in self.bridges if folded(b.name) == folded(name)), None)

    def with_mappings(self, mappings: Mapping[tuple[MapKind, str], str]) -> "Topology":
        """Return the same configuration with the names that people have mapped since (keys folded)."""
        return replace(self, mappings=dict(mappings))

    def with_links(self, links: Iterable[Link]) -> "Topology":
        """Return the same configuration with the channels that people linked since."""
        everything = tuple(service.name for service in self.services)
        linked = tuple(
            Bridge(
                name=link.name,
                dev=link.dev,
                ops=link.ops,
                services=everything if link.services is None else link.services,
                mirror=link.mirror,
                link=link,
            )
            for link in links
        )
        bridges = (*(bridge for bridge in self.bridges if bridge.link is None), *linked)
        names = tuple(bridge.name for bridge in bridges)
        digests = tuple(replace(d, bridges=names) if d.is_for_all else d for d in self.digests)
        return replace(self, bridges=bridges, digests=digests)

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel the bot posts to, each once, the admin channel last."""
        named = [c for b in self.bridges for c in (b.dev, b.ops)]
        named += [t for p in self.paging.policies for s in p.steps for t in s.notify if t.startswith("#")]
        return tuple(dict.fromkeys(named + ([self.admin_channel] if self.admin_channel else [])))

    @cached_property
    def _bridges_of(self) -> dict[str, tuple[Bridge, ...]]:
        found: dict[str, tuple[Bridge, ...]] = {}
        for bridge in self.bridges:
            for name in dict.fromkeys(bridge.services):
                found[name] = (*found.get(name, ()), bridge)
        return found

    @cached_property
    def _sources(self) -> dict[str, WebhookSource]:
        return {source.name: source for source in self.sources}

    @cached_property
    def _services(self) -> dict[str, Service]:
        names: dict[str, Service] = {}
        for service in self.services:
            for name in (service.name, *service.aliases, *service.repositories):
                names.setdefault(folded(name), service)
        return names
