"""What a handler is given: the memory, the configuration, the outside world, and who may be nudged."""

from dataclasses import dataclass

from handlers.ports import AtOnce, Messenger, Telemetry, Transaction, Wake
from models.topology import Topology


def _nobody() -> None:
    """Wake nobody: what waits is found when the worker next looks."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One for the whole process, built by `bot.app.build`.

    `transaction()` yields a `Store` whose writes are committed together when the block ends, or not at all;
    `reading()` one that only reads; `at_once` runs work that awaits nothing but the store. Never
    use one inside another. `topology` is replaced when a person maps a name.
    `wake_outbox` and `wake_apply` are called after a commit that left work for them.
    """

    transaction: Transaction
    reading: Transaction
    at_once: AtOnce
    topology: Topology
    messenger: Messenger
    telemetry: Telemetry
    wake_outbox: Wake = _nobody
    wake_apply: Wake = _nobody
