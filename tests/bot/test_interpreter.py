"""How the interpreter is set to run a server."""

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest
import uvloop

from bot.interpreter import BULK_THRESHOLDS, THRESHOLDS, TURN_SECONDS, run, settle_for_bulk


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(turn)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_server_runs_on_the_fast_loop_with_short_turns_and_rare_collections() -> None:
    seen: list[object] = []

    async def server() -> None:
        seen.append(type(asyncio.get_running_loop()))
        seen.append(sys.getswitchinterval())
        seen.append(gc.get_threshold())
        seen.append(gc.get_freeze_count() > 0)

    run(server())

    assert [uvloop.Loop, TURN_SECONDS, THRESHOLDS, True] == seen


def test_what_ends_a_server_reaches_its_caller() -> None:
    async def server() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        run(server())


def test_a_command_that_makes_many_records_looks_for_garbage_seldom() -> None:
    settle_for_bulk()

    assert gc.get_threshold() == BULK_THRESHOLDS
