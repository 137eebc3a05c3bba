"""A repository's past is read once, in pages, within limits, and is what its webhooks would have told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.__main__ import main
from bot.backfill.client import GitHub, Refused
from bot.backfill.command import in_words
from bot.backfill.github import Backfill, Summary
from bot.database import Database
from bot.sandbox.serving import running
from handlers.bookkeeping import Told, book
from handlers.webhooks import WebhookRequest
from handlers.webhooks.github import SOURCE
from models.topology import Service, Topology, WebhookSource
from tests.support.github import Repository, limited

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = MONDAY + timedelta(days=30)
SENDER = WebhookSource(name="github", kind="github", secrets=("s",))
TOPOLOGY = Topology(services=(Service(name="payments", repositories=("acme/payments",)),), sources=(SENDER,))


class Reader:
    """Reads a repository into a database, and remembers how long it waited."""

    def __init__(self, database: Database, repository: Repository) -> None:
        self.database = database
        self.repository = repository
        self.waits: list[float] = []
        self.topology = TOPOLOGY

    @asynccontextmanager
    async def backfill(self, name: str = "acme/payments", token: str = "ghp_1") -> AsyncIterator[Backfill]:
        headers = {"Authorization": f"Bearer {token}"}
        async with running(self.repository.app()) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
            yield Backfill(
                github=GitHub(http=http, now=lambda: NOW, sleep=self._sleep, waiting=lambda *_: None),
                repository=name,
                source=SENDER,
                topology=self.topology,
                at_once=self.database.at_once,
                at=NOW,
            )

    async def read(self, **options: str) -> Summary:
        async with self.backfill(**options) as backfill:
            return await backfill.run(await backfill.deployments(MONDAY - timedelta(days=1), ()), lambda _: None)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def reader(database: Database) -> Reader:
    return Reader(database, history())


def history() -> Repository:
    """Seven deployments, a day apart, each with two commits and a merge; the fourth one failed."""
    repository = Repository()
    for day in range(7):
        at = MONDAY + timedelta(days=day)
        for n in range(3):
            repository.commit(f"{day}{n}", at - timedelta(hours=3 - n), parents=2 if n == 1 else 1)
        end = "failure" if day == 3 else "success"
        repository.deploy(100 + day, f"{day}2", at, "queued", "in_progress", end)
    repository.deploy(200, "62", MONDAY + timedelta(days=6, hours=1), "success", environment="staging")
    return repository


async def deploys(database: Database) -> list[Any]:
    async with database.reading() as store:
        return sorted(await store.deploys.recent(), key=lambda d: d.deploy_id)


async def test_deployments_come_with_their_states_and_the_commits_of_each_range(
    reader: Reader, database: Database
) -> None:
    summary = await reader.read()
    assert (8, 0, {}) == (summary.deployments, summary.known, summary.unknown)
    found = await deploys(database)
    assert ["succeeded"] * 3 + ["failed"] + ["succeeded"] * 4 == [d.status.value for d in found]
    assert MONDAY + timedelta(minutes=3) == found[0].finished_at
    assert MONDAY + timedelta(minutes=2) == found[0].started_at
    assert not found[0].commits_known  # nobody knows what was live before
    async with database.reading() as store:
        assert [] == await store.sources.all()  # so no digest is due by it
        assert ["10", "11", "12"] == [c.sha for c in await store.commits.of(found[1].id)]
        # The failed one changed nothing: its commits go live with the next.
        assert ["30", "31", "32", "40", "41", "42"] == [c.sha for c in await store.commits.of(found[4].id)]
        facts = await store.rollouts.facts(None, None, MONDAY - timedelta(days=1), NOW, NOW)
    assert 6 == len(facts.rollouts)
    assert 12 == sum(len(r.leads or ()) for r in facts.rollouts)


async def test_reading_again_asks_only_for_the_list_and_changes_nothing(reader: Reader, database: Database) -> None:
    await reader.read()
    before = await deploys(database)
    reader.repository.asked.clear()
    summary = await reader.read()
    assert 6 == summary.known  # all but the first ones of their environments, whose commits nobody knows
    assert before == await deploys(database)
    assert 5 == len(reader.repository.asked)


async def test_an_interrupted_run_goes_on_where_it_was(reader: Reader, database: Database) -> None:
    class Interrupted(Exception):
        pass

    seen = 0

    def stop(_: int) -> None:
        nonlocal seen
        seen += 1
        if seen == 4:
            raise Interrupted

    async with reader.backfill() as backfill:
        with pytest.raises(Interrupted):
            await backfill.run(await backfill.deployments(MONDAY - timedelta(days=1), ()), stop)
    assert 4 == len(await deploys(database))
    summary = await reader.read()
    assert (8, 3) == (summary.deployments, summary.known)
    whole = Reader(database, history())
    await whole.read()
    assert 8 == len(await deploys(database))


async def test_a_webhook_of_the_same_deployment_changes_nothing(reader: Reader, database: Database) -> None:
    await reader.read()
    before = (await deploys(database))[4]
    deployment = next(d for d in reader.repository.deployments if d["id"] == 104)
    payload = {
        "action": "created",
        "deployment": deployment,
        "deployment_status": reader.repository.statuses[104][0],
        "repository": {"full_name": "acme/payments"},
    }
    headers = {"x-github-event": "deployment_status", "x-github-delivery": "1"}
    request = WebhookRequest(headers=headers, body=json.dumps(payload).encode(), at=NOW)
    reports = SOURCE.parse(request, SENDER).reports
    async with database.transaction() as store:
        booked = await book(store, TOPOLOGY, [Told(0, "github", NOW, report) for report in reports])
    assert before == (await deploys(database))[4]
    assert [] == booked.holds


@pytest.mark.parametrize(
    ("waits", "trouble"),
    [
        ([61.0], limited(NOW + timedelta(seconds=60))),
        ([7.0], JSONResponse({"message": "secondary rate limit"}, 403, {"retry-after": "7"})),
        ([60.0], JSONResponse({"message": "You have exceeded a secondary rate limit"}, 403)),
        ([60.0], Response(status_code=429)),
        ([1.0], Response("<html>", status_code=502)),
    ],
)
async def test_limits_are_waited_for_and_failures_tried_again(
    reader: Reader, waits: list[float], trouble: Response
) -> None:
    reader.repository.troubles = [trouble]
    summary = await reader.read()
    assert waits == reader.waits
    assert 8 == summary.deployments


async def test_a_github_that_stays_broken_is_given_up_and_what_was_read_stays(reader: Reader) -> None:
    reader.repository.troubles = [Response(status_code=500) for _ in range(6)]
    with pytest.raises(Refused, match="GitHub answers 500, 6 times"):
        await reader.read()
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] == reader.waits


@pytest.mark.parametrize(
    ("complaint", "options"),
    [("does not accept the token", {"token": "wrong"}), ("knows no such repository", {"name": "acme/other"})],
)
async def test_what_github_refuses_is_said(reader: Reader, complaint: str, options: dict[str, str]) -> None:
    with pytest.raises(Refused, match=complaint):
        await reader.read(**options)
    assert [] == reader.waits


async def test_a_range_that_cannot_be_compared_leaves_the_commits_unknown(reader: Reader, database: Database) -> None:
    reader.repository.commits = [c for c in reader.repository.commits if c["sha"] != "12"]
    await reader.read()
    assert [False, False, False] == [d.commits_known for d in (await deploys(database))[:3]]


async def test_names_that_nobody_knows_are_told_and_left_out(reader: Reader, database: Database) -> None:
    reader.repository.deploy(300, "62", MONDAY + timedelta(days=6, hours=2), "success", environment="moon")
    summary = await reader.read()
    assert {"environment 'moon' of payments": 2} == summary.unknown
    assert 8 == len(await deploys(database))


PAGE = "<!doctype html><title>Sign in</title>"


@pytest.mark.parametrize(
    ("complaint", "answer"),
    [
        ("answers 200 with a web page", HTMLResponse(PAGE)),
        ("answers 404 with a web page", HTMLResponse(PAGE, 404)),
        (r"answers 200 with something else \(\$: Expected 'array', got 'object'\)", JSONResponse({"a": 1})),
        (r"answers 200 with something else \(\$\[0\].sha: missing\)", JSONResponse([{"id": 1}])),
        (r"answers 200 with something else \(\$: not JSON", Response("ok")),
        (r"answers 204 with something else \(\$: the body is empty\)", Response(status_code=204)),
    ],
)
async def test_an_address_that_is_no_github_is_said(reader: Reader, complaint: str, answer: Response) -> None:
    reader.repository.troubles = [answer]
    with pytest.raises(Refused, match=rf"/repos/acme/payments/deployments {complaint}.*Check --api-url"):
        await reader.read()
    assert [] == reader.waits


async def test_an_address_without_its_protocol_is_refused_at_once() -> None:
    async with httpx.AsyncClient(base_url="ghe.example") as http:
        github = GitHub(http=http, now=lambda: NOW, sleep=asyncio.sleep, waiting=lambda *_: None)
        with pytest.raises(Refused, match="must begin with https://"):
            await anext(github.pages("/repos", list[Any]))


async def test_what_was_read_before_a_web_page_answered_is_kept(reader: Reader, database: Database) -> None:
    async with reader.backfill() as backfill:
        listed = await backfill.deployments(MONDAY - timedelta(days=1), ())
        with pytest.raises(Refused, match="statuses answers 200 with a web page"):
            await backfill.run(listed, lambda _: reader.repository.troubles.append(HTMLResponse(PAGE)))
    assert 1 == len(await deploys(database))
    assert 8 == (await reader.read()).deployments


async def test_the_program_ends_with_words_where_a_web_page_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "twinspan.yaml"
    config.write_text("sources:\n  hub: {kind: github, secret: s}\n", "utf-8")
    async with running(HTMLResponse(PAGE)) as url:
        words = ["backfill", "github", "acme/payments", "--since", "2026-01-01", "--api-url", url]
        done = await asyncio.to_thread(CliRunner().invoke, main, words, env={"TWINSPAN_CONFIG": str(config)})
    assert 1 == done.exit_code, done.output
    assert f"{url}/repos/acme/payments/deployments answers 200 with a web page" in done.output


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("is no repository", ["payments", "--since", "2026-01-01"]),
        ("is no date", ["a/b", "--since", "yesterday"]),
        ("is in the future", ["a/b", "--since", "2999-01-01"]),
        ("no source of GitHub", ["a/b", "--since", "2026-01-01"]),
    ],
)
def test_what_cannot_be_asked_is_said(
    complaint: str, words: list[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["backfill", "github", *words], env={"TWINSPAN_CONFIG": ""})
    assert 2 == done.exit_code
    assert complaint in done.output


def test_what_was_read_is_counted_in_words() -> None:
    assert "1 deployment read (0 known already), 1 commit, 3 requests." == in_words(Summary(1, 0, 1), 3)
