"""What is said of calls to services elsewhere: whether they know, and why not."""

from collections.abc import Mapping, Sequence
from typing import Final

from handlers.views import Message
from handlers.views.layout import joined, said
from handlers.views.text import code, line, plural
from handlers.views.times import ago
from models.calls import PAGER, SOURCE, Call, CallQueue, CallState

_REASONS: Final = {
    "refused": "it does not accept our token",
    "not_found": "it knows no such incident",
    "invalid": "it does not accept what it was told",
    "rate_limited": "it is asked too often",
    "timeout": "it does not answer",
    "connection": "it cannot be reached",
    "not_configured": "it is not in the configuration",
}
_DONE: Final = {"page": "paged", "acknowledge": "acknowledged", "resolve": "resolved", "reopen": "open again"}


def reason_words(reason: str | None) -> str:
    """Return why a call was not taken, in plain words, with the service's own."""
    slug, _, detail = (reason or "unknown").partition(": ")
    words = _REASONS.get(slug) or (f"it answers {slug.removeprefix('http_')}" if slug.startswith("http_") else slug)
    return f"{words} (“{line(detail, 200)}”)" if detail else line(words, 100)


def senders(calls: Sequence[Call]) -> str | None:
    """Return whether the sender of an incident knows what people did here: the latest of each."""
    latest = {call.target: call for call in calls if call.target.startswith(SOURCE)}
    told = [_sender(call) for call in latest.values() if call.state is not CallState.WITHDRAWN]
    return joined(told) or None


def _sender(call: Call) -> str | None:
    name, what = line(call.name, 60), _DONE[call.what]
    if call.what == "reopen":
        cannot = f"⚠️ {name} *does not know that it is open again*, and cannot be told: reopen it there"
        return cannot if call.is_unknown_there else None
    match call.state:
        case CallState.DONE:
            return f"↩️ {name} knows that it is {what}"
        case CallState.FAILED:
            again = code(f"/bridge retry {call.name}")
            return f"⚠️ {name} was not told that it is {what}: {reason_words(call.reason)}; {again}"
        case _:
            why = f": {reason_words(call.reason)}; it is tried again" if call.reason else ""
            return f"↩️ {name} is being told that it is {what}{why}"


def queue(one: CallQueue) -> str:
    """Return the state of one service, as a line of a list."""
    kind, _, name = one.target.partition(":")
    mark = "🔴" if one.failed else "🟠" if one.waiting else "🟢"
    last = f"last told {ago(one.last_done_at)}" if one.last_done_at else "not told anything yet"
    oldest = f", the oldest since {ago(one.oldest_at)}" if one.oldest_at else ""
    why = f": {reason_words(one.waiting_reason)}" if one.waiting_reason else ""
    waiting = f"{plural(one.waiting, 'call waits', 'calls wait')}{oldest}{why}" if one.waiting else None
    failed = f"{one.failed} failed: {reason_words(one.failed_reason)}" if one.failed else None
    again = code(f"/bridge retry {name}") if one.failed else None
    role = "pager" if f"{kind}:" == PAGER else "sender"
    return joined([f"{mark} *{line(name, 60)}* ({role}) {last}", waiting, failed, again])


def trouble(target: str, params: Mapping[str, str]) -> Message:
    """Return what the admins are told of a call that failed for good."""
    name = target.partition(":")[2]
    what = {"page": "page anybody", "acknowledge": "be told of an acknowledgement"}.get(
        params.get("what", ""), "be told of a resolution"
    )
    why = reason_words(params.get("reason"))
    return said(f"⚠️ {line(name, 60)} could not {what}: {why}. Mend it, then {code(f'/bridge retry {name}')}.")
