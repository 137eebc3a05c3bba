"""What is said of a deployment: to dev who brought what, to ops what to watch and how to go back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from handlers.routing import Audience
from handlers.views import Message, causes, soaks
from handlers.views.layout import context, header, joined, message, paragraphs, said, section
from handlers.views.repositories import commit_page, comparison, request_page
from handlers.views.text import code, line, link, listed, plural
from handlers.views.times import ago, duration, moment
from models.records import Commit, Deploy, Incident, TimelineEntry
from models.soak import Soak
from models.words import BlameReason, DeployKind, DeployStatus

_EMOJI: Final = {
    DeployStatus.QUEUED: "⏳",
    DeployStatus.STARTED: "🔄",
    DeployStatus.UNKNOWN: "❓",
    DeployStatus.SUCCEEDED: "🚀",
    DeployStatus.FAILED: "❌",
    DeployStatus.CANCELED: "🚫",
}
_MOST_COMMITS: Final = 30


def card(
    deploy: Deploy,
    side: Audience,
    *,
    commits: Sequence[Commit] = (),
    previous: Deploy | None = None,
    runbook: str | None = None,
    elsewhere: str | None = None,
    suspected: Sequence[tuple[Incident, BlameReason]] = (),
    claims: Sequence[TimelineEntry] = (),
    frozen: str | None = None,
    soak: Soak | None = None,
    around: Sequence[str] = (),
    owner: str | None = None,
) -> Message:
    """Return the one line of a deployment, which is edited as it goes on.

    `previous` is the last deployment that succeeded there before this one, `elsewhere` the link to the other
    channel's message. `suspected` are the incidents held against it, `claims` who looks after that.
    `frozen` says during which freeze it began, `around` who is on call for the service, `owner` whose it is.
    """
    headline = f"{_EMOJI[deploy.status]} {_subject(deploy)} · {_progress(deploy, side)}"
    who = f"by {line(deploy.actor, 60)}" if deploy.actor else None
    mine = _for_dev(deploy, commits) if side == "dev" else _for_ops(deploy, previous, runbook)
    over = link(elsewhere, "ops" if side == "dev" else "dev") if elsewhere else None
    suspect = causes.of_deploy(suspected, claims)
    watching = soaks.of_deploy(soak, listed(list(around)))
    is_unverified = soak is not None and soak.is_open
    whom = _around(deploy, commits, around, owner) if is_unverified and side != "dev" else None
    small = [suspect, frozen, watching, whom]
    blocks = [section(joined([headline, who, *mine, over])), *(context(one) for one in small if one)]
    if side != "dev" and is_unverified:
        blocks.append(soaks.buttons(deploy.id))
    if side == "dev" and any(incident.is_open for incident, _ in suspected):
        can_clear = not any(incident.ruled_cause for incident, _ in suspected if incident.is_open)
        blocks += causes.deploy_buttons(deploy.id, claims, can_clear=can_clear)
    return message(joined([headline, who, suspect, watching]), blocks)


def details(
    deploy: Deploy,
    side: Audience,
    *,
    commits: Sequence[Commit] = (),
    previous: Deploy | None = None,
    runbook: str | None = None,
) -> Message:
    """Return the reply that holds everything: commits and authors for dev, watching and going back for ops."""
    text = f"Details of {_subject(deploy)}: {joined([_status_words(deploy), _count(deploy, commits)])}"
    facts = _facts(deploy)
    if side == "dev":
        return message(text, paragraphs([facts, *_commit_lines(deploy, commits)]))
    counted = [_count(deploy, commits)] if deploy.commits_known else []
    return message(text, paragraphs([*_operating_lines(deploy, previous, runbook), facts, *counted]))


def failed(
    deploy: Deploy,
    side: Audience,
    *,
    commits: Sequence[Commit] = (),
    previous: Deploy | None = None,
    runbook: str | None = None,
) -> Message:
    """Return the reply that says a failure, so that it notifies those who follow the thread."""
    took = _took(deploy)
    headline = f"❌ {_subject(deploy)} *failed*" + (f" after {duration(took)}" if took else "")
    log = link(deploy.url, "log") if deploy.url else None
    if side == "dev":
        authors = _authors(commits)
        theirs = f"commits by {line(listed(authors), 200)}" if authors else None
        return said(joined([headline, f"started by {line(deploy.actor, 60)}" if deploy.actor else None, theirs, log]))
    before = f"last good version: {_version(previous)}" if previous else "no earlier success is known"
    return said(joined([headline, "check what is running now", before, _runbook(runbook), log]))


def hung(deploy: Deploy, side: Audience, *, usual_s: float | None = None, previous: Deploy | None = None) -> Message:
    """Return the reply that says of a deployment that its end never came; once it did, or it runs again, that.

    `usual_s` are the seconds it usually takes.
    """
    if deploy.status is not DeployStatus.UNKNOWN:
        what = "ended after all" if deploy.status.is_final else "is heard of again"
        return said(f"{_EMOJI[deploy.status]} {_subject(deploy)} {what}: {_status_words(deploy)}")
    since = deploy.started_at or deploy.latest_at
    usual = f"it usually takes {duration(usual_s)}" if usual_s else None
    headline = f"❓ {_subject(deploy)} *is unknown*: started {moment(since)}, and no end was told"
    log = link(deploy.url, "log") if deploy.url else None
    if side == "dev":
        ask = "look whether it hangs, and end it or start it again"
        return said(joined([headline, usual, f"by {line(deploy.actor, 60)}" if deploy.actor else None, ask, log]))
    before = f"last good version: {_version(previous)}" if previous else None
    return said(joined([headline, usual, "check what is running there now", before, log]))


def listing(
    deploys: Sequence[Deploy],
    title: str,
    *,
    changes: Sequence[str] = (),
    more: bool = False,
    soaking: Mapping[int, Soak] | None = None,
) -> Message:
    """Return deployments as a list, newest first. `changes` are lines of markup that stand below them.

    `soaking` are the soaks of those that had one.
    """
    safe = line(title)
    if not deploys and not changes:
        return said(f"{safe}: none.")
    lines = [_row(deploy, (soaking or {}).get(deploy.id)) for deploy in deploys] or ["none"]
    rest = ["_There are older ones: narrow it down by service, environment or time._"] if more else []
    return message(f"{safe}: {len(deploys)}", [header(title), *paragraphs([*lines, *rest, *changes])])


def _row(deploy: Deploy, soak: Soak | None) -> str:
    at = deploy.finished_at or deploy.started_at or deploy.status_at
    took = _took(deploy)
    length = f" in {duration(took)}" if took and deploy.status.is_final else ""
    return joined(
        [
            f"{_EMOJI[deploy.status]} {_subject(deploy)} · {deploy.status.value}{length}, {moment(at)}",
            line(deploy.actor, 40) if deploy.actor else None,
            soaks.state(soak) if soak else None,
            link(comparison(deploy), "changes") if comparison(deploy) else None,
            link(deploy.url, "log") if deploy.url else None,
        ]
    )


def _subject(deploy: Deploy) -> str:
    kind = f" ({deploy.kind.value})" if deploy.kind not in (None, DeployKind.NORMAL) else ""
    return f"*{line(deploy.service, 80)}* {_version(deploy)}{kind} → {line(deploy.environment, 40)}"


def _version(deploy: Deploy) -> str:
    named = deploy.version or (deploy.sha or "")[:7] or deploy.ref
    return code(named, 60) if named else f"#{deploy.id}"


def _progress(deploy: Deploy, side: Audience) -> str:
    at = deploy.finished_at or deploy.status_at
    if side != "dev" and deploy.status is DeployStatus.SUCCEEDED:
        return f"live since {moment(at)}"
    if side != "dev" and deploy.status is DeployStatus.STARTED:
        return f"changing now, started {ago(deploy.started_at or deploy.status_at)}"
    return _status_words(deploy)


def _status_words(deploy: Deploy) -> str:
    took = _took(deploy)
    length, after = (f" in {duration(took)}", f" after {duration(took)}") if took else ("", "")
    match deploy.status:
        case DeployStatus.QUEUED:
            return "waiting to start"
        case DeployStatus.STARTED:
            return f"running, started {ago(deploy.started_at or deploy.status_at)}"
        case DeployStatus.UNKNOWN:
            return f"*unknown*: started {ago(deploy.started_at or deploy.latest_at)}, and never ended"
        case DeployStatus.SUCCEEDED:
            return f"done{length}, {moment(deploy.finished_at or deploy.status_at)}"
        case DeployStatus.FAILED:
            return f"*failed*{after}, {moment(deploy.finished_at or deploy.status_at)}"
        case DeployStatus.CANCELED:
            return f"canceled {moment(deploy.finished_at or deploy.status_at)}"


def _took(deploy: Deploy) -> timedelta | None:
    if not (deploy.started_at and deploy.finished_at) or deploy.finished_at < deploy.started_at:
        return None
    return deploy.finished_at - deploy.started_at


def _for_dev(deploy: Deploy, commits: Sequence[Commit]) -> list[str | None]:
    authors = _authors(commits)
    brought = _count(deploy, commits) + (f" by {line(listed(authors), 120)}" if authors else "") if commits else None
    log = link(deploy.url, "log") if deploy.url else None
    return [brought, link(comparison(deploy), "changes") if comparison(deploy) else None, log]


def _for_ops(deploy: Deploy, previous: Deploy | None, runbook: str | None) -> list[str | None]:
    back = None
    if previous and _is_other(previous, deploy):
        back = f"back: {_version(previous)}" + (f" ({_previous_link(previous)})" if previous.url else "")
    return [back, _runbook(runbook), link(deploy.url, "log") if deploy.url else None]


def _around(deploy: Deploy, commits: Sequence[Commit], on_call: Sequence[str], owner: str | None) -> str | None:
    """Return whom ops can ask: who is on call, whose service and whose commits these are."""
    authors = [a for a in _authors(commits) if a != deploy.actor]
    parts = [
        f"on call: {line(listed(list(on_call)), 120)}" if on_call else None,
        f"owner: {line(owner, 60)}" if owner else None,
        f"commits by {line(listed(authors), 120)}" if authors else None,
    ]
    return f"*Around* {joined(parts)}" if any(parts) else None


def _is_other(one: Deploy, other: Deploy) -> bool:
    return (one.version, one.sha) != (other.version, other.sha)


def _runbook(runbook: str | None) -> str | None:
    return link(runbook, "runbook") if runbook else None


def _authors(commits: Sequence[Commit]) -> list[str]:
    return list(dict.fromkeys(commit.author for commit in commits if commit.author))


def _count(deploy: Deploy, commits: Sequence[Commit]) -> str:
    if not deploy.commits_known:
        # Nobody sent the list: the one commit at hand is where the deployment stands, not what it brought.
        return "head commit" if commits else "commits unknown"
    return plural(len(commits), "commit") if commits else "no commits"


def _facts(deploy: Deploy) -> str:
    return joined(
        [
            f"“{line(deploy.title, 150)}”" if deploy.title else None,
            _status_words(deploy),
            f"by {line(deploy.actor, 60)}" if deploy.actor else None,
            f"from {code(deploy.ref)}" if deploy.ref else None,
            f"commit {code(deploy.sha[:7])}" if deploy.sha else None,
            f"told by {line(deploy.source, 60)}",
            link(deploy.url, "log") if deploy.url else None,
        ]
    )


def _commit_lines(deploy: Deploy, commits: Sequence[Commit]) -> list[str]:
    compared = link(comparison(deploy), "compare") if comparison(deploy) else None
    title = f"*{joined([_count(deploy, commits).capitalize(), compared])}*"
    rest = [f"… and {len(commits) - _MOST_COMMITS} more"] if len(commits) > _MOST_COMMITS else []
    return [title, *(_commit_line(deploy, commit) for commit in commits[:_MOST_COMMITS]), *rest]


def _commit_line(deploy: Deploy, commit: Commit) -> str:
    subject = line((commit.message or "").partition("\n")[0], 100) or "(no message)"
    request = f" ({link(request_page(deploy, commit.pr), f'#{commit.pr}')})" if commit.pr else ""
    author = f" — {line(commit.author, 60)}" if commit.author else ""
    return f"• {link(commit_page(deploy, commit), line(commit.sha[:7]))} {subject}{request}{author}"


def _operating_lines(deploy: Deploy, previous: Deploy | None, runbook: str | None) -> list[str]:
    watch = joined([f"*Watch* {line(deploy.service, 80)} in {line(deploy.environment, 40)}", _runbook(runbook)])
    if previous and _is_other(previous, deploy):
        since = moment(previous.finished_at or previous.status_at)
        back = joined([f"*Go back* to {_version(previous)}, live since {since}", _previous_link(previous)])
    else:
        back = "*Go back* no earlier successful deploy is known here"
    return [watch, back]


def _previous_link(previous: Deploy) -> str | None:
    return link(previous.url, "its run") if previous.url else None
