"""Reads the parts that commands share: `<service>: <words>`, `!environment`, help."""

import re
from typing import Final

from handlers.errors import UserError
from handlers.suggest import did_you_mean
from models.topology import Service, Topology

_ENVIRONMENT: Final = re.compile(r"(?<!\S)!([A-Za-z][\w.-]*)")
_MOST_OF_A_NAME: Final = 60


def asks_for_help(text: str) -> bool:
    """Say whether nothing but help is wanted."""
    return text.strip().casefold() in ("help", "-h", "--help", "?")


def split_service(text: str, topology: Topology) -> tuple[Service, str]:
    """Return the service that a text begins with, and the rest. The colon may be left out after a known name.

    Raises:
        UserError: the text begins with no known service.
    """
    before, colon, after = text.partition(":")
    service = topology.service_named(before) if colon else None
    if service is not None:
        return service, after.strip()
    first, _, rest = text.strip().partition(" ")
    service = topology.service_named(first.rstrip(":"))
    if service is not None:
        return service, rest.strip()
    name = before.strip() if colon and len(before) <= _MOST_OF_A_NAME else first
    if not name:
        raise UserError("Which service? Its name comes first." + _meant_service(name, topology))
    raise UserError(f"I know no service “{name[:_MOST_OF_A_NAME]}”." + _meant_service(name, topology))


def service_named(name: str, topology: Topology) -> Service:
    """Return the service with this name.

    Raises:
        UserError: there is none.
    """
    service = topology.service_named(name)
    if service is None:
        raise UserError(f"I know no service “{name[:_MOST_OF_A_NAME]}”." + _meant_service(name, topology))
    return service


def take_environment(text: str, service: Service, topology: Topology) -> tuple[str | None, str]:
    """Return the environment that a text names with `!`, and the text without it.

    Raises:
        UserError: the service has no such environment.
    """
    found = _ENVIRONMENT.search(text)
    if found is None:
        return None, text
    environment = topology.environment_named(service, found[1])
    if environment is None:
        known = [e.name for e in service.environments]
        aliases = [alias for e in service.environments for alias in e.aliases]
        meant = did_you_mean(found[1], known, "`!{}`", aliases=aliases)
        raise UserError(f"{service.name} has no environment “{found[1]}”.{meant}")
    return environment.name, " ".join((text[: found.start()] + text[found.end() :]).split())


def service_names(topology: Topology) -> list[str]:
    """Return the configured services' own names."""
    return [service.name for service in topology.services]


def environment_names(topology: Topology) -> list[str]:
    """Return the names of all environments, each once, in the order of the configuration."""
    return list(dict.fromkeys(e.name for service in topology.services for e in service.environments))


def _meant_service(name: str, topology: Topology) -> str:
    aliases = [alias for service in topology.services for alias in service.aliases]
    return did_you_mean(name, service_names(topology), aliases=aliases)
