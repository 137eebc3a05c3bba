"""What is said of what a payload would do, and the form to paste one into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from handlers.views import Message, Modal
from handlers.views.layout import context, joined, message, paragraphs
from handlers.views.modals import form as blank
from handlers.views.modals import select, text_input
from handlers.views.subjects import part_words, subject_words
from handlers.views.text import channel_link, code, fit, line, plural
from handlers.views.times import in_utc
from handlers.views.why import rule_words
from models.reports import ChangeReport, CommitReport, DeployReport, IncidentReport, Report

FORM: Final = "rehearsal_form"
# https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
MOST_CHARACTERS: Final = 3000
_MOST: Final = 20
_NOUNS: Final = {"deploy": "a new deploy", "change": "a new change", "incident": "a new incident"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One message that would be said, by which named rule of routing; `is_known`: of a record that is there by now."""

    subject: str
    part: str
    channel: str
    side: str
    rule: str
    bridge: str | None
    services: Sequence[str]
    text: str | None
    is_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a payload would do. `malformed` is the path of the first wrong field and what is wrong with it.

    `names` are the senders' names of services with ours; `rejected` the places in a batch, paths and problems of
    events that are refused; `repeated` counts the events that were acted on before.
    """

    source: str
    kind: str
    event: str | None = None
    ignored: str | None = None
    malformed: tuple[str, str] | None = None
    reports: Sequence[Report] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    rejected: Sequence[tuple[int, str, str]] = ()
    repeated: int = 0
    messages: Sequence[Spoken] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the sender would be told that it, or a part of it, can never succeed."""
        return self.malformed is not None or bool(self.rejected)


def form(sources: Sequence[str], channel_id: str) -> Modal:
    """Return the form to paste a payload into."""
    hint = (
        f"JSON, at most {MOST_CHARACTERS:,} characters (Slack's limit). More: twinspan route FILE, or /bridge test 123."
    )
    event_hint = "Only GitHub and GitLab: deployment_status, push, … Left out, it is guessed."
    blocks = [
        select("source", "Sender", sources, chosen=sources[0] if len(sources) == 1 else None),
        text_input("payload", "Payload", many_lines=True, most=MOST_CHARACTERS, hint=hint),
        text_input("event", "Event", optional=True, hint=event_hint),
        context("Nothing is stored, and nobody else hears of it."),
    ]
    return blank(FORM, "Try a payload", "Try it", blocks, {"channel": channel_id})


def shown(told: Rehearsal) -> Message:
    """Return what a payload would do, as whoever asked is shown."""
    lines = summary(told)
    return message(lines[0], paragraphs(lines))


def summary(told: Rehearsal) -> list[str]:
    """Return what a payload would do, line by line."""
    about = joined([line(told.source, 60), code(told.event) if told.event else None])
    lines = [f"*What it would do* ({about}); nothing was stored or posted"]
    if told.malformed:
        path, problem = told.malformed
        return [*lines, f"🔴 *Refused* at {code(path)}: {line(problem, 300)}"]
    if told.ignored is not None:
        return [*lines, f"⚪ *Ignored*: {line(told.ignored, 300)}", *_warnings(told)]
    return [*lines, *_warnings(told), *_records(told), *_messages(told)]


def _warnings(told: Rehearsal) -> list[str]:
    lines = [f"⚠️ {line(warning.replace('`', ''), 300)}" for warning in told.warnings[:_MOST]]
    refused = [f"🔴 *Refused* event {n} at {code(path)}: {line(problem, 300)}" for n, path, problem in told.rejected]
    return [*lines, *_cut(refused)]


def _records(told: Rehearsal) -> list[str]:
    commits = [r for r in told.reports if isinstance(r, CommitReport)]
    lines = [f"• {_record(report, told)}" for report in told.reports if not isinstance(report, CommitReport)]
    if commits:
        lines.append(f"• {plural(len(commits), 'commit')} of {line(commits[0].repository, 80)}")
    if told.repeated:
        lines.append(f"{plural(told.repeated, 'event')} of it came before: told again, it changes nothing")
    return ["*Records*", *_cut(lines)]


def _record(report: DeployReport | ChangeReport | IncidentReport, told: Rehearsal) -> str:
    when = f"at {in_utc(report.occurred_at)}"
    match report:
        case DeployReport():
            where = f"deploy {code(report.deploy_id)} of {_service(report.service, told)}"
            return joined([f"{where} to {line(report.environment, 60)}: {report.status}", when])
        case ChangeReport():
            status = report.status if isinstance(report.status, str) else "logged"
            return joined([f"change {code(report.change_id)} of {_service(report.service, told)}: {status}", when])
        case IncidentReport():
            services = ", ".join(_service(name, told) for name in report.services) or "no service"
            severity = report.severity if isinstance(report.severity, str) else None
            signal = None if report.opens else "a signal: it opens no incident"
            words = f"incident {code(report.incident_id)} of {services}: {report.status}"
            return joined([words, severity, signal, when])


def _service(name: str, told: Rehearsal) -> str:
    """Return a service by our name, with the sender's where that is another."""
    ours = told.names.get(name)
    if ours is None:
        return f"{code(name)} (unknown)"
    return f"*{line(ours, 60)}*" + (f" ({code(name)})" if name != ours else "")


def _messages(told: Rehearsal) -> list[str]:
    if not told.messages:
        why = "the bot knows all of it already" if told.repeated else _silence(told)
        return [f"*Messages* none: {why}"]
    return ["*Messages*", *_cut([_message(one) for one in told.messages])]


def _silence(told: Rehearsal) -> str:
    events = [report for report in told.reports if not isinstance(report, CommitReport)]
    if not events:
        return "commits are kept for the deploys that bring them"
    if any("held until" in warning for warning in told.warnings):
        if any(isinstance(report, IncidentReport) and report.opens for report in events):
            return "the incident is kept, but no bridge hears of it until it is mapped, and no admin channel is set"
        return "it is held until its names are mapped"
    if all(isinstance(report, IncidentReport) and not report.opens for report in events):
        return "a signal opens nothing"
    return "it changes nothing that is told, or no bridge hears of its services"


def _message(one: Spoken) -> str:
    kind = one.subject.partition(":")[0]
    what = subject_words(one.subject, one.part) if one.is_known else f"{_NOUNS.get(kind, kind)}, {part_words(one.part)}"
    rule = rule_words(one.rule, one.bridge, one.side, one.services)
    text = f"\n    {fit(one.text, 200)}" if one.text else ""
    return f"• {channel_link(one.channel)}: {what}. Rule {code(one.rule)}: {rule}{text}"


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"… and {more} more"] if more > 0 else lines
