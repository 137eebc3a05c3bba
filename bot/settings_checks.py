"""What the shape of `twinspan.yaml` alone cannot say: names that must exist, be unique, or mean something."""

from collections.abc import Iterable
from datetime import datetime

from bot import cron
from bot.settings_file import BridgeEntry, DigestEntry, File, ServiceEntry, SourceEntry
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean
from models.topology import folded


def check(file: File, document: Document, *, kinds: Iterable[str], at: datetime) -> None:
    """Add every problem between the parts of a file to its document."""
    known_kinds = sorted(kinds)
    for name, bridge in file.bridges.items():
        _bridge(("bridges", name), bridge, file, document)
    _unique_service_names(file, document)
    for name, service in file.services.items():
        _service(("services", name), service, file, document)
    for name, source in file.sources.items():
        _source(("sources", name), source, known_kinds, document)
    for name, digest in file.digests.items():
        _digest(("digests", name), digest, file, document, at)


def _known(names: Iterable[str], path: Place, known: Iterable[str], what: str, document: Document) -> None:
    known = list(known)
    for index, name in enumerate(names):
        if name not in known:
            fix = did_you_mean(name, known).strip() or f"Add it under {what}s."
            document.complain((*path, index), f"no {what} is called {name}", fix)


def _bridge(path: Place, bridge: BridgeEntry, file: File, document: Document) -> None:
    if bridge.services is not None:
        _known(bridge.services, (*path, "services"), file.services, "service", document)
    if folded(bridge.dev).removeprefix("#") == folded(bridge.ops).removeprefix("#"):
        document.complain(
            (*path, "ops"), "dev and ops are the same channel", "Name two channels; a bridge has two sides."
        )
    for side, channel in (("dev", bridge.dev), ("ops", bridge.ops)):
        if folded(channel).removeprefix("#") == "":
            document.complain((*path, side), "a channel without a name", "Name it, by #name or id.")


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


def _service(path: Place, service: ServiceEntry, file: File, document: Document) -> None:
    if service.name is not None and service.name != path[-1]:
        document.complain((*path, "name"), f"is not the name above it, {path[-1]}", "Remove `name:`.")
    _known(service.depends_on, (*path, "depends_on"), file.services, "service", document)
    owners: dict[str, str] = {}
    for environment, entry in service.environments.items():
        for name in (environment, *entry.aliases):
            owner = owners.setdefault(folded(name), environment)
            if owner != environment:
                what = f"{name} already names the environment {owner}"
                document.complain((*path, "environments", environment), what, "Leave it to one of the two.")


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
    if "/" in str(path[-1]) or " " in str(path[-1]):
        document.complain(path, "the name cannot be part of a URL", "Use letters, digits and dashes.")


def _digest(path: Place, digest: DigestEntry, file: File, document: Document, at: datetime) -> None:
    if digest.bridges is not None:
        _known(digest.bridges, (*path, "bridges"), file.bridges, "bridge", document)
    try:
        cron.zone(digest.timezone)
    except ValueError as error:
        document.complain((*path, "timezone"), str(error), "Use a name of the IANA list, such as Europe/Berlin or UTC.")
    try:
        if not cron.fires(cron.trigger(digest.schedule, "UTC"), at):
            document.complain((*path, "schedule"), "never comes", "Choose a day that exists.")
    except ValueError as error:
        what = f"not a cron line: {error}"
        document.complain((*path, "schedule"), what, "Write five fields, such as `0 9 * * mon-fri`.")
