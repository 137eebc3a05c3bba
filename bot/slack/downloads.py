"""Fetches files that Slack keeps. Needs files:read."""

from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import answered
from handlers.errors import PostFailure

_SLACK: Final = ".slack.com"
_PATIENCE: Final = aiohttp.ClientTimeout(total=30)
_OK: Final = 200


async def fetched(client: AsyncWebClient, url: str, most: int) -> bytes:
    """Return a picture of at most so many bytes.

    Raises:
        PostFailure: `not_slacks` (the token is for Slack alone), `too_large`, `not_a_picture` (without the scope Slack
            answers with its page to sign in), or what went wrong on the way.
    """
    whole = urljoin(client.base_url, url)
    if not _is_slacks(whole, client.base_url):
        raise PostFailure("not_slacks", is_permanent=True)
    return await answered(_read(whole, client.token or "", most))


def _is_slacks(url: str, base: str) -> bool:
    asked, known = urlsplit(url), urlsplit(base)
    if (asked.scheme, asked.netloc) == (known.scheme, known.netloc):
        return True
    return asked.scheme == "https" and (asked.hostname or "").endswith(_SLACK)


async def _read(url: str, token: str, most: int) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(timeout=_PATIENCE) as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status != _OK:
            raise PostFailure(f"http_{answer.status}")
        if not answer.content_type.startswith("image/"):
            raise PostFailure("not_a_picture", is_permanent=True)
        content = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            content += chunk
            if len(content) > most:
                raise PostFailure("too_large", is_permanent=True)
    return bytes(content)
