"""`twinspan metrics`: the numbers of a period, for people, for spreadsheets and for programs."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from bot import asked, clock
from bot.asked import WrongParameter
from bot.database import Database, OldSchema, with_schema
from bot.database_command import TROUBLE, no_answer
from bot.settings import InvalidSettings, Settings, load
from handlers.reports import Report, as_json
from handlers.views.numbers import k_of_n
from models.delivery import Numbers
from models.sides import Between

_NOTHING: Final = "–"


def as_object(report: Report) -> dict[str, Any]:
    """Return a report as one JSON object; `previous` is the same of the calendar period before."""
    about = {
        "scope": report.scope.name,
        "environment": report.scope.environment,
        "period": report.window.length,
        "timezone": report.window.timezone,
        "as_of": report.as_of.isoformat(),
    }
    before, now = _with_both_sides(report)
    return {**now, **about, "previous": {**before, **about}}


def _with_both_sides(report: Report) -> list[dict[str, Any]]:
    """Return the numbers of the period before and of this one, with those between the two sides."""
    numbers = zip((report.previous, report.now), report.between[-2:], strict=True)
    return [{**as_json(of_period), "between": asdict(between)} for of_period, between in numbers]


def as_csv(report: Report) -> str:
    """Return a report as CSV: one line for each number, this period and the one before."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["number", report.now.first.isoformat(), report.previous.first.isoformat()])
    before, now = map(_flat, _with_both_sides(report))
    for name in now:
        lines.writerow([name, *(_cell(numbers[name]) for numbers in (now, before))])
    return out.getvalue().rstrip("\n")


def _flat(numbers: dict[str, Any]) -> dict[str, Any]:
    between = {f"between.{name}": value for name, value in numbers["between"].items()}
    return {**{name: value for name, value in numbers.items() if name != "between"}, **between}


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def as_table(report: Report) -> str:
    """Return a report for people: unknown is a dash, ratios say what of what."""
    rows = [(label, show(report.now), show(report.previous)) for label, show in _LINES]
    before, now = report.between[-2:]
    rows += [(label, show(now), show(before)) for label, show in _BETWEEN]
    head = ("", f"{report.now.first} – {report.now.last}", f"{report.previous.first} – {report.previous.last}")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    title = f"{report.scope.name}, {report.window.timezone}, as of {report.as_of:%Y-%m-%d %H:%M} UTC"
    return "\n".join([title, *(line.rstrip() for line in lines)])


def _count(value: int | None) -> str:
    return _NOTHING if value is None else str(value)


def _beside(value: int, known: int | None) -> str:
    """Show a count that is none where another count, of the same senders, is unknown."""
    return _count(value if value or known is not None else None)


def _length(seconds: float | None) -> str:
    if seconds is None:
        return _NOTHING
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _of(part: int | None, whole: int | None) -> str:
    return k_of_n(part, whole) if part is not None and whole else _NOTHING


def _spread(median: float | None, p90: float | None, n: int) -> str:
    return _NOTHING if median is None else f"{_length(median)} (p90 {_length(p90)}, n {n})"


def _answered(median: float | None, n: int) -> str:
    return _NOTHING if median is None else f"{_length(median)} (n {n})"


_LINES: Final[tuple[tuple[str, Callable[[Numbers], str]], ...]] = (
    ("Deploys", lambda n: _count(n.deploys)),
    ("Deploys a day", lambda n: _NOTHING if n.deploys_per_day is None else f"{n.deploys_per_day:.2f}"),
    ("Days with a deploy", lambda n: _count(n.deploy_days)),
    ("Attempts that failed", lambda n: _count(n.deploy_attempts_failed)),
    ("Lead time, median", lambda n: _spread(n.lead_time_median_s, n.lead_time_p90_s, n.lead_time_n)),
    ("Change fail rate", lambda n: _of(n.cfr_failed, n.cfr_denominator)),
    ("Rework rate", lambda n: _of(n.rework_deploys, n.deploys)),
    ("Recovery, median", lambda n: _spread(n.fdrt_median_s, n.fdrt_p90_s, n.fdrt_n)),
    ("Still broken", lambda n: _beside(n.fdrt_open, n.failed_deploys)),
    ("Incidents started", lambda n: _count(n.incidents_started)),
    ("Incidents open", lambda n: _count(n.incidents_open)),
    ("Blamed on no deploy", lambda n: _count(n.incidents_unattributed)),
    ("Time to acknowledge, median", lambda n: _spread(n.mtta_median_s, n.mtta_p90_s, n.mtta_n)),
    ("Time to restore, median", lambda n: _spread(n.mttr_median_s, n.mttr_p90_s, n.mttr_n)),
    ("Small changes", lambda n: _beside(n.changes, n.incidents_started)),
    ("Repeated deliveries", lambda n: _beside(n.duplicates_ignored, n.incidents_started)),
)

_BETWEEN: Final[tuple[tuple[str, Callable[[Between], str]], ...]] = (
    ("Both sides took part", lambda b: _of(b.both, b.of)),
    ("Answer of the other side", lambda b: _answered(b.answer_median_s, b.answers)),
    ("Cause not recorded", lambda b: _of(b.no_cause, b.incidents)),
    ("Small changes, no owner", lambda b: _of(b.unowned, b.changes)),
    ("Handoffs accepted on time", lambda b: _of(b.handoffs_on_time, b.handoffs)),
)


async def _read(settings: Settings, query: Mapping[str, str]) -> Report:
    database = Database(settings.database_url)
    try:
        await with_schema(database)
        async with database.reading() as store:
            return await asked.report(store, query, settings.topology, clock.utc_now())
    finally:
        await database.close()


@click.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration [TWINSPAN_CONFIG, else ./twinspan.yaml].",
)
@click.option("--period", type=click.Choice(["day", "week", "month"]), default="week", show_default=True)
@click.option("--date", metavar="YYYY-MM-DD", help="A day in the period. Left out: the last whole period.")
@click.option("--timezone", help="IANA zone of the period. Left out: that of the first digest, else UTC.")
@click.option("--as-of", metavar="INSTANT", help="Leave out what happened or arrived later. Left out: now.")
@click.option("--service", help="Only this service.")
@click.option("--bridge", help="Only the services of this bridge.")
@click.option("--team", help="Only the services of this team (owner).")
@click.option("--environment", help="Only what reached this environment.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--json", "is_json", is_flag=True, help="The same as --format json.")
def metrics(config: Path | None, form: str, is_json: bool, **words: str | None) -> None:
    """Print the delivery metrics of a period, and of the calendar period before it."""
    try:
        report = asyncio.run(_read(load(config=config), {name: word for name, word in words.items() if word}))
    except WrongParameter as error:
        said = f"{error.problem}. {error.hint or ''}".strip()
        raise click.BadParameter(said, param_hint="--" + error.field.replace("_", "-")) from error
    except InvalidSettings as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (OldSchema, *TROUBLE) as error:
        click.echo(str(error) if isinstance(error, OldSchema) else no_answer(error), err=True)
        sys.exit(1)
    if is_json or form == "json":
        click.echo(json.dumps(as_object(report), ensure_ascii=False, indent=2))
    else:
        click.echo(as_csv(report) if form == "csv" else as_table(report))
