import json
import logging
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
import yaml
from click.testing import CliRunner, Result
from sqlalchemy.engine import make_url

from bot.__main__ import main
from bot.database import head_revision
from bot.manifest import manifest
from bot.sandbox.serving import free_port
from bot.settings_file import json_schema

ROOT = Path(__file__).parents[2]


def revision_in(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def run(*arguments: str, **variables: str) -> Result:
    clean: dict[str, str | None] = dict.fromkeys(["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
    return CliRunner().invoke(main, list(arguments), env={**clean, **variables})


@pytest.mark.parametrize("command", ["serve", "demo", "check", "migrate", "manifest", "schema", "send", "replay"])
def test_every_command_explains_itself(command: str) -> None:
    found = run(command, "--help")
    assert 0 == found.exit_code
    assert "Usage:" in found.output


def test_a_command_starts_without_what_others_need() -> None:
    look = "import bot.__main__, sys; print(sorted({'sqlalchemy', 'httpx', 'slack_bolt', 'pydantic'} & {*sys.modules}))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "[]\n" == found.stdout


@pytest.mark.parametrize("command", ["serve", "check", "replay"])
def test_a_wrong_configuration_is_reported_whole_and_exits_with_2(command: str, tmp_path: Path) -> None:
    config = tmp_path / "twinspan.yaml"
    config.write_text("bridgs: {}\nundo_minutes: 0\n")
    found = run(command, "--config", str(config))
    assert 2 == found.exit_code
    assert f"{config}:1: bridgs: unknown key bridgs\n    Did you mean bridges?" in found.stderr
    assert f"{config}:2: undo_minutes: " in found.stderr


def test_migrate_makes_a_database_and_says_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    assert f"{file}: the schema is {head_revision()}.\n" == run("migrate", DATABASE_URL=f"sqlite:///{file}").stdout
    again = f"{file}: the schema is {head_revision()}, as it was.\n"
    assert again == run("migrate", DATABASE_URL=f"sqlite:///{file}").stdout


def test_migrate_goes_down_to_a_named_revision_and_up_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    run("migrate", DATABASE_URL=url)
    down = run("migrate", "0003", DATABASE_URL=url)
    assert f"{tmp_path}/t.db: the schema is 0003 (it was {head_revision()}).\n" == down.stdout
    assert "0003" == revision_in(tmp_path / "t.db")
    assert 0 == run("migrate", "0005", DATABASE_URL=url).exit_code
    assert "0005" == revision_in(tmp_path / "t.db")
    assert "the schema is empty" in run("migrate", "base", DATABASE_URL=url).stdout


def test_migrate_refuses_a_revision_that_this_release_does_not_have(tmp_path: Path) -> None:
    found = run("migrate", "9999", DATABASE_URL=f"sqlite:///{tmp_path}/t.db")
    assert (2, True) == (
        found.exit_code,
        f"There is no revision 9999: this release knows base and 0001 to {head_revision()}." in found.stderr,
    )


def test_a_newer_releases_schema_is_left_alone_and_serves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    run("migrate", DATABASE_URL=url)
    with closing(sqlite3.connect(tmp_path / "t.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    found = run("migrate", DATABASE_URL=url)
    assert (0, True) == (found.exit_code, "the schema is 9999, of a newer release" in found.stdout), found.output
    assert 0 == run("metrics", DATABASE_URL=url).exit_code


@pytest.mark.parametrize("command", ["migrate", "metrics", "replay"])
def test_a_file_that_is_no_database_is_one_line_that_says_so(command: str, tmp_path: Path) -> None:
    (tmp_path / "t.db").write_text("twinspan\n" * 100)
    found = run(command, DATABASE_URL=f"sqlite:///{tmp_path}/t.db")
    said = "The database does not answer (file is not a database): check DATABASE_URL."
    assert (1, said) == (found.exit_code, found.stderr.strip())


@pytest.mark.parametrize("command", ["migrate", "metrics", "replay"])
def test_a_folder_that_cannot_be_made_is_one_line_that_says_so(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run(command, DATABASE_URL=f"sqlite:///{tmp_path}/file/t.db")
    assert (1, True) == (found.exit_code, found.stderr.startswith("The database does not answer (")), found.output
    assert 1 == len(found.stderr.splitlines())


def test_migrate_refuses_what_is_no_database_with_2_and_an_absent_one_with_1() -> None:
    assert 2 == run("migrate", DATABASE_URL="mysql://x").exit_code
    absent = run("migrate", DATABASE_URL="postgresql://me:s3cret@127.0.0.1:1/x")
    assert 1 == absent.exit_code
    assert "s3cret" not in absent.output


@pytest.mark.postgres
def test_postgresql_says_itself_why_it_lets_nobody_in(postgres_server: str) -> None:
    url = make_url(postgres_server).set(drivername="postgresql", database="nowhere")
    found = run("migrate", DATABASE_URL=url.render_as_string(hide_password=False))
    said = 'The database does not answer (database "nowhere" does not exist): check DATABASE_URL.'
    assert (1, said) == (found.exit_code, found.stderr.strip())


def test_replay_makes_the_schema_of_a_new_file(tmp_path: Path) -> None:
    found = run("replay", DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert (0, "0 deliveries will be applied again by the running bot.\n") == (found.exit_code, found.stdout)


def test_a_demo_whose_port_is_taken_says_so_and_leaves_the_others_database_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo.db").write_text("another demo's")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = run("demo", "--port", str(free_port()), "--page-port", str(port))
    assert (1, True) == (found.exit_code, f"Port {port} of this machine is taken" in found.stderr), found.output
    assert f"--page-port {port + 10}" in found.stderr
    assert "another demo's" == (tmp_path / "data" / "demo.db").read_text()


@pytest.mark.parametrize("url", ["twinspan.example.com", "http://twinspan.example.com"])
def test_an_address_that_slack_would_refuse_is_refused_before(url: str) -> None:
    found = run("manifest", "--url", url)
    assert (2, True) == (found.exit_code, "Slack calls only https:// addresses." in found.stderr)


def test_the_manifest_is_printed() -> None:
    assert manifest() == yaml.safe_load(run("manifest").stdout)
    assert manifest("https://bot.example") == json.loads(
        run("manifest", "--url", "https://bot.example", "--json").stdout
    )


def test_the_schema_in_the_docs_is_the_one_that_is_printed() -> None:
    printed = run("schema").stdout
    assert json_schema() == json.loads(printed)
    assert (ROOT / "docs" / "twinspan.schema.json").read_text("utf-8") == printed


def test_replay_refuses_a_source_that_is_not_configured(tmp_path: Path) -> None:
    config = tmp_path / "twinspan.yaml"
    config.write_text("{}\n")
    found = run("replay", "--config", str(config), "--source", "nobody")
    assert 2 == found.exit_code
    assert "twinspan.yaml has no source nobody" in found.output
