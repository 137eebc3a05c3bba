"""Why a message is where it is: what it is about, by which rule, from which deliveries, how often and how late."""

from handlers.errors import UserError
from handlers.routing import route
from handlers.views.why import Delivered, Why
from models.store import Store
from models.topology import Topology


async def why(store: Store, topology: Topology, channel_id: str | None, ts: str | None) -> Why:
    """Return why a message of the bot was posted.

    Raises:
        UserError: the bot does not know the message.
    """
    found = await store.messages.at(channel_id, ts) if channel_id and ts else None
    if found is None:
        raise UserError("I know nothing of that message any more: it is no message of mine, or was posted anew.")
    services = await services_of(store, found.subject)
    rule, bridge = route(found.channel, services, topology)
    told = await store.outbox.told(f"{found.subject}|{found.channel}|{found.part}")
    numbers = told.deliveries if told else ()
    deliveries = [d for n in numbers if (d := await store.deliveries.get(n))]
    queue = next((q for q in await store.outbox.queues() if q.channel == found.channel), None)
    return Why(
        subject=found.subject,
        part=found.part,
        side=found.side,
        rule=rule,
        bridge=bridge,
        services=services,
        version=told.version if told else None,
        wanted_at=told.created_at if told else None,
        said_at=told.sent_at if told else None,
        throttled_until=queue.paused_until if queue and queue.pause_reason else None,
        throttled_by=queue.pause_reason if queue else None,
        deliveries=[
            Delivered(number=d.id, source=d.source, event=d.event, received_at=d.received_at) for d in deliveries
        ],
        forgotten=len(numbers) - len(deliveries),
    )


async def services_of(store: Store, subject: str) -> list[str]:
    """Return the services that a subject is about; none for what is about no service."""
    kind, _, number = subject.partition(":")
    if not number.isdecimal():
        return []
    if kind == "deploy":
        deploy = await store.deploys.get(int(number))
        return [deploy.service] if deploy else []
    if kind == "change":
        change = await store.changes.get(int(number))
        return [change.service] if change else []
    if kind == "incident":
        members = await store.incidents.members(int(number))
        return list(dict.fromkeys(name for member in members for name in member.services))
    if kind == "freeze":
        freeze = await store.freezes.get(int(number))
        return list(freeze.services) if freeze else []
    return []
