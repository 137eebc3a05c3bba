import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import yaml
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.manifest import manifest
from bot.settings_file import json_schema

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("command", ["serve", "check", "replay"])
def test_a_wrong_configuration_is_reported_whole_and_exits_with_2(command: str, tmp_path: Path) -> None:
    config = tmp_path / "twinspan.yaml"
    config.write_text("bridgs: {}\nundo_minutes: 0\n")
    found = run(command, "--config", str(config))
    assert 2 == found.exit_code
    assert f"{config}:1: bridgs: unknown key bridgs\n    Did you mean bridges?" in found.stderr
    assert f"{config}:2: undo_minutes: " in found.stderr


def test_migrate_makes_a_database_and_says_where_it_stands(tmp_path: Path) -> None:
    found = run("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/t.db")
    assert (0, "The schema is at head.\n") == (found.exit_code, found.stdout)
    assert (tmp_path / "t.db").exists()


def test_migrate_refuses_what_is_no_database_with_2_and_an_absent_one_with_1() -> None:
    assert 2 == run("migrate", DATABASE_URL="mysql://x").exit_code
    absent = run("migrate", DATABASE_URL="postgresql://me:s3cret@127.0.0.1:1/x")
    assert 1 == absent.exit_code
    assert "s3cret" not in absent.output


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
