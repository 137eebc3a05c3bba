"""What a handler is given: the memory, the configuration, the outside world, and who may be nudged."""

from dataclasses import dataclass

from handlers.ports import Messenger, Telemetry, Transaction, Wake
from models.topology import Topology


@dataclass(slots=True, kw_only=True)
class Context:
    """One for the whole process, built by `bot.app.build`.

    `transaction()` yields a `Store` whose writes are committed together when the block ends, or not at all;
    `reading()` one that only reads. Never open one inside the other. `topology` is replaced when a person maps a name.
    `wake_outbox` and `wake_apply` are called after a commit that left work for them.
    """

    transaction: Transaction
    reading: Transaction
    topology: Topology
    messenger: Messenger
    telemetry: Telemetry
    wake_outbox: Wake
    wake_apply: Wake
