"""Keeps other web pages out: this page acts for people, and answers only the machine that it runs on."""

import json
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LARGEST_BODY: Final = 256 * 1024

# Nothing inline, nothing from elsewhere: hostile text that got through the escaping would still do nothing.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def check_host(request: Request) -> None:
    """Refuse a request that was addressed by another name: a foreign page whose name was made to point here."""
    if request.url.hostname not in _LOOPBACK:
        raise HTTPException(421, "This page is only for the machine it runs on.")


async def checked_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request that changes something, if it comes from this page (HTTPException otherwise).

    Browsers say where a request comes from (https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site), and
    may not send JSON to another origin unasked.
    """
    check_host(request)
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or (origin is not None and origin != f"{request.url.scheme}://{request.url.netloc}"):
        raise HTTPException(403, "Another page may not act here.")
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "JSON, please.")
    return await _object(request)


async def _object(request: Request) -> dict[str, Any]:
    if int(request.headers.get("content-length") or 0) > _LARGEST_BODY:
        raise HTTPException(413, "Too large.")
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise HTTPException(422, "A JSON object, please.")
    return body
