"""The people of the workspace, and how a typed name is found among them."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.workspaces import workspace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person in Slack. `name` is what they are shown under, `handle` what others type after the `@`."""

    user_id: str
    name: str
    handle: str
    real_name: str = ""
    email: str = ""
    timezone: str | None = None
    picture: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Everything they may be called, their id included."""
        first = self.real_name.partition(" ")[0]
        return tuple(dict.fromkeys(n for n in (self.user_id, self.handle, self.name, self.real_name, first) if n))


def account_in(workspace: str, person: Person, people: Iterable[Person]) -> Person | None:
    """Return a person as a workspace knows them: themselves, or who has the same e-mail address there."""
    if workspace_of(person.user_id) == workspace:
        return person
    there = (p for p in people if workspace_of(p.user_id) == workspace)
    email = person.email.casefold()
    return next((p for p in there if email and p.email.casefold() == email), None)


def people_called(name: str, people: Iterable[Person]) -> list[Person]:
    """Return who may be meant by a name, handle, e-mail address or id: those whose handle or id it is, else all.

    Who has an account in several workspaces, with one e-mail address, is one person: the first account, that at home.
    """
    wanted = name.strip().removeprefix("@").casefold()
    known = list(people)
    exact = [p for p in known if wanted in (p.user_id.casefold(), p.handle.casefold(), p.email.casefold())]
    found = exact or [p for p in known if wanted in (n.casefold() for n in p.names)]
    first: dict[str, Person] = {}
    for person in found:
        first.setdefault(person.email.casefold() or person.user_id, person)
    return list(first.values())
