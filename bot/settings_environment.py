"""Reads settings from environment variables, each secret also from the file that `…_FILE` names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.settings_problems import Problem

DEFAULT_DATABASE: Final = "sqlite+aiosqlite:///./data/twinspan.db"
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


PAGERDUTY_API: Final = "https://api.pagerduty.com"
# It becomes a header.
_ADDRESS: Final = re.compile(r"[!-~]+@[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """How PagerDuty's REST API is asked; without a token it is not.

    `sender` is the e-mail address of a user there: in their name it is told things where the person is nobody there.
    """

    token: str | None = field(default=None, repr=False)
    api: str = PAGERDUTY_API
    sender: str | None = None


@dataclass(kw_only=True)
class Environment:
    """The environment of one process, with the problems met while reading it."""

    variables: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def complain(self, name: str, what: str, fix: str) -> None:
        """Add a problem with a variable."""
        self.problems.append(Problem(path=name, what=what, fix=fix))

    def value(self, name: str) -> str | None:
        """Return a variable, or the content of the file that `{name}_FILE` names; `None` where neither is set."""
        direct, path = self.variables.get(name), self.variables.get(f"{name}_FILE")
        if direct and path:
            self.complain(name, f"both {name} and {name}_FILE are set", "Unset one of the two.")
        if direct or not path:
            return direct
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, ValueError):
            self.complain(f"{name}_FILE", "the file cannot be read", "Check the path, and who may read it.")
            return ""

    def secret(self, name: str, prefix: str, what: str) -> SecretStr | None:
        """Return a secret, after checking that it is of the right type; `what` says what that is."""
        found = (self.value(name) or "").strip()
        if not found:
            return None
        if not found.startswith(prefix):
            self.complain(name, f"is not {what}", f"Use the one that begins with {prefix}.")
        return SecretStr(found)

    def pagerduty(self) -> PagerDuty:
        """Return how PagerDuty is asked: PAGERDUTY_TOKEN (a REST API key), PAGERDUTY_FROM, PAGERDUTY_API_URL."""
        token = (self.value("PAGERDUTY_TOKEN") or "").strip()
        sender = (self.variables.get("PAGERDUTY_FROM") or "").strip()
        if sender and not _ADDRESS.fullmatch(sender):
            self.complain("PAGERDUTY_FROM", "is no e-mail address", "Use the address of a user in PagerDuty.")
        api = self.url("PAGERDUTY_API_URL", PAGERDUTY_API).rstrip("/")
        return PagerDuty(token=token or None, api=api, sender=sender or None)

    def database_url(self) -> str:
        """Return `DATABASE_URL` with the driver this release uses."""
        found = (self.value("DATABASE_URL") or "").strip()
        if not found:
            return DEFAULT_DATABASE
        fix = "Write sqlite:///path/to/file.db or postgresql://user:password@host/name."
        try:
            url = make_url(found)
        except ArgumentError:
            self.complain("DATABASE_URL", "is not the address of a database", fix)
            return DEFAULT_DATABASE
        if url.drivername not in _DRIVERS:
            self.complain("DATABASE_URL", f"{url.drivername} is not supported", fix)
            return DEFAULT_DATABASE
        if url.drivername.startswith("sqlite") and url.database in (None, "", ":memory:"):
            self.complain("DATABASE_URL", "names no file", fix)
        # asyncpg calls libpq's sslmode `ssl` (https://magicstack.github.io/asyncpg/current/api/index.html#connection).
        if "sslmode" in url.query and not url.drivername.startswith("sqlite"):
            mode = url.query["sslmode"]
            url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
        return url.set(drivername=_DRIVERS[url.drivername]).render_as_string(hide_password=False)

    def address(self, name: str, default: str) -> tuple[str, int]:
        """Return the host and the port of a variable such as `127.0.0.1:8080` or `[::1]:8080`."""
        parts = urlsplit(f"//{self.variables.get(name) or default}")
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or port is None:
            self.complain(name, "is not host:port", f"Write, for example, {default}.")
        return host or "127.0.0.1", port or 0

    def url(self, name: str, default: str) -> str:
        """Return a web address."""
        found = self.variables.get(name) or default
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            self.complain(name, "is not a web address", f"Write, for example, {default}.")
        return found
