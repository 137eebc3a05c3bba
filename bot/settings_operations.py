"""Where Prometheus is and what each service asks it: checks those settings, and builds what the bot sees of them."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bot.settings_file import File, OperationsEntry, PrometheusEntry
from bot.settings_problems import Place
from bot.settings_yaml import Document
from handlers.suggest import did_you_mean
from models.operations import PLACEHOLDERS, Objective, placeholders

# https://www.rfc-editor.org/rfc/rfc9110#name-tokens and #name-field-values
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# What would end a string in PromQL: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
_NOT_IN_A_STRING: Final = re.compile(r"[\"'`\\\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusServer:
    """Where Prometheus is, how to prove oneself there, and how many seconds one query may take."""

    url: str
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout: float = 10.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among them."""
        held = (self.token, self.password, *(value for _, value in self.headers))
        return tuple(secret for secret in held if secret)


def prometheus_server(file: File) -> PrometheusServer | None:
    """Return where Prometheus is; the file must have passed every check."""
    entry = file.prometheus
    if entry is None:
        return None
    return PrometheusServer(
        url=entry.url.rstrip("/"),
        token=entry.token.get_secret_value().strip() if entry.token else None,
        username=entry.username,
        password=entry.password.get_secret_value() if entry.password else None,
        headers=tuple((name, value.get_secret_value()) for name, value in entry.headers.items()),
        timeout=entry.timeout,
    )


def objective(entry: OperationsEntry | None) -> Objective | None:
    """Return what a service promises."""
    if entry is None:
        return None
    return Objective(
        target=entry.target,
        latency_target_s=entry.latency_target,
        availability_query=entry.availability,
        latency_query=entry.latency,
        budget=timedelta(days=entry.budget_days),
    )


def check_operations(file: File, document: Document) -> None:
    """Add every problem of these settings to the document."""
    if file.prometheus is not None:
        _address(("prometheus", "url"), file.prometheus.url, document)
        _credentials(("prometheus",), file.prometheus, document)
        _headers(("prometheus", "headers"), file.prometheus, document)
    for service, entry in file.services.items():
        if entry.operations is not None:
            _operations(("services", service, "operations"), service, entry.operations, document)
            if file.prometheus is None and not _is_misspelt(document):
                fix = "Add `prometheus:` with its `url:` at the top level."
                document.complain(("services", service, "operations"), "there is no Prometheus to ask", fix)


def _is_misspelt(document: Document) -> bool:
    """Whether Prometheus may be there, and was only not understood."""
    return any(path[:1] == ("prometheus",) or len(path) == 1 for path in document.misshapen)


def _address(path: Place, url: str, document: Document) -> None:
    parts = _parts(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        document.complain(path, "is not a web address", "Write, for example, http://prometheus:9090.")
    elif parts.username is not None or parts.password is not None:
        fix = "Move them to `username:` and `password: ${NAME}`."
        document.complain(path, "holds credentials", fix)
    elif parts.query or parts.fragment or "/api/v1" in parts.path:
        fix = "Write the address up to where /api/v1 begins, such as http://prometheus:9090."
        document.complain(path, "is more than the address of the server", fix)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 and re.fullmatch(r"[\x21-\x7e]+", url) else None
    except ValueError:
        return None


def _credentials(path: Place, entry: PrometheusEntry, document: Document) -> None:
    if entry.token is not None and not _HEADER_VALUE.fullmatch(entry.token.get_secret_value().strip()):
        what = "the token is empty, or has characters that no token has"
        document.complain((*path, "token"), what, "Set it to the token alone, or remove `token:`.")
    if entry.token is not None and entry.username is not None:
        document.complain((*path, "token"), "there is a token and a username", "Keep one of the two.")
    if entry.username is not None and entry.password is None:
        document.complain((*path, "username"), "a username without a password", "Add `password: ${NAME}`.")
    if entry.password is not None and entry.username is None:
        document.complain((*path, "password"), "a password without a username", "Add `username:`.")
    if entry.username is not None and ":" in entry.username:
        fix = "HTTP basic authentication has no way to send one; choose another user."
        document.complain((*path, "username"), "a username with a colon", fix)


def _headers(path: Place, entry: PrometheusEntry, document: Document) -> None:
    for name, value in entry.headers.items():
        if not _HEADER.fullmatch(name):
            document.complain((*path, name), "not the name of a header", "Write, for example, X-Scope-OrgID.")
        if not _HEADER_VALUE.fullmatch(value.get_secret_value()):
            fix = "Use letters, digits and punctuation of ASCII, on one line."
            document.complain((*path, name), "not the value of a header", fix)
        if name.lower() == "authorization":
            fix = "Use `token:`, or `username:` and `password:`."
            document.complain((*path, name), "credentials have settings of their own", fix)


def _operations(path: Place, service: str, entry: OperationsEntry, document: Document) -> None:
    if entry.availability is None and entry.latency is None:
        document.complain(path, "nothing to ask", "Add `availability:` or `latency:`, a query in PromQL.")
    for key, needed in (("target", "availability"), ("latency_target", "latency")):
        if getattr(entry, key) is not None and getattr(entry, needed) is None:
            fix = f"Add `{needed}:`, a query in PromQL, or remove `{key}:`."
            document.complain((*path, key), f"a target for what is not asked: {needed}", fix)
    for key in ("availability", "latency"):
        query = getattr(entry, key)
        if query is not None:
            _query((*path, key), service, query, document)


def _query(path: Place, service: str, query: str, document: Document) -> None:
    if not query.strip():
        document.complain(path, "an empty query", "Write a query in PromQL.")
    for name in placeholders(query):
        if name not in PLACEHOLDERS:
            fix = did_you_mean(f"${name}", [f"${known}" for known in PLACEHOLDERS]).strip()
            document.complain(path, f"nothing is filled in for ${name}", fix)
        elif name == "service" and _NOT_IN_A_STRING.search(service):
            fix = "Write the label's value out instead of $service."
            document.complain(path, "the name of this service cannot stand in a query", fix)
