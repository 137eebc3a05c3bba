"""The only reader of the environment and of `twinspan.yaml`; reports every problem at once.

twinspan.yaml --settings_yaml--> values with lines --settings_shape--> File --settings_checks--> settings_topology
environment ---settings_environment-->                                                          Settings
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy.engine import make_url

import handlers.webhooks as webhook_files
from bot.clock import utc_now
from bot.settings_checks import check
from bot.settings_environment import Environment, PagerDuty
from bot.settings_file import File
from bot.settings_operations import PrometheusServer, prometheus_server
from bot.settings_paging import Pager, pagers
from bot.settings_problems import InvalidSettings, Problem
from bot.settings_shape import shaped
from bot.settings_topology import topology
from bot.settings_yaml import Document, read
from handlers.registry import discover
from handlers.webhooks import SourceKind
from models.pace import Pace
from models.topology import Topology

__all__ = ["KINDS", "InvalidSettings", "Problem", "SendSettings", "Settings", "database_url", "for_sending", "load"]

KINDS: Final = tuple(source.kind for source in discover(webhook_files, "SOURCE", SourceKind))
# What names one run of a job, and changes when a person starts it again. GitHub's run keeps its id then:
# https://docs.github.com/en/actions/reference/workflows-and-actions/variables
_JOB_VARIABLES: Final = (
    ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"),
    ("CI_JOB_ID",),
    ("BUILD_TAG",),
    ("CIRCLE_WORKFLOW_JOB_ID",),
)
_ACTOR_VARIABLES: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "CIRCLE_USERNAME", "BUILD_USER_ID")
_URL_VARIABLES: Final = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccess:
    """How another workspace is reached. `app_token` present means Socket Mode."""

    bot_token: SecretStr
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    api_url: str = "https://slack.com/api/"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret of it."""
        held = (self.bot_token, self.signing_secret, self.app_token)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is set from outside. `slack_app_token` present means Socket Mode."""

    database_url: str = field(repr=False)
    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    host: str = "127.0.0.1"
    port: int = 8080
    topology: Topology = field(default_factory=Topology)
    pace: Pace = field(default_factory=Pace)
    queue_size: int = 2_000
    prometheus: PrometheusServer | None = None
    api_tokens: tuple[str, ...] = field(default=(), repr=False)
    gate_tokens: tuple[str, ...] = field(default=(), repr=False)
    pagerduty: PagerDuty = field(default_factory=PagerDuty)
    pagers: Mapping[str, Pager] = field(default_factory=dict)
    workspaces: Mapping[str, SlackAccess] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, for the log to strike out."""
        held = (self.slack_bot_token, self.slack_signing_secret, self.slack_app_token)
        password = make_url(self.database_url).password
        found = [secret.get_secret_value() for secret in held if secret is not None]
        found += [secret for source in self.topology.sources for secret in source.secrets]
        found += self.prometheus.secrets if self.prometheus else ()
        found += [secret for access in self.workspaces.values() for secret in access.secrets]
        found += self.api_tokens + self.gate_tokens
        found += [self.pagerduty.token] if self.pagerduty.token else []
        found += [pager.key for pager in self.pagers.values() if pager.key]
        return tuple(found + ([str(password)] if password else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """What `twinspan send` reads: where the bot is, how to prove oneself, and which job of which CI this is."""

    url: str | None
    token: SecretStr | None
    job: str | None
    actor: str | None = None
    run_url: str | None = None
    gate_token: str | None = None


def load(
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
    *,
    kinds: Iterable[str] = KINDS,
    serving: bool = False,
    at: datetime | None = None,
) -> Settings:
    """Return the settings of this process.

    `serving` also asks for what only a running bot needs: the file, and a way to talk to Slack. `at` is the instant
    after which a schedule must fire.

    Raises:
        InvalidSettings: something is wrong; it names everything that is.
    """
    environment = Environment(variables=os.environ if environ is None else environ)
    document = _document(environment, config, is_required=serving)
    file = shaped(document)
    if file is not None:
        check(file, document, kinds=kinds, at=at or utc_now())
    # With problems in the file the rest is still read, for its own problems.
    settings = _settings(environment, file if file is not None and not document.problems else File())
    if serving:
        _ask_for_slack(settings, environment)
    problems = [*environment.problems, *sorted(document.problems, key=lambda p: p.line or 0)]
    if problems:
        raise InvalidSettings(problems)
    return settings


def database_url(environ: Mapping[str, str] | None = None) -> str:
    """Return the database alone, for what needs nothing else.

    Raises:
        InvalidSettings: `DATABASE_URL` is not one this release can use.
    """
    environment = Environment(variables=os.environ if environ is None else environ)
    found = environment.database_url()
    if environment.problems:
        raise InvalidSettings(environment.problems)
    return found


def for_sending(environ: Mapping[str, str] | None = None) -> SendSettings:
    """Return what `twinspan send` needs, from TWINSPAN_URL, TWINSPAN_TOKEN and the CI's own variables.

    Raises:
        InvalidSettings: a file that should hold the token cannot be read.
    """
    environment = Environment(variables=os.environ if environ is None else environ)
    token, gate_token = environment.value("TWINSPAN_TOKEN"), environment.value("TWINSPAN_GATE_TOKEN")
    if environment.problems:
        raise InvalidSettings(environment.problems)
    url = environment.variables.get("TWINSPAN_URL")
    job = _job(environment.variables)
    return SendSettings(
        url=url or None,
        token=SecretStr(token) if token else None,
        job=job,
        actor=_first(environment.variables, _ACTOR_VARIABLES),
        run_url=_run_url(environment.variables),
        gate_token=gate_token or None,
    )


def github_token(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the token for GitHub's API, from GITHUB_TOKEN or GITHUB_TOKEN_FILE.

    Raises:
        InvalidSettings: the file that should hold it cannot be read.
    """
    environment = Environment(variables=os.environ if environ is None else environ)
    token = environment.value("GITHUB_TOKEN")
    if environment.problems:
        raise InvalidSettings(environment.problems)
    return token or None


def _job(variables: Mapping[str, str]) -> str | None:
    for names in _JOB_VARIABLES:
        if variables.get(names[0]):
            return ":".join([names[0].lower(), *(variables[name] for name in names if variables.get(name))])
    return None


def _first(variables: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((variables[name] for name in names if variables.get(name)), None)


def _run_url(variables: Mapping[str, str]) -> str | None:
    parts = [variables.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    if all(parts):
        server, repository, run = parts
        return f"{server}/{repository}/actions/runs/{run}"
    return _first(variables, _URL_VARIABLES)


def _document(environment: Environment, config: Path | None, *, is_required: bool) -> Document:
    named = environment.variables.get("TWINSPAN_CONFIG")
    path = config or Path(named or "twinspan.yaml")
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        document = Document(file=str(path))
        if is_required or config or named:
            fix = "Copy twinspan.example.yaml there, or set TWINSPAN_CONFIG to where the file is."
            document.complain((), "there is no such file", fix)
        return document
    except (OSError, UnicodeDecodeError) as error:
        document = Document(file=str(path))
        document.complain((), f"cannot be read: {type(error).__name__}", "It must be a readable text file in UTF-8.")
        return document
    return read(text, file=str(path), lookup=environment.value)


def _settings(environment: Environment, file: File) -> Settings:
    host, port = environment.address("TWINSPAN_LISTEN", "127.0.0.1:8080")
    pagerduty = environment.pagerduty()
    return Settings(
        database_url=environment.database_url(),
        slack_bot_token=environment.secret("SLACK_BOT_TOKEN", "xoxb-", "a bot token"),
        slack_signing_secret=environment.secret("SLACK_SIGNING_SECRET", "", "a signing secret"),
        slack_app_token=environment.secret("SLACK_APP_TOKEN", "xapp-", "an app-level token"),
        slack_api_url=environment.url("SLACK_API_URL", "https://slack.com/api/").rstrip("/") + "/",
        host=host,
        port=port,
        topology=topology(file, tells_pagerduty=pagerduty.token is not None),
        pace=Pace(between_messages=file.slack.seconds_between_messages),
        queue_size=file.limits.queue_size,
        prometheus=prometheus_server(file),
        pagerduty=pagerduty,
        pagers=pagers(file.paging),
        workspaces={
            name: SlackAccess(
                bot_token=entry.bot_token,
                signing_secret=entry.signing_secret,
                app_token=entry.app_token,
                api_url=entry.api_url.rstrip("/") + "/",
            )
            for name, entry in file.workspaces.items()
        },
        gate_tokens=tuple(token.get_secret_value().strip() for token in file.freezes.tokens),
        api_tokens=tuple(token.get_secret_value().strip() for token in file.api.tokens),
    )


def _ask_for_slack(settings: Settings, environment: Environment) -> None:
    if settings.slack_bot_token is None:
        fix = "Set it to the Bot User OAuth Token of your Slack app (docs/configuration.md)."
        environment.complain("SLACK_BOT_TOKEN", "is not set", fix)
    if settings.slack_signing_secret is None and settings.slack_app_token is None:
        fix = "Set it to the app's signing secret, or set SLACK_APP_TOKEN to use Socket Mode."
        environment.complain("SLACK_SIGNING_SECRET", "is not set", fix)
