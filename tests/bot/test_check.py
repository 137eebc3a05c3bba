import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.check import Row, check, table
from bot.database import head_revision, migrate
from bot.database_command import schema
from bot.manifest import scopes
from bot.sandbox.app import Sandbox, build_sandbox
from bot.sandbox.config import SandboxConfig
from bot.settings import Settings
from models.topology import Bridge, Service, Topology, WebhookSource

TOPOLOGY = Topology(
    bridges=(Bridge(name="payments", dev="#payments-dev", ops="#payments-ops", services=("payments",)),),
    services=(Service(name="payments"),),
    sources=(WebhookSource(name="hub", kind="github", secrets=("s3cret",)),),
    admin_channel="twinspan-admin",
)


@pytest.fixture
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Sandbox, str]]:
    changes = {"rates": None, **getattr(request, "param", {})}
    sandbox = build_sandbox(SandboxConfig(clock=lambda: datetime(2026, 11, 2, tzinfo=UTC), **changes))
    async with sandbox.running() as url:
        yield sandbox, f"{url}/api/"


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/t.db"
    migrate(url)
    return url


def settings_for(url: str, database: str, topology: Topology = TOPOLOGY, token: str = "xoxb-sandbox-bot") -> Settings:
    return Settings(
        database_url=database,
        slack_bot_token=SecretStr(token),
        slack_signing_secret=SecretStr("sandbox-signing-secret"),
        slack_api_url=url,
        topology=topology,
    )


def failing(rows: list[Row]) -> dict[str, str]:
    return {row.subject: row.found for row in rows if not row.is_fine}


async def test_a_sound_configuration_is_all_fine(slack: tuple[Sandbox, str], database: str) -> None:
    rows = await check(settings_for(slack[1], database))
    assert {} == failing(rows)
    assert [
        "settings",
        "database",
        "Slack",
        "scopes",
        "requests from Slack",
        "#payments-dev",
        "#payments-ops",
        "twinspan-admin",
        "source hub",
    ] == [row.subject for row in rows]
    assert "1 bridge, 1 service, 1 source" == rows[0].found
    assert "github, POST http://127.0.0.1:8080/webhooks/hub" == rows[-1].found


async def test_a_configuration_without_bridges_is_not_fine(slack: tuple[Sandbox, str], database: str) -> None:
    rows = await check(settings_for(slack[1], database, Topology()))
    assert {"settings": "no bridges"} == failing(rows)
    assert "twinspan.example.yaml" in rows[0].fix


async def test_each_channel_that_cannot_be_used_says_why(slack: tuple[Sandbox, str], database: str) -> None:
    sandbox, url = slack
    sandbox.workspace.channel("checkout-dev").is_archived = True
    topology = Topology(
        bridges=(
            Bridge(name="a", dev="#platform-ops", ops="#nowhere", services=()),
            Bridge(name="b", dev="#checkout-dev", ops=sandbox.workspace.channel("payments-ops").id, services=()),
        )
    )
    expected = {"#platform-ops": "the bot is not a member", "#nowhere": "not found", "#checkout-dev": "archived"}
    assert expected == failing(await check(settings_for(url, database, topology)))


@pytest.mark.parametrize("slack", [{"scopes": frozenset(scopes()) - {"users:read"}}], indirect=True)
async def test_a_scope_that_was_not_granted_is_named(slack: tuple[Sandbox, str], database: str) -> None:
    assert {"scopes": "missing users:read"} == failing(await check(settings_for(slack[1], database)))


@pytest.mark.parametrize("slack", [{"scopes": frozenset(scopes())}], indirect=True)
async def test_the_manifests_scopes_are_enough_to_check_with(slack: tuple[Sandbox, str], database: str) -> None:
    assert {} == failing(await check(settings_for(slack[1], database)))


async def test_a_wrong_token_is_said_and_not_repeated(slack: tuple[Sandbox, str], database: str) -> None:
    rows = await check(settings_for(slack[1], database, token="xoxb-wr0ng"))
    assert {"Slack": "invalid_auth"} == failing(rows)
    assert "wr0ng" not in table(rows)


async def test_a_slack_that_does_not_answer_is_said(database: str) -> None:
    assert {"Slack": "connection"} == failing(await check(settings_for("http://127.0.0.1:1/api/", database)))


async def test_a_wrong_app_token_is_said(slack: tuple[Sandbox, str], database: str) -> None:
    settings = Settings(
        database_url=database,
        slack_bot_token=SecretStr("xoxb-sandbox-bot"),
        slack_app_token=SecretStr("xapp-wr0ng"),
        slack_api_url=slack[1],
        topology=TOPOLOGY,
    )
    assert {"Socket Mode": "invalid_auth"} == failing(await check(settings))


async def test_a_new_file_is_fine_and_an_absent_database_is_said(slack: tuple[Sandbox, str], tmp_path: Path) -> None:
    assert {} == failing(await check(settings_for(slack[1], f"sqlite+aiosqlite:///{tmp_path}/new.db")))
    absent = await check(settings_for(slack[1], "postgresql+asyncpg://me:s3cret@127.0.0.1:1/x"))
    assert "does not answer" in failing(absent)["database"]
    assert "s3cret" not in table(absent)


async def test_an_old_schema_of_a_file_is_fine_since_serving_migrates_it(
    slack: tuple[Sandbox, str], database: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    rows = await check(settings_for(slack[1], database))
    assert {} == failing(rows)
    assert f"schema 0001; `twinspan serve` brings it to {head_revision()} by itself" in table(rows)


def test_an_old_schema_elsewhere_is_to_be_migrated() -> None:
    assert (f"schema 0001, needs {head_revision()}", "Run `twinspan migrate`.") == schema("0001", is_sqlite=False)
    assert (f"schema empty, needs {head_revision()}", "Run `twinspan migrate`.") == schema(None, is_sqlite=False)


async def test_a_newer_releases_schema_serves_too(slack: tuple[Sandbox, str], database: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    rows = await check(settings_for(slack[1], database))
    assert {} == failing(rows)
    assert "schema 9999, of a newer release; it serves this one too" in table(rows)


async def test_a_file_that_cannot_be_made_is_said_with_its_reason(slack: tuple[Sandbox, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rows = await check(settings_for(slack[1], f"sqlite+aiosqlite:///{tmp_path}/file/t.db"))
    assert "does not answer: [Errno" in failing(rows)["database"]


@pytest.mark.parametrize("token", [None, SecretStr("xoxb-wr0ng")])
async def test_a_missing_signing_secret_is_said_beside_a_token_that_is_wrong(
    slack: tuple[Sandbox, str], database: str, token: SecretStr | None
) -> None:
    settings = Settings(database_url=database, slack_bot_token=token, slack_api_url=slack[1], topology=TOPOLOGY)
    assert ["Slack", "requests from Slack"] == list(failing(await check(settings)))


def test_the_table_puts_the_remedy_under_what_failed() -> None:
    rows = [Row(subject="settings", found="1 bridges"), Row(subject="#a", found="not found", fix="Create it.")]
    assert "ok    settings  1 bridges\nFAIL  #a        not found\n                -> Create it." == table(rows)
