import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.settings import InvalidSettings, database_url, for_sending, load
from bot.settings_file import json_schema
from models.words import Severity, Tier
from tests.bot.settings_files import AT, MINIMAL, problems_of, problems_with, settings_of

EXAMPLE = Path(__file__).parents[2] / "twinspan.example.yaml"
SECRETS = {"GITHUB_WEBHOOK_SECRET": "gh-s3cret", "ALERTMANAGER_TOKEN": "am-s3cret", "TWINSPAN_TOKEN": "ci-s3cret"}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1-token", "SLACK_SIGNING_SECRET": "signing-s3cret"}


def test_the_example_is_valid_and_read_whole() -> None:
    settings = load({**SECRETS, **SLACK}, EXAMPLE, at=AT, serving=True)
    topology = settings.topology
    payments = topology.service_named("PAYMENTS-API")
    assert payments is not None
    assert "payments" == payments.name
    assert [Tier.PRODUCTION, Tier.STAGING] == [e.tier for e in payments.environments]
    assert ("payments", "checkout") == topology.bridges[0].services
    assert ("gh-s3cret",) == topology.sources[0].secrets
    assert ("payments",) == topology.digests[0].bridges
    assert timedelta(days=90) == topology.retention.deliveries
    assert Severity.SEV2 == topology.sources[1].incidents.severities["page"]
    assert "#twinspan-admin" == topology.channels[-1]


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    settings = settings_of(MINIMAL, tmp_path)
    assert "sqlite+aiosqlite:///./data/twinspan.db" == settings.database_url
    assert ("127.0.0.1", 8080) == (settings.host, settings.port)
    assert "https://slack.com/api/" == settings.slack_api_url
    assert ("payments",) == settings.topology.bridges[0].services
    assert (1.0, 2_000) == (settings.pace.between_messages, settings.queue_size)
    assert {"severity": ("critical", "page")} == settings.topology.sources[0].incidents.opens_when


def test_without_a_file_there_is_an_empty_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert () == load({}, at=AT).topology.bridges


def test_serving_asks_for_the_file_and_for_slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {
        "(the whole file)": "there is no such file",
        "SLACK_BOT_TOKEN": "is not set",
        "SLACK_SIGNING_SECRET": "is not set",
    } == problems_with({}, serving=True)


def test_socket_mode_needs_no_signing_secret() -> None:
    environ = {**SECRETS, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    assert load(environ, EXAMPLE, at=AT, serving=True).slack_signing_secret is None


def test_a_variable_that_is_not_set_is_named_and_a_dollar_escapes(tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL.replace("CI_SECRET", "NOT_THERE"), tmp_path)
    assert ("sources.ci.secret", "the environment has no variable NOT_THERE") == (problem.path, problem.what)
    text = MINIMAL.replace("[payments]", "[{name: payments, owner: '$${team}'}]")
    assert "${team}" == settings_of(text, tmp_path).topology.services[0].owner


def test_a_secret_may_be_in_a_file_but_not_in_two_places(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    path = str(tmp_path / "token")
    text = MINIMAL.replace("CI_SECRET", "OTHER")
    assert ("from-a-file",) == settings_of(text, tmp_path, OTHER_FILE=path).topology.sources[0].secrets
    assert "both OTHER and OTHER_FILE are set" == problems_of(text, tmp_path, OTHER_FILE=path, OTHER="x")[0].what
    assert "OTHER_FILE" == problems_of(text, tmp_path, OTHER_FILE=f"{path}-gone")[0].path


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    assert ["the secret is empty"] == [p.what for p in problems_of(MINIMAL, tmp_path, CI_SECRET="")]


def test_tokens_of_the_api_come_from_the_environment_or_a_file_and_are_never_empty(tmp_path: Path) -> None:
    text = MINIMAL + "\napi:\n  tokens: ['${TOKEN}', other]\n"
    given = {"CI_SECRET": "not-a-word"}
    (tmp_path / "token").write_text("from-a-file\n")
    read = settings_of(text, tmp_path, TOKEN_FILE=str(tmp_path / "token"), **given)
    assert ("from-a-file", "other") == read.api_tokens
    assert "from-a-file" not in repr(read)
    assert [("api.tokens[0]", "the token is empty")] == [
        (p.path, p.what) for p in problems_of(text, tmp_path, TOKEN="", **given)
    ]


def test_several_secrets_are_accepted_side_by_side(tmp_path: Path) -> None:
    text = MINIMAL.replace("secret: '${CI_SECRET}'", "secrets: ['${CI_SECRET}', older]")
    assert ("ci-s3cret", "older") == settings_of(text, tmp_path).topology.sources[0].secrets


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://a:b@host/name", "postgresql+asyncpg://a:b@host/name"),
        ("postgres://host/name?sslmode=require", "postgresql+asyncpg://host/name?ssl=require"),
        ("sqlite:////data/t.db", "sqlite+aiosqlite:////data/t.db"),
    ],
)
def test_a_database_gets_the_driver_of_this_release(given: str, used: str) -> None:
    assert used == database_url({"DATABASE_URL": given})


