"""`twinspan backfill github OWNER/REPO --since …`: deployments from before the bot was there."""

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import httpx

from bot import clock
from bot.backfill.client import GitHub, Refused
from bot.backfill.github import Backfill, Summary
from bot.database import Database, OldSchema, with_schema
from bot.database_command import TROUBLE, no_answer
from bot.settings import InvalidSettings, Settings, github_token, load
from handlers.suggest import did_you_mean
from handlers.views.text import plural
from models.topology import WebhookSource

_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")
_TIMEOUT: Final = 30.0


def source_of(settings: Settings, name: str | None) -> WebhookSource:
    """Return the sender whose webhooks tell of the repository, so that both write the same records.

    Raises:
        click.UsageError: the configuration has none of this name, none at all, or several.
    """
    senders = [source for source in settings.topology.sources if source.kind == "github"]
    if name is None and len(senders) == 1:
        return senders[0]
    names = [source.name for source in senders]
    if name is None:
        listed = f": --source {' or '.join(names)}" if names else " in twinspan.yaml: add one of kind github."
        raise click.UsageError(("Which source?" if names else "There is no source of GitHub") + listed)
    found = next((source for source in senders if source.name == name), None)
    if found is None:
        raise click.UsageError(f"There is no source {name!r} of kind github." + did_you_mean(name, names))
    return found


async def run(
    settings: Settings,
    source: WebhookSource,
    *,
    repository: str,
    since: datetime,
    environments: tuple[str, ...],
    token: str | None,
    api_url: str,
) -> tuple[Summary, int]:
    """Read a repository; return what came of it, and how many requests it took."""
    database = Database(settings.database_url)
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        await with_schema(database)
        async with httpx.AsyncClient(
            base_url=api_url, headers=headers, timeout=_TIMEOUT, follow_redirects=True
        ) as http:
            github = GitHub(http=http, now=clock.utc_now, sleep=clock.sleep, waiting=_say_wait)
            backfill = Backfill(
                github=github,
                repository=repository,
                source=source,
                topology=settings.topology,
                at_once=database.at_once,
                at=clock.utc_now(),
            )
            found = await backfill.deployments(since, environments)
            hidden = not sys.stderr.isatty()
            with click.progressbar(length=len(found), label=repository, file=sys.stderr, hidden=hidden) as bar:
                return await backfill.run(found, bar.update), github.requests
    finally:
        await database.close()


def _say_wait(seconds: float, reason: str) -> None:
    click.echo(f"{reason}: waiting {seconds:.0f} s …", err=True)


def in_words(summary: Summary, requests: int) -> str:
    """Return what came of it, for a person."""
    if not summary.deployments:
        return "GitHub has no deployments there since then: nothing to do."
    read = f"{plural(summary.deployments, 'deployment')} read ({summary.known:,} known already)"
    lines = [f"{read}, {plural(summary.commits, 'commit')}, {plural(requests, 'request')}."]
    if summary.unknown:
        lines.append("Left out, as twinspan.yaml does not know them; add them, and run the same again:")
        lines += [f"  {name} ({plural(count, 'event')})" for name, count in summary.unknown.items()]
    return "\n".join(lines)


@click.group()
def backfill() -> None:
    """Read what happened before the bot was there. Slack hears nothing of it."""


@backfill.command()
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration [TWINSPAN_CONFIG, else ./twinspan.yaml].",
)
@click.option("--since", required=True, metavar="YYYY-MM-DD", help="How far back.")
@click.option("--source", help="The source in twinspan.yaml whose webhooks tell of this repository.")
@click.option("--environment", "environments", multiple=True, help="Only this one (several times: only these).")
@click.option("--api-url", default="https://api.github.com", show_default=True, help="GitHub Enterprise: …/api/v3.")
@click.argument("repository", metavar="OWNER/REPO")
def github(
    config: Path | None,
    since: str,
    source: str | None,
    environments: tuple[str, ...],
    api_url: str,
    repository: str,
) -> None:
    """Read a repository's deployments, their statuses, and the commits of each range.

    The token is read from GITHUB_TOKEN or GITHUB_TOKEN_FILE. Interrupted, the same command goes on where it was. Exits
    with 0 when all was read, 1 when something failed, 2 when the configuration or the command line is wrong.
    """
    from bot.log import set_up

    if not _REPOSITORY.fullmatch(repository):
        raise click.UsageError(f"{repository!r} is no repository: give OWNER/NAME.")
    start = _since(since)
    try:
        settings = load(config=config)
        token = github_token()
        set_up(secrets=(*settings.secrets, *([token] if token else [])))
        summary, requests = asyncio.run(
            run(
                settings,
                source_of(settings, source),
                repository=repository,
                since=start,
                environments=environments,
                token=token,
                api_url=api_url,
            )
        )
    except InvalidSettings as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (Refused, OldSchema) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except TROUBLE as error:
        click.echo(no_answer(error), err=True)
        sys.exit(1)
    click.echo(in_words(summary, requests))


def _since(text: str) -> datetime:
    try:
        start = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no date; write 2026-03-02", param_hint="--since") from error
    if start > clock.utc_now():
        raise click.BadParameter(f"{text} is in the future", param_hint="--since")
    return start
