"""The whole way: the real bot, the local Slack, senders and people, on both databases."""

from collections.abc import AsyncIterator

import pytest

from tests.support.stage import Stage, stage


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[Stage]:
    async with stage(database_url) as started:
        yield started
