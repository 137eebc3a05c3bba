"""The command line, `twinspan …`: reads the settings, builds what is asked for, runs it.

Ends with 0 when all is well, 1 when something failed, 2 when the configuration is wrong. What a command needs is
imported when it runs, so that the small ones start at once.
"""

import asyncio
import functools
import json
import sys
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from bot.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Where the commands with a file of their own are.
_ELSEWHERE: Final = {
    "send": ("bot.send_command", "send"),
    "import": ("bot.import_command", "import_"),
    "backfill": ("bot.backfill.command", "backfill"),
    "metrics": ("bot.metrics_command", "metrics"),
    "gate": ("bot.gate_command", "gate"),
    "route": ("bot.route_command", "route"),
}


class _Commands(click.Group):
    """The commands; those with a file of their own are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name = _ELSEWHERE[cmd_name]
        found: click.Command = getattr(import_module(module), name)
        return found


_config = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration [TWINSPAN_CONFIG, else ./twinspan.yaml].",
)


def _reporting(command: _Command) -> _Command:
    """Print a wrong configuration as the report it is, and exit with 2."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        from bot.settings import InvalidSettings

        try:
            return command(*arguments, **options)
        except InvalidSettings as error:
            click.echo(str(error), err=True)
            sys.exit(2)

    return run  # type: ignore[return-value]  # wraps() gives it the shape of the command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="twinspan")
def main() -> None:
    """Bridge the dev channel and the ops channel of a service."""


@main.command()
@_config
@_reporting
def serve(config: Path | None) -> None:
    """Run the bot."""
    settings = _loaded(config, serving=True)
    from bot.app import serve
    from bot.database_command import answering
    from bot.interpreter import run

    try:
        with answering():
            run(serve(settings))
    except SystemExit as ended:
        # uvicorn has said what was wrong, and ends with codes of its own.
        sys.exit(1 if ended.code else 0)


@main.command()
@click.option("--port", default=8080, show_default=True, help="The bot's own port.")
@click.option("--page-port", default=8081, show_default=True, help="The port of the local Slack's page.")
@click.option("--scenario", is_flag=True, help="Play a day at once.")
def demo(port: int, page_port: int, scenario: bool) -> None:
    """Run the bot beside a local Slack, with nothing else."""
    from bot.demo import run_demo
    from bot.log import set_up

    set_up()
    run_demo(port, page_port, scenario)


@main.command()
@_config
@_reporting
def check(config: Path | None) -> None:
    """Try the settings, the database, Slack, and every channel."""
    from bot.check import check, table

    rows = asyncio.run(check(_loaded(config)))
    click.echo(table(rows))
    sys.exit(0 if all(row.is_fine for row in rows) else 1)


@main.command()
@click.argument("revision", default="head")
@_reporting
def migrate(revision: str) -> None:
    """Bring the database's schema up or down to REVISION (default: what this release needs)."""
    from bot.database_command import answering, bring
    from bot.settings import database_url

    url = database_url()
    with answering():
        click.echo(bring(url, revision))


@main.command()
@click.option("--url", metavar="URL", help="The bot's public address. Left out: for Socket Mode.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML.")
@click.option("--workspace", help="Another workspace of the configuration, by its name there.")
def manifest(url: str | None, as_json: bool, workspace: str | None) -> None:
    """Print the Slack app's manifest, to paste at https://api.slack.com/apps."""
    from bot.manifest import printed

    if url is not None and not url.startswith("https://"):
        # https://docs.slack.dev/reference/app-manifest : request URLs must be HTTPS.
        raise click.BadParameter("Slack calls only https:// addresses.", param_hint="--url")
    click.echo(printed(url, as_json=as_json, workspace=workspace))


@main.command()
def schema() -> None:
    """Print the JSON Schema of twinspan.yaml, for editors."""
    from bot.settings_file import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@main.command()
@_config
@click.option("--source", help="Only this source's deliveries.")
@click.option("--failed", "failed_only", is_flag=True, help="Only those that could not be applied.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]), help="Only those received since.")
@_reporting
def replay(config: Path | None, source: str | None, failed_only: bool, since: datetime | None) -> None:
    """Apply stored deliveries again, by the rules and the configuration of today."""
    from datetime import UTC

    settings = _loaded(config)
    if source and settings.topology.source_named(source) is None:
        raise click.UsageError(f"twinspan.yaml has no source {source}.")
    from bot.database_command import answering
    from bot.replay import replay

    start = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    with answering():
        count = asyncio.run(replay(settings, source=source, failed_only=failed_only, since=start))
    click.echo(f"{count} {'delivery' if count == 1 else 'deliveries'} will be applied again by the running bot.")


def _loaded(config: Path | None, *, serving: bool = False) -> "Settings":
    from bot.settings import load

    settings = load(config=config, serving=serving)
    from bot.log import set_up

    set_up(secrets=settings.secrets)
    return settings


if __name__ == "__main__":
    main()
