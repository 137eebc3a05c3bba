"""Whom the bot trusts when it calls others over HTTPS."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return the authorities' certificates, read once: that takes some 30 ms, in which the door would not answer."""
    return httpx.create_ssl_context()
