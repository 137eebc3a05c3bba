"""Shows the rows behind a number in a form, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.views import Block, Modal
from handlers.views.asked import HOW, NEXT, PREVIOUS, Asked
from handlers.views.layout import actions, button, context, joined, paragraphs, plain_text, section
from handlers.views.numbers import ROWS
from handlers.views.repositories import commit_page
from handlers.views.text import code, escape, line, link, plural
from handlers.views.times import duration, moment
from models.evidence import Item
from models.records import Commit, Deploy, Incident
from models.words import BlameReason, DeployKind

PAGE: Final = 15
NAMES: Final = {row.key: row.name for row in ROWS} | {
    "incidents_open": "Open incidents",
    "incidents_unattributed": "Blamed on no deploy",
    "deploy_attempts_failed": "Failed attempts",
    "services": "By service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBy:
    """What a deployment is blamed by, and by which rule."""

    reason: BlameReason
    incident: Incident | None = None
    deploy: Deploy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row with what is known of it: the members of a deployment, its commit, the incident, what it is blamed by.

    `url` leads to its message in Slack, if it has one.
    """

    item: Item
    deploys: Sequence[Deploy] = ()
    incident: Incident | None = None
    commit: Commit | None = None
    held_by: Sequence[HeldBy] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of rows. `shown` is the number as it is now, `period` what its period is called, `lines` the rows."""

    asked: Asked
    shown: str
    period: str
    lines: Sequence[str]
    total: int
    left_out: int
    at: datetime


def modal(page: Page) -> Modal:
    """Return the form."""
    asked = page.asked
    name = NAMES[asked.number]
    head = [
        section(f"*{escape(name)}*  {escape(page.shown)}"),
        context(joined([escape(asked.scope), page.period, f"as of {moment(page.at)}"])),
    ]
    rows = paragraphs(page.lines) or [section("No rows: nothing of this kind is known in this period.")]
    return _view(name, [*head, *rows, context(_counted(page)), actions(*_buttons(page))])


def _view(name: str, blocks: list[Block]) -> Modal:
    return Modal(
        view={
            "type": "modal",
            "title": plain_text(name, 24),
            "close": plain_text("Close", 24),
            "blocks": blocks,
        }
    )


def _counted(page: Page) -> str:
    first = page.asked.page * PAGE
    span = f"Rows {first + 1}–{first + len(page.lines)} of {page.total}" if page.lines else "0 rows"
    return span + (f", {page.left_out} of them left out of the number" if page.left_out else "")


def _buttons(page: Page) -> list[Block]:
    asked, found = page.asked, []
    if asked.page:
        found.append(button("← Previous", PREVIOUS, asked.at_page(asked.page - 1).value()))
    if (asked.page + 1) * PAGE < page.total:
        found.append(button("Next →", NEXT, asked.at_page(asked.page + 1).value()))
    return [*found, button("How is this computed?", HOW, asked.at_page(0).value())]


def row_line(row: Row, number: str) -> str:
    """Return one row: what it is with its link, what it adds to the number, and why it does not, where it does not."""
    item = row.item
    if item.incident is not None:
        words = _incident(row, number)
    elif item.sha is not None:
        words = _commit(row, item.sha)
    else:
        words = _deploy(row, number)
    return f"• {words}" + (f" · _left out: {item.left_out}_" if item.left_out else "")


def _deploy(row: Row, number: str) -> str:
    rollout = row.item.rollout
    last = row.deploys[-1] if row.deploys else None
    at = rollout.finished_at if rollout else row.item.at
    where = last or rollout or row.item
    environments = rollout.environments if rollout else [last.environment] if last else ["production"]
    facts = [
        f"*{_number(row)}* {line(where.service or '', 60)} {_version(last)} → {line(', '.join(environments), 60)}",
        moment(at) if at else None,
        _kind(row, last),
        f"by {line(last.actor, 40)}" if last and last.actor else None,
        link(last.url, "log") if last and last.url else None,
    ]
    if number == "fdrt_median_s" and row.item.seconds is not None:
        facts.append(f"recovered after *{duration(row.item.seconds)}*")
    if number in ("cfr", "fdrt_median_s"):
        facts.append(_blamed(row.held_by))
    return joined(facts)


def _kind(row: Row, last: Deploy | None) -> str | None:
    rollout = row.item.rollout
    if rollout and rollout.is_rollback:
        return "rollback"
    if last and last.kind not in (None, DeployKind.NORMAL):
        return last.kind.value
    return f"fixes {line(', '.join(last.fixes), 60)}" if last and last.fixes else None


def _number(row: Row) -> str:
    numbers = [f"#{deploy.id}" for deploy in row.deploys]
    name = numbers[0] + (f" +{len(numbers) - 1}" if len(numbers) > 1 else "") if numbers else "deploy"
    url = row.url or next((deploy.url for deploy in row.deploys if deploy.url), None)
    return link(url, name)


def _version(deploy: Deploy | None) -> str:
    named = deploy and (deploy.version or (deploy.sha or "")[:7] or deploy.ref)
    return code(named, 40) if named else ""


def _blamed(held_by: Sequence[HeldBy]) -> str | None:
    """Return by which rule and by what a deployment failed: `failed: inferred by INC-3 Checkout errors`."""
    told = []
    for held in held_by[:3]:
        if held.incident:
            by = f"{link(held.incident.url, _label(held.incident))} {line(held.incident.headline, 60)}"
        else:
            by = link(held.deploy.url, f"#{held.deploy.id}") if held.deploy else "something that is gone"
        told.append(f"{held.reason.value} by {by}")
    more = f" and {len(held_by) - 3} more" if len(held_by) > 3 else ""
    return f"failed: {'; '.join(told)}{more}" if told else None


def _commit(row: Row, sha: str) -> str:
    deploy = row.deploys[0] if row.deploys else None
    page = commit_page(deploy, row.commit) if deploy and row.commit else None
    subject = line((row.commit.message or "").partition("\n")[0], 80) if row.commit else ""
    author = f"— {line(row.commit.author, 40)}" if row.commit and row.commit.author else ""
    seconds = row.item.seconds
    took = f"*{duration(seconds)}*" if seconds is not None and seconds >= 0 else f"−{duration(-(seconds or 0))}"
    words = " ".join(filter(None, [link(page, line(sha[:7])), subject, author]))
    return joined([f"{took} {words}", f"live with {_number(row)}"])


def _incident(row: Row, number: str) -> str:
    fact = row.item.incident
    assert fact is not None
    incident = row.incident
    name = _label(incident) if incident else f"INC-{fact.id}"
    severity = f"{incident.severity.value.upper()} " if incident and incident.severity else ""
    took = {"mttr_median_s": "resolved after", "mtta_median_s": "acknowledged after"}.get(number)
    seconds = row.item.seconds
    return joined(
        [
            f"*{link(row.url or (incident.url if incident else None), name)}* {severity}"
            f"{line(incident.headline if incident else fact.name, 100)}",
            line(", ".join(fact.services), 60) or "no service",
            f"started {moment(fact.started_at)}" if fact.started_at else "start unknown",
            f"{took} *{duration(seconds)}*" if took and seconds is not None else None,
            None if took else _state(row),
            None if took else _against(fact.blame),
        ]
    )


def _state(row: Row) -> str | None:
    return row.incident.status.value if row.incident else None


def _label(incident: Incident) -> str:
    return f"INC-{incident.id}"


def _against(blame: str | None) -> str:
    """Return what an incident is held against: `held against d41 (inferred)`."""
    if blame is None:
        return "held against no deploy"
    reason, _, names = blame.partition(":")
    return f"held against {line(names, 60)} ({reason})"


def left_out_words(items: Sequence[Item]) -> str:
    """Return what was left out and why: `2 commits written after it was deployed`; empty where nothing was."""
    counts: dict[str, int] = {}
    for item in items:
        if item.left_out:
            counts[item.left_out] = counts.get(item.left_out, 0) + 1
    return "; ".join(f"{plural(count, 'row')}: {why}" for why, count in counts.items())