@pytest.mark.parametrize("given", ["mysql://root:s3cret@host/x", "s3cret", "sqlite://"])
def test_another_database_is_refused_without_repeating_its_address(given: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        database_url({"DATABASE_URL": given})
    assert "s3cret" not in str(caught.value)


def test_tokens_of_the_wrong_type_and_bad_addresses_are_refused_without_repeating_them() -> None:
    environ = {
        "SLACK_BOT_TOKEN": "xapp-s3cret",
        "SLACK_APP_TOKEN": "xoxb-s3cret",
        "SLACK_API_URL": "slack.com",
        "TWINSPAN_LISTEN": "8080",
        "TWINSPAN_CONFIG": str(EXAMPLE),
        **SECRETS,
    }
    assert {
        "SLACK_BOT_TOKEN": "is not a bot token",
        "SLACK_APP_TOKEN": "is not an app-level token",
        "SLACK_API_URL": "is not a web address",
        "TWINSPAN_LISTEN": "is not host:port",
    } == problems_with(environ)


def test_no_secret_is_in_a_repr_and_all_are_handed_to_the_log() -> None:
    environ = {**SECRETS, **SLACK, "DATABASE_URL": "postgresql://me:db-s3cret@host/x"}
    settings = load(environ, EXAMPLE, at=AT)
    assert "s3cret" not in repr(settings)
    assert "xoxb-1-token" not in repr(settings)
    held = {"db-s3cret", *SECRETS.values(), *SLACK.values()}
    assert held == set(settings.secrets)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0 9 * * 1-5", "0 9 * * mon,tue,wed,thu,fri"), ("0 9 * * 0", "0 9 * * sun"), ("0 9 * * 7", "0 9 * * sun")],
)
def test_weekdays_are_numbered_as_cron_numbers_them(written: str, meant: str, tmp_path: Path) -> None:
    text = MINIMAL + f"digests: {{d: {{schedule: '{written}'}}}}\n"
    assert meant == settings_of(text, tmp_path).topology.digests[0].cron


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings_of(MINIMAL, tmp_path).port = 1  # type: ignore[misc]


def test_sending_reads_where_how_and_which_job() -> None:
    found = for_sending({"TWINSPAN_URL": "http://bot", "TWINSPAN_TOKEN": "s3cret", "CI_JOB_ID": "77"})
    assert ("http://bot", "ci_job_id:77") == (found.url, found.job)
    assert "s3cret" not in repr(found)


def test_a_run_that_github_starts_again_is_another_job() -> None:
    first, again = ({"GITHUB_RUN_ID": "5", "GITHUB_RUN_ATTEMPT": attempt} for attempt in "12")
    assert ("github_run_id:5:1", "github_run_id:5:2") == (for_sending(first).job, for_sending(again).job)
    assert (None, None) == (for_sending({}).job, for_sending({}).url)


def test_every_key_is_explained_in_the_docs() -> None:
    text = (EXAMPLE.parent / "docs" / "configuration.md").read_text("utf-8")
    schema = json_schema()
    shapes = [schema, *schema["$defs"].values()]
    keys = {key for shape in shapes for key in shape.get("properties", {})} - {"name"}
    assert set() == {key for key in keys if not re.search(rf"[`{{. ]{key}[`., }}]", text)}


@pytest.mark.parametrize("name", ["ci.md", "configuration.md"])
def test_the_yaml_in_the_docs_is_yaml(name: str) -> None:
    text = (EXAMPLE.parent / "docs" / name).read_text("utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        assert yaml.safe_load(block)


def test_the_example_names_only_channels_in_quotes() -> None:
    assert all(b["dev"] and b["ops"] for b in yaml.safe_load(EXAMPLE.read_text())["bridges"].values())
