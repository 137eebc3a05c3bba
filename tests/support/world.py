"""A small configuration and a context on a real database, for tests of handlers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.database import Database
from bot.slack.messenger import SlackMessenger, web_client
from bot.telemetry import Metrics
from handlers.commands import Invocation
from handlers.context import Context
from handlers.ports import Messenger
from models.topology import Bridge, Service, Topology, WebhookSource

TOPOLOGY = Topology(
    bridges=(Bridge(name="payments", dev="#payments-dev", ops="#payments-ops", services=("payments", "checkout")),),
    services=(
        Service(
            name="payments",
            aliases=("pay",),
            repositories=("acme/payments",),
            runbook="https://runbooks.example/payments",
        ),
        Service(name="checkout"),
    ),
    sources=(WebhookSource(name="github", kind="github"), WebhookSource(name="alerts", kind="alertmanager")),
    admin_channel="#twinspan-admin",
)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def context(database: Database, messenger: Messenger | None = None, topology: Topology = TOPOLOGY) -> Context:
    """Return a context on a database; without a messenger, nothing can be said in Slack."""
    mute = SlackMessenger(web_client("xoxb-none", "http://127.0.0.1:9/"), Clock())
    return Context(
        transaction=database.transaction,
        reading=database.reading,
        at_once=database.at_once,
        aside=database.aside,
        topology=topology,
        messenger=messenger or mute,
        telemetry=Metrics(),
        wake_outbox=lambda: None,
        wake_apply=lambda: None,
    )


def typed(
    text: str, at: datetime, *, by: str = "Ada", request_id: str = "t1", thread_ts: str | None = None
) -> Invocation:
    """Return the use of a command by a person in #payments-dev."""
    return Invocation(
        user_id="U1",
        user_name=by,
        channel_id="C1",
        text=text,
        trigger_id=request_id,
        request_id=request_id,
        at=at,
        thread_ts=thread_ts,
    )
