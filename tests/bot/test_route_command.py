"""`twinspan route`: what a payload would do by a configuration, on the command line."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.database import Database, migrate
from tests.support.webhooks import captured

CONFIG = """
services: {payments: {repositories: [acme/payments]}}
bridges: {payments: {dev: '#payments-dev', ops: '#payments-ops', services: [payments]}}
sources: {github: {kind: github, secret: s3cret-abcdefghijkl}, ci: {kind: events, secret: s3cret-abcdefghijkl}}
"""


class Shell:
    """The command line in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite+aiosqlite:///{folder}/twinspan.db"
        (folder / "new.yaml").write_text(CONFIG, "utf-8")

    def route(self, *words: str, stdin: bytes = b"", url: str | None = None) -> Result:
        environment = {"DATABASE_URL": url or self.url, "TWINSPAN_CONFIG": ""}
        return CliRunner().invoke(main, ["route", "--config", "new.yaml", *words], env=environment, input=stdin)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


DEPLOYED = captured("github", "deployment_status__success").body


def test_a_new_installation_is_tried_on_an_empty_database_and_makes_no_file(shell: Shell) -> None:
    done = shell.route("-", "--source", "github", stdin=DEPLOYED)
    assert 0 == done.exit_code, done.output
    assert "#payments-ops: a new deploy, its message. Rule `bridge`" in done.stdout
    assert "tried on an empty one" in done.stderr
    assert ["new.yaml"] == [path.name for path in shell.folder.iterdir()]


def test_the_database_in_use_is_read_and_stays_as_it_is(shell: Shell) -> None:
    migrate(shell.url)

    async def counts() -> list[int]:
        database = Database(shell.url)
        try:
            async with database.reading() as store:
                return [len(await store.outbox.queues()), await store.deliveries.get(1) is not None]
        finally:
            await database.close()

    (shell.folder / "payload.json").write_bytes(DEPLOYED)
    done = shell.route("payload.json", "--source", "github", "--event", "deployment_status")
    assert 0 == done.exit_code, done.output
    assert "" == done.stderr
    assert [0, False] == asyncio.run(counts())


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (["--source", "githb"], b"{}", 2, "Did you mean github?"),
        ([], b"{}", 2, "Say which sender it comes from: github, ci."),
        (["--source", "ci"], b"{}", 1, "Refused at `$"),
        (["--source", "github", "--event", "star"], b"{}", 0, "Ignored: event 'star' is not used"),
        (["--source", "ci", "--header", "nonsense"], b"{}", 2, "write 'Name: value'"),
    ],
)
def test_what_is_wrong_is_said_with_a_code_of_its_own(
    shell: Shell, words: list[str], stdin: bytes, code: int, said: str
) -> None:
    done = shell.route("-", *words, stdin=stdin)
    assert (code, True) == (done.exit_code, said in done.output), done.output


def test_a_header_of_the_request_counts(shell: Shell) -> None:
    done = shell.route("-", "--source", "github", "--header", "X-GitHub-Event: ping", stdin=json.dumps({}).encode())
    assert (0, True) == (done.exit_code, "Ignored: pong" in done.output)


def test_a_database_that_does_not_answer_is_said(shell: Shell) -> None:
    done = shell.route("-", "--source", "github", stdin=DEPLOYED, url="postgresql://nobody@127.0.0.1:9/none")
    assert (1, True) == (done.exit_code, "check DATABASE_URL" in done.output)
