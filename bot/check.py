"""`twinspan check`: tries everything the settings promise, and says what to do about each thing that fails."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.check_elsewhere import pagerduty_schedules, paging, told_back
from bot.clock import utc_now
from bot.database import Database
from bot.database_command import TROUBLE, schema, why
from bot.manifest import scopes
from bot.prometheus import Prometheus
from bot.settings import Settings, SlackAccess
from bot.slack.directory import Directory
from bot.slack.failures import answered
from bot.slack.messenger import web_client
from handlers.errors import PostFailure
from models.operations import OperationsReading
from models.topology import Topology
from models.workspaces import HOME, split, workspace_of

# Slack asks for fewer than 1000 (https://docs.slack.dev/reference/methods/conversations.list); large pages, because it
# allows few of them in a minute.
_PAGE: Final = 999
_REQUESTS: Final = "requests from Slack"
_REINSTALL: Final = "Paste `twinspan manifest` into the app's settings (App Manifest), then reinstall the app."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was tried: what, what was found, and where it failed what to do."""

    subject: str
    found: str
    fix: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing has to be done."""
        return not self.fix


async def check(settings: Settings, at: datetime | None = None) -> list[Row]:
    """Try the database, Slack and Prometheus; return a row for each thing, in the order in which to mend them."""
    return [
        _topology(settings.topology),
        await _database(settings.database_url),
        *await _slack(settings),
        *await _prometheus(settings, at or utc_now()),
        *await _on_call(settings, at or utc_now()),
        *_sources(settings),
    ]


def table(rows: list[Row]) -> str:
    """Return the rows as lines of text, with the remedy under each that failed."""
    widest = max(len(row.subject) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{'ok  ' if row.is_fine else 'FAIL'}  {row.subject:<{widest}}  {row.found}")
        if not row.is_fine:
            lines.append(f"{'':6}{'':{widest}}  -> {row.fix}")
    return "\n".join(lines)


def _topology(topology: Topology) -> Row:
    if not topology.bridges:
        fix = (
            "Copy twinspan.example.yaml to twinspan.yaml (or set TWINSPAN_CONFIG) and name two channels under bridges."
        )
        return Row(subject="settings", found="no bridges", fix=fix)
    counts = [(topology.bridges, "bridge"), (topology.services, "service"), (topology.sources, "source")]
    return Row(subject="settings", found=", ".join(_counted(len(named), what) for named, what in counts))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


async def _database(url: str) -> Row:
    subject = "database"
    try:
        database = Database(url)
        try:
            found, fix = schema(await database.revision(), is_sqlite=database.is_sqlite)
        finally:
            await database.close()
    except TROUBLE as error:
        fix = "Check DATABASE_URL, and that the database accepts connections."
        return Row(subject=subject, found=f"does not answer: {why(error)}", fix=fix)
    return Row(subject=subject, found=found, fix=fix)


async def _slack(settings: Settings) -> list[Row]:
    if settings.slack_bot_token is None:
        return [Row(subject="Slack", found="no token", fix="Set SLACK_BOT_TOKEN."), *_no_secret(settings)]
    client = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    try:
        answer = await answered(client.auth_test())
    except PostFailure as failure:
        return [Row(subject="Slack", found=failure.reason, fix=_mend(failure)), *_no_secret(settings)]
    return [
        Row(subject="Slack", found=f"{answer.get('user')} in {answer.get('team')}"),
        _scopes(answer.headers),
        await _door(settings, client),
        *await _channels(_of(settings.topology, HOME), client),
        *[row for name, access in settings.workspaces.items() for row in await _workspace(settings, name, access)],
    ]


async def _workspace(settings: Settings, name: str, access: SlackAccess) -> list[Row]:
    """Try another workspace: its token, its scopes, its channels."""
    client = web_client(access.bot_token.get_secret_value(), access.api_url)
    try:
        answer = await answered(client.auth_test())
    except PostFailure as failure:
        return [Row(subject=f"Slack {name}", found=failure.reason, fix=_mend(failure))]
    scopes = _scopes(answer.headers)
    return [
        Row(subject=f"Slack {name}", found=f"{answer.get('user')} in {answer.get('team')}"),
        Row(subject=f"scopes {name}", found=scopes.found, fix=scopes.fix),
        *await _channels(_of(settings.topology, name), client),
    ]


def _of(topology: Topology, workspace: str) -> list[str]:
    return [name for name in topology.channels if workspace_of(name) == workspace]


def _scopes(headers: Mapping[str, str]) -> Row:
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    missing = [scope for scope in scopes() if scope not in {s.strip() for s in said.split(",")}]
    if missing:
        return Row(subject="scopes", found=f"missing {', '.join(missing)}", fix=_REINSTALL)
    return Row(subject="scopes", found=f"all {len(scopes())} granted")


def _no_secret(settings: Settings) -> Iterator[Row]:
    """Say that nothing tells Slack's requests from anybody's, where nothing does."""
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        fix = "Set SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode."
        yield Row(subject=_REQUESTS, found="no signing secret", fix=fix)


async def _door(settings: Settings, client: AsyncWebClient) -> Row:
    if settings.slack_app_token is None:
        found = Row(subject=_REQUESTS, found="over HTTP, at /slack/events")
        return next(_no_secret(settings), found)
    try:
        await answered(client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value()))
    except PostFailure as failure:
        fix = "Make SLACK_APP_TOKEN anew (Basic Information, App-Level Tokens) with the scope connections:write."
        return Row(subject="Socket Mode", found=failure.reason, fix=fix)
    return Row(subject="Socket Mode", found="connects")


async def _channels(channels: Sequence[str], client: AsyncWebClient) -> list[Row]:
    bare = {name: split(name)[1].removeprefix("#") for name in channels}
    try:
        known = await _visible(client, set(bare.values()))
    except PostFailure as failure:
        return [Row(subject="channels", found=failure.reason, fix=_mend(failure))]
    return [_channel(name, known.get(bare[name])) for name in channels]


async def _visible(client: AsyncWebClient, wanted: set[str]) -> dict[str, Mapping[str, Any]]:
    """Return the channels the bot may see, by id and by name, as far as needed to find the wanted ones."""
    known: dict[str, Mapping[str, Any]] = {}
    cursor = ""
    while True:
        answer = await answered(
            client.conversations_list(types="public_channel,private_channel", limit=_PAGE, cursor=cursor)
        )
        for channel in answer.get("channels") or []:
            known[channel["id"]] = known[channel["name"]] = channel
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor or wanted <= known.keys():
            return known


def _channel(name: str, channel: Mapping[str, Any] | None) -> Row:
    if channel is None:
        fix = f"Create it, or, where it is private, invite the bot there: /invite @twinspan in {name}."
        return Row(subject=name, found="not found", fix=fix)
    if channel.get("is_archived"):
        return Row(subject=name, found="archived", fix="Unarchive it, or name another channel in twinspan.yaml.")
    if not channel.get("is_member"):
        return Row(subject=name, found="the bot is not a member", fix=f"Type /invite @twinspan in {name}.")
    return Row(subject=name, found="member")


def _mend(failure: PostFailure) -> str:
    if failure.reason == "missing_scope":
        return _REINSTALL
    if failure.is_refusal:
        return "Copy the Bot User OAuth Token anew (OAuth & Permissions) into SLACK_BOT_TOKEN."
    return "Check SLACK_API_URL and the way to Slack from here; then try again."


async def _on_call(settings: Settings, at: datetime) -> list[Row]:
    topology = settings.topology
    told = [Row(subject=subject, found=said, fix=fix) for subject, said, fix in await told_back(settings)]
    if not (topology.paging.policies or settings.pagers or any(s.pagerduty for s in topology.schedules)):
        return told
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    try:
        people = await Directory(web_client(token, settings.slack_api_url), utc_now).people()
    except PostFailure:
        people = []
    found = [*await pagerduty_schedules(settings, people, at), *paging(settings, people)]
    return told + [Row(subject=subject, found=said, fix=fix) for subject, said, fix in found]


async def _prometheus(settings: Settings, at: datetime) -> list[Row]:
    if settings.prometheus is None:
        return []
    prometheus = Prometheus(settings.prometheus)
    reason = await prometheus.reason_not_to_answer()
    if reason is not None:
        fix = "Check url, token, username and password under prometheus, and the way there from here."
        return [Row(subject="Prometheus", found=reason, fix=fix)]
    readings = await prometheus.read(settings.topology.services, at - timedelta(days=1), at)
    return [Row(subject="Prometheus", found="answers"), *map(_operations, readings)]


def _operations(reading: OperationsReading) -> Row:
    subject = f"operations of {reading.service}"
    if reading.reason is not None:
        fix = "Try its queries in Prometheus, with $window as 1d and $service as the name."
        return Row(subject=subject, found=reading.reason, fix=fix)
    availability = f"availability {reading.availability:.6g}" if reading.availability is not None else ""
    latency = f"latency {reading.latency_s:.3g} s" if reading.latency_s is not None else ""
    return Row(subject=subject, found=", ".join(filter(None, [availability, latency])) + " in the last 24 hours")


def _sources(settings: Settings) -> Iterator[Row]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    for source in settings.topology.sources:
        url = f"POST http://{host}:{settings.port}/webhooks/{source.name}"
        yield Row(subject=f"source {source.name}", found=f"{source.kind}, {url}")
