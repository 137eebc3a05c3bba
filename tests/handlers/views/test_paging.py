"""What paging says, of hostile and of very long words: it stays within Slack's limits, and pings only whom it pages."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.sandbox.blocks import problems
from handlers.views import Message, bridge, calls, incidents, paging
from handlers.views.paging_state import Told, card_line, status
from models.calls import Call, CallQueue, CallState
from models.paging import Escalation, EscalationState, Page, PageState, Step
from tests.handlers.views import samples

AT = samples.AT
HOSTILE = ["<!channel> <!here> <@U9> *x* `y` <https://evil.example|ok>", "w" * 6_000, "& < > \n\n\t"]


def told(words: str, state: EscalationState = EscalationState.RUNNING) -> Told:
    pages = [
        Page(
            escalation_id=1,
            step=1,
            target=words,
            who=words,
            via=via,
            user_id="U1" if via == "slack" else None,
            phone="+49 30 1",
            at=AT,
            state=became,
            reason=f"invalid: {words}",
            ref="page:1|U1|hand:1",
            by=words,
            why=words,
            answer=None if became is PageState.WAITING else "is on it",
            answered_by=words,
        )
        for via in ("slack", "pager", "itself", "nobody")
        for became in PageState
    ]
    steps = (Step(after=timedelta(), notify=(words,)),) * 3
    escalation = Escalation(incident_id=3, policy=words, state=state, step=1, began_at=AT, next_at=AT)
    return Told(escalation=escalation, steps=steps, pages=pages, first=pages)


def said(words: str) -> list[Message]:
    incident = replace(samples.incident(), title=words, summary=words, acknowledged_by=words)
    call = Call(
        key="k",
        incident_id=3,
        target=f"source:{words}",
        what="acknowledge",
        reason=f"invalid: {words}",
        made_at=AT,
        due_at=AT,
        give_up_at=AT,
    )
    return [
        paging.mention(incident, told(words), 1),
        paging.over(incident),
        paging.passed(incident),
        *(paging.by_hand(incident, one, is_channel=False) for one in told(words).pages[:2]),
        *(paging.answered(incident, one) for one in told(words).pages[:2]),
        paging.sent(incident, told(words).pages),
        paging.on_it(incident),
        calls.trouble(f"pager:{words}", {"what": "page", "reason": f"invalid: {words}"}),
        *(
            incidents.detail(incident, incidents.Shown(calls=[replace(call, state=state)], paging=told(words)), [])
            for state in CallState
        ),
        bridge.status(
            bridge.Status(
                bridges=[],
                senders=[],
                outgoing=[],
                names=[],
                to_apply=0,
                oldest_to_apply=None,
                failed=0,
                elsewhere=[CallQueue(target=f"pager:{words}", failed=2, failed_reason=f"invalid: {words}")],
                paging=status([(incident, told(words))]),
            )
        ),
    ]


def loud(words: str) -> list[Message]:
    incident = replace(samples.incident(), title=words, summary=words)
    return [
        paging.page(incident, told(words), 1, words, is_channel=True),
        paging.phone(incident, told(words), {words: words}),
        paging.phone(incident, replace(told(words), first=[]), {words: words}),
    ]


@pytest.mark.parametrize("words", HOSTILE)
def test_it_stays_within_the_limits_and_pings_nobody_whom_it_does_not_page(words: str) -> None:
    private = paging.page(replace(samples.incident(), title=words), told(words), 1, words, is_channel=False)
    for message in [*said(words), private]:
        shown = json.dumps(message.blocks, ensure_ascii=False) + message.text
        assert [] == problems(list(message.blocks))
        assert len(message.text) <= 3_000
        assert not [ping for ping in ("<!channel>", "<!here>", "<@U9>") if ping in shown]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_is_for_a_channel_pings_who_is_there_once(words: str) -> None:
    for message in loud(words):
        shown = json.dumps(message.blocks, ensure_ascii=False)
        assert [] == problems(list(message.blocks))
        assert (1, 0, 0) == tuple(shown.count(ping) for ping in ("<!here>", "<!channel>", "<@U9>"))


def test_once_somebody_has_it_the_card_says_no_more_of_paging() -> None:
    assert card_line(told("ops", EscalationState.STOPPED)) is None
    assert "every step was taken" in str(card_line(told("ops", EscalationState.EXHAUSTED)))


def test_without_numbers_the_channel_is_told_where_to_write_them() -> None:
    bare = replace(told("ops"), first=[replace(page, phone=None) for page in told("ops").pages])
    assert "No phone number is configured" in str(paging.phone(samples.incident(), bare, {}).blocks)
    assert "duty desk *112*" in str(paging.phone(samples.incident(), bare, {"duty desk": "112"}).blocks)
