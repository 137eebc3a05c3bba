"""What the shape of `twinspan.yaml` alone cannot say: names that must exist, be unique, or mean something."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from bot import cron
from bot.settings_file import BridgeEntry, DigestEntry, File, ServiceEntry, SourceEntry, WorkspaceEntry
from bot.settings_freezes import check_freezes
from bot.settings_incidents import check_incidents
from bot.settings_oncall import check_on_call
from bot.settings_operations import check_operations
from bot.settings_paging import ServicePaging, check_paging
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean, zone_meant
from models.periods import latest_completed
from models.topology import DEFAULT_ENVIRONMENTS, folded
from models.workspaces import split

# Lower case letters, digits, hyphens and underscores, at most 80
# (https://docs.slack.dev/reference/methods/conversations.create#naming); an id is in capitals.
_CHANNEL: Final = re.compile(r"#?[\w-]{1,80}")
_WORKSPACE: Final = re.compile(r"[a-z][a-z0-9-]{0,11}")
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{6,}")
# Enough for every day of a month, and for the hours of a week that a digest may come at.
_SLOTS_LOOKED_AT: Final = 200
_REPOSITORY: Final = re.compile(r"[^\s/:]+(?:/[^\s/:]+)+")
_REPOSITORY_ADDRESS: Final = re.compile(r"(?:https?://[^/]+/|(?:ssh://)?git@[^/:]+[/:])(?P<name>.+?)(?:\.git)?/?")
_PART_OF_A_URL: Final = re.compile(r"[A-Za-z0-9._-]+")


def check(file: File, document: Document, *, kinds: Iterable[str], at: datetime) -> None:
    """Add every problem between the parts of a file to its document."""
    known_kinds = sorted(kinds)
    for section in ("bridges", "services", "digests"):
        _names(section, document)
    for name, workspace in file.workspaces.items():
        _workspace(("workspaces", name), workspace, document)
    for name, bridge in file.bridges.items():
        _bridge(("bridges", name), bridge, document)
    if file.admin_channel is not None:
        _channel(("admin_channel",), file.admin_channel, document)
    _unique_service_names(file, document)
    for name, service in file.services.items():
        _service(("services", name), service, document)
    for name, source in file.sources.items():
        _source(("sources", name), source, known_kinds, document)
    for name, digest in file.digests.items():
        _digest(("digests", name), digest, document, at)
    for number, token in enumerate(file.api.tokens):
        if not token.get_secret_value().strip():
            document.complain(("api", "tokens", number), "the token is empty", "Set it, or take it out of the list.")
    check_incidents(file.incidents, document)
    wanted = [(name, s.on_call) for name, s in file.services.items() if s.on_call]
    check_on_call(file.on_call, document.names("bridges"), wanted, document)
    _user_groups(file, document)
    check_paging(file.paging, file.on_call, _paged(file), document)
    check_operations(file, document)
    check_freezes(file.freezes, _every_name(file, document), document, at)


def _paged(file: File) -> Iterator[ServicePaging]:
    for name, service in file.services.items():
        bridges = (b for b, bridge in file.bridges.items() if bridge.services is None or name in bridge.services)
        yield ServicePaging(name, service.paging, service.on_call, frozenset(bridges))


def _every_name(file: File, document: Document) -> Iterator[tuple[str, str]]:
    """Return (kind, name) of what the configuration names; of a service without environments, the usual ones."""
    for kind in ("services", "bridges"):
        yield from ((kind, name) for name in document.names(kind))
    for service in file.services.values():
        usual = [e.name for e in DEFAULT_ENVIRONMENTS]
        yield from (("environments", name) for name in service.environments or usual)


def _names(section: str, document: Document) -> None:
    owners: dict[str, str] = {}
    for name in document.names(section):
        if not folded(name):
            document.complain((section, name), "an empty name", "Name it.")
        owner = owners.setdefault(folded(name), name)
        if owner != name:
            document.complain((section, name), f"the same name as {owner}, in other letters", "Rename one of the two.")


def _known(path: Place, names: Iterable[str], section: Literal["services", "bridges"], document: Document) -> None:
    known = document.names(section)
    if not known and document.misshapen:
        return  # the section itself is misspelt or unreadable
    for index, name in enumerate(names):
        if name not in known:
            fix = did_you_mean(name, known).strip() or f"Add it under {section}."
            document.complain((*path, index), f"no {section.removesuffix('s')} is called {name}", fix)


def _workspace(path: Place, workspace: WorkspaceEntry, document: Document) -> None:
    if not _WORKSPACE.fullmatch(str(path[-1])):
        fix = "Use up to 12 lower case letters, digits and hyphens; the first is a letter."
        document.complain(path, f"no workspace can be called {path[-1]}", fix)
    if not workspace.bot_token.get_secret_value().startswith("xoxb-"):
        document.complain((*path, "bot_token"), "is not a bot token", "Use the one that begins with xoxb-.")
    if workspace.signing_secret is None and workspace.app_token is None:
        fix = "Set signing_secret, or app_token to use Socket Mode."
        document.complain(path, "requests from that workspace could not be heard", fix)


def _user_groups(file: File, document: Document) -> None:
    for name, schedule in file.on_call.schedules.items():
        _known_workspace(("on_call", "schedules", name, "usergroup"), schedule.usergroup or "", document)


def _known_workspace(path: Place, named: str, document: Document) -> None:
    workspace, _ = split(named)
    known = document.names("workspaces")
    if workspace and workspace not in known:
        fix = did_you_mean(workspace, known).strip() or "Add it under workspaces."
        document.complain(path, f"no workspace is called {workspace}", fix)


def _channel(path: Place, named: str, document: Document) -> None:
    _known_workspace(path, named, document)
    _, channel = split(named)
    if not folded(channel).removeprefix("#"):
        document.complain(path, "a channel without a name", "Name it, by #name or id.")
    elif not _CHANNEL_ID.fullmatch(channel) and not (_CHANNEL.fullmatch(channel) and channel == channel.lower()):
        what = f"no channel can be called {channel}"
        document.complain(path, what, "Write #name as Slack shows it (lower case, digits, - and _), or the id.")


def _bridge(path: Place, bridge: BridgeEntry, document: Document) -> None:
    if bridge.services is not None:
        _known((*path, "services"), bridge.services, "services", document)
        if not bridge.services:
            fix = "Name its services, or leave `services` out to hear of all."
            document.complain((*path, "services"), "a bridge that hears of nothing", fix)
    _channel((*path, "dev"), bridge.dev, document)
    _channel((*path, "ops"), bridge.ops, document)
    if folded(bridge.dev).removeprefix("#") == folded(bridge.ops).removeprefix("#"):
        fix = "Name two channels; a bridge has two sides."
        document.complain((*path, "ops"), "dev and ops are the same channel", fix)


def _unique_service_names(file: File, document: Document) -> None:
    owners: dict[str, str] = {}
    for service, entry in file.services.items():
        claimed: list[tuple[Place, str]] = [((), service)]
        claimed += [(("aliases", n), alias) for n, alias in enumerate(entry.aliases)]
        claimed += [(("repositories", n), repository) for n, repository in enumerate(entry.repositories)]
        for place, name in claimed:
            owner = owners.setdefault(folded(name), service)
            if owner != service:
                what = f"{name} already belongs to the service {owner}"
                document.complain(("services", service, *place), what, "Leave it to one of the two.")


def _service(path: Place, service: ServiceEntry, document: Document) -> None:
    if service.name is not None and service.name != path[-1]:
        document.complain((*path, "name"), f"is not the name above it, {path[-1]}", "Remove `name:`.")
    _known((*path, "depends_on"), service.depends_on, "services", document)
    for number, repository in enumerate(service.repositories):
        _repository((*path, "repositories", number), repository, document)
    owners: dict[str, str] = {}
    for environment, entry in service.environments.items():
        for name in (environment, *entry.aliases):
            owner = owners.setdefault(folded(name), environment)
            if owner != environment:
                what = f"{name} already names the environment {owner}"
                document.complain((*path, "environments", environment), what, "Leave it to one of the two.")


def _repository(path: Place, named: str, document: Document) -> None:
    """Complain of what no sender would call a repository: GitHub and GitLab write owner/name, without an address."""
    if _REPOSITORY.fullmatch(named):
        return
    address = _REPOSITORY_ADDRESS.fullmatch(named)
    fix = f"Write {address['name']}." if address else "Write owner/name, as in acme/payments."
    document.complain(path, f"no repository is called {named}", fix)


def _source(path: Place, source: SourceEntry, kinds: list[str], document: Document) -> None:
    if source.kind not in kinds:
        fix = did_you_mean(source.kind, kinds).strip()
        document.complain((*path, "kind"), f"no kind of sender is called {source.kind}", fix)
    written = [source.secret] if source.secret is not None else []
    if not [*written, *source.secrets]:
        fix = "Add `secret: ${NAME}` and set the variable to the secret the sender signs with."
        document.complain(path, "a source without a secret", fix)
    for place, secret in [
        *((("secret",), secret) for secret in written),
        *((("secrets", n), secret) for n, secret in enumerate(source.secrets)),
    ]:
        if not secret.get_secret_value().strip():
            document.complain((*path, *place), "the secret is empty", "Set it; anybody could sign with an empty one.")
    if not _PART_OF_A_URL.fullmatch(str(path[-1])):
        document.complain(
            path, "the name cannot be part of a URL", "Use letters, digits, dots, dashes and underscores."
        )


def _digest(path: Place, digest: DigestEntry, document: Document, at: datetime) -> None:
    if digest.bridges is not None:
        _known((*path, "bridges"), digest.bridges, "bridges", document)
    try:
        cron.zone(digest.timezone)
    except ValueError as error:
        document.complain((*path, "timezone"), str(error), zone_meant(digest.timezone))
    try:
        if not cron.fires(cron.trigger(digest.schedule, "UTC"), at):
            document.complain((*path, "schedule"), "never comes", "Choose a day that exists.")
        elif digest.settle_hours:
            _settled(path, digest, document, at)
    except ValueError as error:
        what = f"not a cron line: {error}"
        document.complain((*path, "schedule"), what, "Write five fields, such as `0 9 * * mon-fri`.")


def _settled(path: Place, digest: DigestEntry, document: Document, at: datetime) -> None:
    """Complain of a schedule that comes before the numbers of the period it sums up have settled."""
    try:
        slots = cron.slots(cron.trigger(digest.schedule, digest.timezone), at, _SLOTS_LOOKED_AT)
    except ValueError:
        return  # the zone is none, which was complained of
    settle = timedelta(hours=digest.settle_hours)
    for slot in slots:
        over = slot - latest_completed(slot, digest.period, digest.timezone).end
        if over < settle:
            what = f"comes {over / timedelta(hours=1):.3g} h after the {digest.period} ends, before its numbers settle"
            fix = f"Let it come at least {digest.settle_hours:g} h after the {digest.period}'s end, or settle sooner."
            document.complain((*path, "schedule"), what, fix)
            return
