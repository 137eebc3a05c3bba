"""Asks one query of Prometheus over HTTP, and says in plain words why there is no number.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import httpx
import msgspec
import structlog

from bot.settings_operations import PrometheusServer
from handlers.errors import TwinspanError

_log = structlog.get_logger(__name__)

# A chart of one series is a few KB; what is larger is not the answer to our question.
_MOST_BYTES: Final = 1024 * 1024
_LONGEST_MESSAGE: Final = 160

Sample: TypeAlias = tuple[float, str]


class NoAnswer(TwinspanError):
    """There is no number; the message says why, for people."""

    reason = "no_answer"


class _Data(msgspec.Struct):
    resultType: str
    result: msgspec.Raw


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] = []


class _Series(msgspec.Struct):
    value: Sample | None = None
    values: list[Sample] = []


class Api:
    """The queries of one reading; `client` carries no credentials of its own, and `queries` at most run at once."""

    def __init__(self, server: PrometheusServer, client: httpx.AsyncClient, queries: int) -> None:
        self._server = server
        self._client = client
        self._turns = asyncio.Semaphore(queries)

    async def number(self, query: str, at: float) -> float:
        """Return the only value of a query at an instant (seconds since 1970), which may be NaN.

        Raises:
            NoAnswer: there is none.
        """
        data = await self._ask("query", {"query": query, "time": f"{at:.3f}"})
        if data.resultType == "scalar":
            return _value(_decoded(data.result, Sample))
        if data.resultType != "vector":
            raise NoAnswer("the query gives no number; apply a function such as rate() or avg_over_time()")
        series = _only(_decoded(data.result, list[_Series]))
        if series.value is None:
            raise NoAnswer("the query gives a histogram; apply histogram_quantile()")
        return _value(series.value)

    async def numbers(self, query: str, start: float, end: float, step: int) -> dict[int, float]:
        """Return the values of a query from start to end, every `step` seconds, by their time in whole seconds.

        A step of which nothing is known is not among them.

        Raises:
            NoAnswer: they cannot be had.
        """
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
        data = await self._ask("query_range", asked)
        listed = _decoded(data.result, list[_Series])
        series = _only(listed) if listed else _Series()
        return {round(sample[0]): _value(sample) for sample in series.values}

    async def _ask(self, endpoint: str, form: Mapping[str, str]) -> _Data:
        limit = self._server.timeout
        try:
            async with self._turns, asyncio.timeout(limit):
                # Prometheus stops working on what nobody waits for any more; of series, two are one too many.
                status, body = await self._post(endpoint, {**form, "timeout": f"{limit * 1000:.0f}ms", "limit": "2"})
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NoAnswer(f"Prometheus does not answer within {limit:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(_trouble(error)) from error
        return _data(status, body)

    async def _post(self, endpoint: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        server, body = self._server, bytearray()
        url = f"{server.url}/api/v1/{endpoint}"
        asked = self._client.stream("POST", url, data=form, auth=_auth(server), headers=_headers(server))
        async with asked as answer:
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise NoAnswer("the answer is too large: sum the series up to one")
            return answer.status_code, bytes(body)


def _auth(server: PrometheusServer) -> httpx.BasicAuth | None:
    return httpx.BasicAuth(server.username, server.password or "") if server.username is not None else None


def _headers(server: PrometheusServer) -> dict[str, str]:
    proof = {"Authorization": f"Bearer {server.token}"} if server.token else {}
    return {**dict(server.headers), **proof}


def _trouble(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the certificate of Prometheus is not trusted"
    if isinstance(error, httpx.ConnectError | httpx.InvalidURL):
        return "Prometheus cannot be reached"
    return "the connection to Prometheus broke off"


def _data(status: int, body: bytes) -> _Data:
    if status in (401, 403):
        raise NoAnswer(f"Prometheus refuses the credentials ({status})")
    if body.lstrip()[:1] == b"<" and status < 500:
        raise NoAnswer(f"a web page answers, not Prometheus ({status})")
    if 300 <= status < 400:
        raise NoAnswer(f"the address leads elsewhere ({status}): to a login page?")
    answer = _parsed(body)
    if answer is not None and answer.status == "error" and answer.error:
        raise NoAnswer(f"Prometheus says: {_short(answer.error)}")
    if answer is None or answer.status != "success" or answer.data is None:
        raise NoAnswer("what answers is not Prometheus" if status < 300 else f"Prometheus answers {status}")
    if answer.warnings:
        _log.warning("prometheus_warning", warnings=[_short(text) for text in answer.warnings[:3]])
    return answer.data


def _parsed(body: bytes) -> _Answer | None:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _decoded(result: msgspec.Raw, shape: Any) -> Any:
    try:
        return msgspec.json.decode(result, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NoAnswer("what answers is not Prometheus") from error


def _value(sample: Sample) -> float:
    """Return what a sample says; Prometheus writes numbers as text, also NaN, +Inf and -Inf."""
    try:
        return float(sample[1])
    except ValueError as error:
        raise NoAnswer("what answers is not Prometheus") from error


def _only(series: list[_Series]) -> _Series:
    if not series:
        raise NoAnswer("no data")
    if len(series) > 1:
        raise NoAnswer("the query gives several series; sum them up to one")
    return series[0]


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_MESSAGE else words[: _LONGEST_MESSAGE - 1] + "…"
