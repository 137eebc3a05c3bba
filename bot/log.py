"""Structured logs: lines for people at a terminal, JSON elsewhere; every line carries its request, no line a secret."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

STRUCK_OUT: Final = "[secret]"
_SHORTEST: Final = 4
# https://docs.slack.dev/authentication/tokens for the tokens; the rest are credentials in headers and addresses.
_CREDENTIALS: Final = re.compile(
    r"""\bxox[a-z](?:\.xox[a-z])?-[\w-]+
    | \bxapp-[\w-]+
    | (?<=\bBearer\ )[^\s'",]+
    | (?<=\bBasic\ )[\w+/=-]{4,}
    | (?<=://)[^\s/@:'"]*:[^\s/@'"]+(?=@)""",
    re.VERBOSE | re.IGNORECASE,
)
_TELLING: Final = re.compile(r"secret|token|password|authorization|cookie|signature", re.IGNORECASE)


class Redactor:
    """A structlog processor that strikes out secrets: the registered ones, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        """Return the event without secrets, however deep they were."""
        return {key: self._field(key, value) for key, value in event_dict.items()}

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        # The registered ones first: one that looks like a credential only in part must go whole.
        text = self._known.sub(STRUCK_OUT, text) if self._known else text
        return _CREDENTIALS.sub(STRUCK_OUT, text)

    def _field(self, key: Any, value: Any) -> Any:
        if (
            isinstance(key, str)
            and _TELLING.search(key)
            and not (value is None or isinstance(value, bool | int | float))
        ):
            return STRUCK_OUT
        # ProcessorFormatter keeps the record itself here until it has rendered the line.
        return value if key in ("_record", "_from_structlog") else self._value(value)

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | date | timedelta):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._key(key): self._field(key, item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(item) for item in value]
        return self.text(repr(value))

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key


def set_up(*, secrets: Iterable[str] = (), stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send our logs and the libraries' through one chain to `stream` (standard error)."""
    out = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                Redactor(secrets),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(is_terminal=out.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_is_news)
    for chatty in ("apscheduler", "slack_bolt", "slack_sdk", "httpx", "aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what Bolt warns of wherever SLACK_BOT_TOKEN is set: that it uses the client it was given."""
    return "`token` will be unused" not in str(record.msg)


def bind_request(request_id: str) -> None:
    """Put a request's id on every line that is logged on its behalf, also by tasks it starts."""
    structlog.contextvars.bind_contextvars(request_id=request_id)


def _renderer(*, is_terminal: bool) -> Processor:
    if is_terminal:
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(ensure_ascii=False)
