"""Calls over HTTP: what PagerDuty is told of its incidents, and what each of its answers means."""

from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from bot.elsewhere import HttpElsewhere
from bot.settings_environment import PagerDuty
from handlers.errors import CallFailure
from models.calls import Matter, Verb
from models.words import Severity
from tests.support.pagerduty import PagerDutyServer, error, rate_limited

MATTER = Matter(
    number=12, key="twinspan:INC-12:ab", sender_id="Q2CKYRLH85UNN4", title="Cards time out", severity=Severity.SEV1
)


def matter(**fields: Any) -> Matter:
    return Matter(**{name: getattr(MATTER, name) for name in Matter.__slots__} | fields)


async def tell(
    server: PagerDutyServer,
    what: Verb,
    about: Matter,
    *,
    token: str = "token-1",
    sender: str | None = "bot@acme.example",
) -> bool:
    async with server.running() as url:
        elsewhere = HttpElsewhere(pagerduty=PagerDuty(token=token, api=url, sender=sender))
        return await elsewhere.call("source:pagerduty", what, about)


async def test_pagerduty_is_told_in_the_name_of_the_person_who_did_it() -> None:
    server = PagerDutyServer()
    assert await tell(server, "acknowledge", matter(email="mira@acme.example"))
    assert ("acknowledged", ["mira@acme.example"]) == (server.incidents["Q2CKYRLH85UNN4"], server.senders)
    assert await tell(server, "resolve", matter(email="mira@acme.example"))
    assert "resolved" == server.incidents["Q2CKYRLH85UNN4"]
    body = {"incident": {"type": "incident_reference", "status": "resolved"}}
    assert ("PUT", "/incidents/Q2CKYRLH85UNN4", body) == server.asked[-1]


async def test_whom_pagerduty_does_not_know_is_stood_in_for_by_the_configured_user() -> None:
    server = PagerDutyServer()
    assert await tell(server, "acknowledge", matter(email="nobody@acme.example"))
    assert ["nobody@acme.example", "bot@acme.example"] == server.senders
    with pytest.raises(CallFailure, match="Requester User Not Found") as caught:
        await tell(PagerDutyServer(), "acknowledge", matter(email="nobody@acme.example"), sender=None)
    assert (True, "invalid") == (caught.value.is_permanent, caught.value.reason)


@pytest.mark.parametrize(
    ("status", "what"), [("acknowledged", "acknowledge"), ("resolved", "acknowledge"), ("resolved", "resolve")]
)
async def test_what_is_so_already_is_no_failure_and_no_change(status: str, what: Verb) -> None:
    assert not await tell(PagerDutyServer(incidents={"Q2CKYRLH85UNN4": status}), what, MATTER)


@pytest.mark.parametrize(
    ("answer", "reason", "is_permanent", "retry_after"),
    [
        (rate_limited(20), "rate_limited", False, 20.0),
        (Response(status_code=429), "rate_limited", False, None),
        (error(500, 2000, "An internal error has occurred"), "http_500", False, None),
        (Response("<html>", 503, headers={"retry-after": "7"}), "http_503", False, 7.0),
        (Response(status_code=408), "http_408", False, None),
        (error(400, 1003, "Invalid Status Provided"), "invalid", True, None),
        (error(403, 2010, "Access Denied"), "refused", True, None),
        (RedirectResponse("/elsewhere"), "http_307", True, None),
    ],
)
async def test_each_answer_says_whether_trying_again_can_help(
    answer: Response, reason: str, is_permanent: bool, retry_after: float | None
) -> None:
    with pytest.raises(CallFailure) as caught:
        await tell(PagerDutyServer(answers=[answer]), "acknowledge", MATTER)
    failure = caught.value
    assert (reason, is_permanent, retry_after) == (failure.reason, failure.is_permanent, failure.retry_after)


async def test_a_wrong_token_and_an_unknown_incident_wait_for_a_person() -> None:
    with pytest.raises(CallFailure, match=r"refused \(Authentication failed"):
        await tell(PagerDutyServer(), "acknowledge", MATTER, token="another")
    with pytest.raises(CallFailure, match="not_found") as caught:
        await tell(PagerDutyServer(incidents={}), "acknowledge", MATTER)
    assert caught.value.is_permanent


async def test_nobody_there_can_be_tried_again() -> None:
    elsewhere = HttpElsewhere(pagerduty=PagerDuty(token="t", api="http://127.0.0.1:9"))
    with pytest.raises(CallFailure) as caught:
        await elsewhere.call("source:pagerduty", "acknowledge", MATTER)
    assert ("connection", False) == (caught.value.reason, caught.value.is_permanent)


async def test_what_is_not_configured_is_not_called() -> None:
    elsewhere = HttpElsewhere(pagerduty=PagerDuty())
    for target in ("source:pagerduty", "pager:gone"):
        with pytest.raises(CallFailure, match="not_configured"):
            await elsewhere.call(target, "acknowledge", MATTER)
