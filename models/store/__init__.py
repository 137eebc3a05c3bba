"""The memory: the only queries in the project, split by noun.

A `Store` works on one open connection; who opened the connection commits. Records go in and come out
(`models.records`); rows never leave this package.
"""

from functools import cached_property

from models.store.base import Connection
from models.store.blames import Blames
from models.store.calls import Calls
from models.store.changes import Changes
from models.store.channels import Channels
from models.store.commits import Commits
from models.store.debts import Debts
from models.store.deliveries import Deliveries
from models.store.deploys import Deploys
from models.store.digests import Digests
from models.store.freezes import Freezes
from models.store.incidents import Incidents
from models.store.lanes import Lanes
from models.store.links import Links
from models.store.messages import Messages
from models.store.mirroring import Mirroring
from models.store.names import HeldNames
from models.store.oncall import OnCall
from models.store.outbox import Outbox
from models.store.paging import Paging
from models.store.pictures import Pictures
from models.store.points import Points
from models.store.questions import Questions
from models.store.responses import Responses
from models.store.revisions import Revisions
from models.store.rollouts import Rollouts
from models.store.seen import SeenEvents
from models.store.sides import Sides
from models.store.soaks import Soaks
from models.store.sources import Sources
from models.store.subscriptions import Subscriptions
from models.store.suspects import Suspects
from models.store.tiers import Tiers


class Store:
    """Everything the bot remembers, by noun, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def deliveries(self) -> Deliveries:
        """Raw deliveries."""
        return Deliveries(self._connection)

    @cached_property
    def seen(self) -> SeenEvents:
        """Event ids that were acted on."""
        return SeenEvents(self._connection)

    @cached_property
    def names(self) -> HeldNames:
        """Names that no table knows, and those that people mapped."""
        return HeldNames(self._connection)

    @cached_property
    def sources(self) -> Sources:
        """Senders, and when they were last heard."""
        return Sources(self._connection)

    @cached_property
    def deploys(self) -> Deploys:
        """Deployments."""
        return Deploys(self._connection)

    @cached_property
    def commits(self) -> Commits:
        """Commits, and which deployments brought them."""
        return Commits(self._connection)

    @cached_property
    def changes(self) -> Changes:
        """Small changes."""
        return Changes(self._connection)

    @cached_property
    def debts(self) -> Debts:
        """Small changes that are to go again."""
        return Debts(self._connection)

    @cached_property
    def incidents(self) -> Incidents:
        """Incidents and their timelines."""
        return Incidents(self._connection)

    @cached_property
    def responses(self) -> Responses:
        """What people keep beside incidents: updates, roles, reminders, action items."""
        return Responses(self._connection)

    @cached_property
    def oncall(self) -> OnCall:
        """On-call: overrides, copied calendars, shift handoffs, offers of command."""
        return OnCall(self._connection)

    @cached_property
    def calls(self) -> Calls:
        """What services elsewhere are told."""
        return Calls(self._connection)

    @cached_property
    def links(self) -> Links:
        """Channels that people linked."""
        return Links(self._connection)

    @cached_property
    def paging(self) -> Paging:
        """Who is paged for incidents that nobody has."""
        return Paging(self._connection)

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures kept as evidence."""
        return Pictures(self._connection)

    @cached_property
    def points(self) -> Points:
        """What people work on while incidents run."""
        return Points(self._connection)

    @cached_property
    def questions(self) -> Questions:
        """Questions that one side asks the other."""
        return Questions(self._connection)

    @cached_property
    def freezes(self) -> Freezes:
        """Freezes of deploys, and the passes through them."""
        return Freezes(self._connection)

    @cached_property
    def soaks(self) -> Soaks:
        """Which deployments are unverified."""
        return Soaks(self._connection)

    @cached_property
    def channels(self) -> Channels:
        """The channels that are spoken in."""
        return Channels(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        """What is still to be said."""
        return Outbox(self._connection)

    @cached_property
    def messages(self) -> Messages:
        """What was said, and where."""
        return Messages(self._connection)

    @cached_property
    def mirroring(self) -> Mirroring:
        """Replies that were carried to the other side."""
        return Mirroring(self._connection)

    @cached_property
    def sides(self) -> Sides:
        """Which side took part in which incident."""
        return Sides(self._connection)

    @cached_property
    def digests(self) -> Digests:
        """Digest snapshots."""
        return Digests(self._connection)

    @cached_property
    def lanes(self) -> Lanes:
        """Successful deployments to production, by service and environment."""
        return Lanes(self._connection)

    @cached_property
    def tiers(self) -> Tiers:
        """Which tiers deployments have."""
        return Tiers(self._connection)

    @cached_property
    def suspects(self) -> Suspects:
        """What incidents may be held against."""
        return Suspects(self._connection)

    @cached_property
    def blames(self) -> Blames:
        """What is held against which deployment."""
        return Blames(self._connection)

    @cached_property
    def revisions(self) -> Revisions:
        """What records were before something was learnt of them late."""
        return Revisions(self._connection)

    @cached_property
    def rollouts(self) -> Rollouts:
        """Deployments to production, each counted once."""
        return Rollouts(self._connection)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Digests of one's own, and scheduled ones that are paused."""
        return Subscriptions(self._connection)
