"""`twinspan import` and `twinspan metrics`: histories in, numbers out, and what is said of files that are wrong."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.clock import utc_now
from bot.database import Database
from models.store.revisions import DeployRevision
from models.store.sources import Heard
from tests.support.histories import FILE, History, load

HISTORIES = load()
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
EVENTS: dict[str, list[dict[str, Any]]] = {entry["name"]: entry["events"] for entry in json.loads(FILE.read_text())}
DEPLOYS = "deploy_id,service,environment,finished_at,sha,commit_authored_at\n"
INCIDENTS = "incident_id,services,started_at,resolved_at,severity\n"
LINE = "d1,shop,production,2026-03-03T10:00:00Z,abc,2026-03-03T08:00:00Z\n"
CONFIG = "services:\n  shop: {}\nbridges:\n  b: {dev: '#d', ops: '#o'}\n"


class Program:
    """The command line in a folder of its own, on one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.environment = {"DATABASE_URL": url, "TWINSPAN_CONFIG": ""}

    def run(self, *words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, words, env=self.environment, input=stdin)

    def file(self, text: str, name: str = "history.json") -> str:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return str(path)

    def numbers(self, *words: str, date: str = "2026-03-02", as_of: str = "2026-03-11T00:00:00Z") -> dict[str, Any]:
        done = self.run("metrics", "--json", "--date", date, "--timezone", "UTC", "--as-of", as_of, *words)
        assert 0 == done.exit_code, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def program(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(tmp_path)
    return Program(tmp_path, database_url)


@pytest.mark.parametrize("history", HISTORIES, ids=str)
def test_a_worked_history_goes_in_and_its_numbers_come_out(program: Program, history: History) -> None:
    events = EVENTS[history.name]
    if events:
        done = program.run("import", program.file(json.dumps(events)))
        assert 0 == done.exit_code, done.output
    when = ["--date", history.window.first.isoformat(), "--period", history.window.length]
    zone = ["--timezone", history.window.timezone, "--as-of", history.as_of.isoformat()]
    done = program.run("metrics", "--json", *when, *zone)
    assert 0 == done.exit_code, done.output
    told = json.loads(done.stdout)
    assert history.expect == {name: told[name] for name in history.expect}
    assert told["previous"]["first"] < told["first"]
    assert set(told) == {*told["previous"], "previous"}


def test_importing_again_changes_nothing_but_the_repeats(program: Program) -> None:
    lines = "\n".join(json.dumps(event) for event in EVENTS["explicit_link_beats_inference"])
    assert "3 events imported." in program.run("import", "-", stdin=lines).output
    before = program.numbers()
    assert "3 events imported; 3 known already." in program.run("import", "-", stdin=lines).output
    assert before | {"duplicates_ignored": 3} == program.numbers()


def test_what_a_csv_tells_again_is_known_already(program: Program) -> None:
    incidents = "incident_id,services,started_at\ni1,shop,2026-03-03T11:00:00Z\n"
    again = incidents + "i2,shop,2026-03-04T11:00:00Z\n"
    told = [DEPLOYS + LINE, DEPLOYS + LINE, incidents, again]
    said = [program.run("import", "--as-named", "-", stdin=text).output.strip() for text in told]
    assert [
        "1 event imported.",
        "1 event imported; 1 known already.",
        "1 event imported.",
        "2 events imported; 1 known already.",
    ] == said


def test_what_arrived_later_is_left_out(program: Program) -> None:
    events = EVENTS["hotfix_without_link_blames_the_preceding_deploy"]
    late = events[-1] | {"received_at": "2026-03-12T00:00:00Z"}
    program.run("import", program.file(json.dumps([*events[:-1], late])))
    assert (3, 0) == tuple(program.numbers()[name] for name in ("deploys", "failed_deploys"))
    then = program.numbers(as_of="2026-03-12T00:00:00Z")
    assert (4, 1) == (then["deploys"], then["failed_deploys"])


def test_what_is_recalled_is_inferred_within_the_configured_hours(program: Program) -> None:
    config = program.file(f"metrics: {{suspect_hours: 2}}\n{CONFIG}", "twinspan.yaml")
    incidents = "incident_id,services,started_at,resolved_at\ni1,shop,2026-03-03T14:00:00Z,2026-03-03T15:00:00Z\n"
    later = LINE.replace("d1", "d2").replace("2026-03-03", "2026-03-10")
    for name, text in (("d.csv", DEPLOYS + LINE), ("i.csv", incidents), ("later.csv", DEPLOYS + later)):
        done = program.run("import", "--config", config, program.file(text, name))
        assert 0 == done.exit_code, done.output
        told = program.numbers("--config", config, as_of="2026-03-09T00:00:00Z")
    assert ({"i1": None}, 1, 0) == (told["attribution"], told["deploys"], told["failed_deploys"])


def test_what_had_not_been_heard_of_by_then_is_no_zero(program: Program) -> None:
    late = "2026-03-12T00:00:00Z"
    events = [event | {"received_at": late} for event in EVENTS["explicit_link_beats_inference"]]
    program.run("import", program.file(json.dumps(events)))
    unheard = ("deploys", "deploys_by_day", "failed_deploys", "incidents_started", "incidents_open")
    assert {None} == {program.numbers(as_of="2026-03-11T00:00:00Z")[name] for name in unheard}
    assert (2, 1) == tuple(program.numbers(as_of=late)[name] for name in ("deploys", "failed_deploys"))
    assert {None} == {program.numbers(as_of="2026-02-20T00:00:00Z")[name] for name in unheard}


def test_where_nothing_was_ever_heard_the_table_has_no_zero(program: Program) -> None:
    program.run("migrate")
    _, _, *rows = program.run("metrics", "--date", "2026-03-02").output.splitlines()
    assert 21 == len(rows)
    assert [["–", "–"]] * 21 == [row.split()[-2:] for row in rows]
    assert any(row.startswith("Blamed on no deploy ") for row in rows)


def test_what_is_not_remembered_any_more_is_said_with_since_when_it_is(program: Program) -> None:
    program.run("import", "-", stdin="\n".join(json.dumps(event) for event in EVENTS["explicit_link_beats_inference"]))
    heard = Heard(
        name="ci",
        kind="events",
        deliveries=1,
        first_received_at=MONDAY,
        last_received_at=MONDAY + timedelta(days=30),
        last_event_at=MONDAY,
    )

    async def forget() -> None:
        database = Database(program.url)
        async with database.transaction() as store:
            await store.sources.hear([heard])
            was = DeployRevision(id=1, until=MONDAY + timedelta(days=9, seconds=0.5), was=None)
            await store.revisions.keep([was])
            await store.revisions.prune(was.until)
        await database.close()

    asyncio.run(forget())
    when = ["metrics", "--date", "2026-03-02", "--timezone", "UTC", "--as-of"]
    done = program.run(*when, "2026-03-10T23:00:00+01:00")
    assert 2 == done.exit_code
    said = " ".join(done.output.replace("│", " ").split())
    assert "what was known at 2026-03-10T22:00:00Z is forgotten. The earliest that can be recalled is" in said
    assert "2026-03-11T00:00:01Z; `retention.revisions_days` decides." in said
    assert 0 == program.run(*when, "2026-03-11T00:00:01Z").exit_code


def test_deploys_and_incidents_come_as_csv(program: Program) -> None:
    done = program.run("import", program.file(DEPLOYS + LINE, "deploys.csv"))
    assert 0 == done.exit_code, done.output
    incidents = f"{INCIDENTS}i1,shop billing,2026-03-03T11:00Z,2026-03-03T12:00Z,sev2\n"
    done = program.run("import", program.file(incidents, "incidents.csv"))
    assert 0 == done.exit_code, done.output
    numbers = program.numbers("--service", "shop")
    assert (1, 7200.0, ["d1"]) == tuple(numbers[n] for n in ("deploys", "lead_time_median_s", "failed_deploy_ids"))
    assert {"i1": "inferred:d1"} == numbers["attribution"]


@pytest.mark.parametrize(("expected", "finished"), [(0, timedelta(hours=2)), (1, timedelta(minutes=5))])
def test_a_history_soaks_only_as_far_as_that_is_not_over(program: Program, expected: int, finished: timedelta) -> None:
    at = (utc_now() - finished).isoformat()
    assert 0 == program.run("import", program.file(f"{DEPLOYS}d1,shop,production,{at},,\n")).exit_code

    async def soaks() -> int:
        database = Database(program.url)
        async with database.reading() as store:
            found = len(await store.soaks.open())
        await database.close()
        return found

    assert expected == asyncio.run(soaks())


def test_deployments_come_from_devlake_and_from_datadog(program: Program) -> None:
    devlake = {
        "id": "42",
        "startedDate": "2026-03-03T09:00:00+00:00",
        "finishedDate": "2026-03-03T10:00:00+00:00",
        "environment": "PRODUCTION",
        "result": "SUCCESS",
        "deploymentCommits": [{"repoUrl": "https://github.com/acme/shop", "refName": "main", "commitSha": "abc"}],
    }
    datadog = {
        "service": "shop",
        "started_at": 1_772_532_000_000_000_000,
        "finished_at": 1_772_535_600_000,
        "env": "production",
        "git": {"commit_sha": "abc", "repository_url": "https://github.com/acme/shop"},
    }
    assert "1 event imported." in program.run("import", program.file(json.dumps(devlake))).output
    listed = {"data": [{"id": "dd-1", "type": "dora_deployment", "attributes": datadog}]}
    assert "1 event imported." in program.run("import", program.file(json.dumps(listed))).output
    assert 1 == program.numbers("--service", "acme/shop")["deploys"]
    assert 1 == program.numbers("--service", "shop")["deploys"]


@pytest.mark.parametrize(
    ("complaint", "text"),
    [
        ("empty", "  \n"),
        ("no form that is known", "hello there\n"),
        ("no event in it", "[]"),
        ("cut off", '[{"id": "a"'),
        ("event 2 (line 3), $.source: missing", '[{"x": 1},\n\n{"type": "deploy", "id": "a"}]'),
        (
            "line 1, column 2: unknown column 'servce'. Did you mean service?",
            "deploy_id,servce,environment,finished_at\n",
        ),
        ("the header lacks finished_at", "deploy_id,service,environment\n"),
        ("line 1, column 1: unknown column 'deployid'. Did you mean deploy_id?", DEPLOYS.replace("_", "", 1)),
        ("line 1, column 3: unknown column 'finished at'. Did you mean finished_at?", "Service,Deploy_ID,Finished At"),
        ("line 1, column 1: unknown column 'id'. Did you mean deploy_id?", "id,service,environment,finished_at\n"),
        (
            "line 1, column 1: unknown column 'incidentid'. Did you mean",
            "incidentid,environment,started_at,url,cause\n",
        ),
        ("Did you mean version? The header lacks finished_at.", "deploy_id,service,environment,vresion\n"),
        ("no form that is known", "colour,service,size\n"),
        ("no form that is known", f"{'service,' * 400}environment\n"),
        ("no form that is known", 'service,"environment\n'),
        ("line 3, column finished_at: '31.02.2026' is not", f"{DEPLOYS}{LINE}d2,shop,production,31.02.2026,,\n"),
        ("has no offset from UTC", f"{DEPLOYS}d2,shop,production,2026-03-03T10:00:00,,\n"),
        ("line 2: has 2 cells, and the header 6", f"{DEPLOYS}d2,shop\n"),
        ("line 2, column environment: is empty", f"{DEPLOYS}d2,shop,,2026-03-03T10:00:00Z,,\n"),
        ("line 2, column finished_at: 2126", f"{DEPLOYS}d2,shop,production,2126-03-03T10:00:00Z,,\n"),
        (
            "line 2, column started_at: is after finished_at",
            "deploy_id,service,environment,finished_at,started_at\n"
            "d1,shop,production,2026-03-03T10:00:00Z,2026-03-04T10:00:00Z\n",
        ),
        (
            "line 2, column resolved_at: is before started_at",
            f"{INCIDENTS}i1,shop,2026-03-03T11:00Z,2026-03-03T10:59Z,\n",
        ),
        ("line 2, column resolved_at: 2126-03-03T", f"{INCIDENTS}i1,shop,2026-03-03T11:00Z,2126-03-03T10:59Z,\n"),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole(program: Program, complaint: str, text: str) -> None:
    done = program.run("import", program.file(text))
    assert complaint in done.output
    assert program.numbers()["deploys"] is None


def test_malformed_entries_can_be_left_out(program: Program) -> None:
    path = program.file(f"{DEPLOYS}{LINE}d2,shop,production,yesterday,,\n")
    refused = program.run("import", path)
    assert (1, True) == (refused.exit_code, "Nothing was imported: 1 malformed entry of 2." in refused.output)
    done = program.run("import", "--skip-bad", path)
    assert "1 event imported; 1 malformed one left out" in done.output
    assert 1 == program.numbers()["deploys"]


def test_unknown_names_are_asked_about_and_taken_only_as_told(program: Program) -> None:
    config = ["--config", program.file(CONFIG, "twinspan.yaml")]
    path = program.file(DEPLOYS + LINE + LINE.replace("shop", "shpo").replace("d1", "d2"))
    refused = program.run("import", *config, path)
    assert 1 == refused.exit_code
    assert "service 'shpo'. Did you mean shop?" in refused.output
    assert "1 event imported; 1 left out" in program.run("import", *config, "--skip-unknown", path).output
    assert "2 events imported; 1 known already." in program.run("import", *config, "--as-named", path).output
    assert 2 == program.numbers()["deploys"]


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("is no date", ["--date", "2026-02-30"]),
        ("Did you mean Europe/Berlin?", ["--timezone", "Europe/Berln"]),
        ("no offset", ["--as-of", "2026-03-02T00:00:00"]),
        ("exclude each other", ["--service", "a", "--bridge", "b"]),
        ("there is no bridge 'x'", ["--bridge", "x"]),
        ("--date: the year 1 is out of range", ["--date", "0001-01-01"]),
        ("--as-of: the year 1 is out of range", ["--as-of", "0001-01-01T00:00:00Z"]),
        ("--date: The week of 2029-12-31 has not begun yet.", ["--date", "2030-01-01"]),
        ("is not one of 'day', 'week', 'month'", ["--period", "year"]),
    ],
)
def test_what_cannot_be_asked_is_said(program: Program, complaint: str, words: list[str]) -> None:
    done = program.run("metrics", *words)
    assert 2 == done.exit_code
    assert complaint in done.output


def test_a_service_or_an_environment_that_nobody_named_is_no_zero(program: Program) -> None:
    assert program.numbers("--service", "shpo", "--environment", "prod")["deploys"] is None
    program.run("import", program.file(DEPLOYS + LINE))
    for word in ("--service=shpo", "--environment=prodction"):
        done = program.run("metrics", word)
        assert 2 == done.exit_code
        assert f"Did you mean {'shop' if 'shpo' in word else 'production'}?" in done.output


def test_a_name_means_what_its_option_says(program: Program) -> None:
    services = "services:\n  store: {owner: a}\n  shop: {owner: b}\n"
    bridges = "bridges:\n  store: {dev: '#d', ops: '#o', services: [shop]}\n"
    config = ["--config", program.file(services + bridges, "twinspan.yaml")]
    program.run("import", *config, program.file(DEPLOYS + LINE))
    assert 1 == program.numbers(*config, "--bridge", "store")["deploys"]
    assert program.numbers(*config, "--service", "store")["deploys"] is None
    assert 1 == program.numbers(*config, "--team", "b", "--environment", "prod")["deploys"]
    done = program.run("metrics", *config, "--team", "store")
    assert (2, True) == (done.exit_code, "there is no team 'store'. I know a, b." in done.output)


def test_numbers_come_as_a_table_and_as_csv(program: Program) -> None:
    program.run("import", program.file(DEPLOYS + LINE))
    when = ["--date", "2026-03-02", "--timezone", "UTC", "--as-of", "2026-03-11T00:00:00Z"]
    table = program.run("metrics", *when).output
    assert "Change fail rate             0 of 1  " in table
    assert "Recovery, median             –" in table
    rows = program.run("metrics", "--format", "csv", *when).output.splitlines()
    assert "number,2026-03-02,2026-02-23" == rows[0]
    assert "deploys,1," in rows
