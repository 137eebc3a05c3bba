"""Tokens, scopes, rates and faults, as the real client meets them."""

import time
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.limits import SLACK_RATES
from tests.bot.sandbox.conftest import Slack, refused


@pytest.mark.parametrize(("code", "token"), [("not_authed", None), ("invalid_auth", "xoxb-wrong")])
async def test_a_missing_or_wrong_token_is_refused(slack: Slack, code: str, token: str | None) -> None:
    assert code == await refused(slack.other_client(token).auth_test())


async def test_the_bot_token_opens_no_socket_and_the_app_token_posts_nothing(slack: Slack) -> None:
    wrong = slack.client.api_call("apps.connections.open")
    assert "not_allowed_token_type" == await refused(wrong)
    app = slack.other_client(slack.sandbox.config.app_token)
    assert "not_allowed_token_type" == await refused(app.chat_postMessage(channel="payments-dev", text="x"))


async def test_an_unknown_method_is_named(slack: Slack) -> None:
    assert "unknown_method" == await refused(slack.client.api_call("chat.shout"))


@pytest.mark.parametrize("slack", [{"scopes": frozenset({"channels:read"})}], indirect=True)
async def test_a_missing_scope_is_named_with_what_is_provided(slack: Slack) -> None:
    with pytest.raises(SlackApiError) as error:
        await slack.client.reactions_add(channel=slack.id("payments-dev"), timestamp="1.2", name="eyes")
    answer = error.value.response
    assert ("missing_scope", "reactions:write", "channels:read") == (
        answer["error"],
        answer["needed"],
        answer["provided"],
    )


async def test_every_answer_names_the_scopes_of_the_token(slack: Slack) -> None:
    answer = await slack.client.auth_test()
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")
    assert "twinspan" == answer["user"]


async def test_arguments_may_come_as_a_form(slack: Slack) -> None:
    form = {"token": slack.sandbox.config.bot_token, "channel": "payments-dev", "text": "x", "blocks": "[]"}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{slack.url}/api/chat.postMessage", data=form)
    assert answer.json()["ok"]


async def test_a_broken_json_body_is_refused(slack: Slack) -> None:
    async with httpx.AsyncClient(headers={"Content-Type": "application/json"}) as http:
        answer = await http.post(f"{slack.url}/api/chat.postMessage", content=b"{")
    assert {"ok": False, "error": "invalid_json"} == answer.json()


async def test_another_host_name_is_turned_away(slack: Slack) -> None:
    async with httpx.AsyncClient(headers={"Host": "evil.example"}) as http:
        assert 400 == (await http.get(f"{slack.url}/api/api.test")).status_code


RATES = {"rates": SLACK_RATES}


@pytest.mark.parametrize("slack", [RATES], indirect=True)
async def test_posting_to_one_channel_is_one_a_second_after_a_short_burst(slack: Slack) -> None:
    for _ in range(SLACK_RATES.posting.burst):
        await slack.client.chat_postMessage(channel="payments-dev", text="x")
    with pytest.raises(SlackApiError) as error:
        await slack.client.chat_postMessage(channel="payments-dev", text="x")
    assert (429, "1") == (error.value.response.status_code, error.value.response.headers["Retry-After"])
    assert "ratelimited" == error.value.response["error"]
    await slack.client.chat_postMessage(channel="payments-ops", text="another channel")
    slack.clock.forward(1)
    await slack.client.chat_postMessage(channel="payments-dev", text="x")


@pytest.mark.parametrize("slack", [RATES], indirect=True)
async def test_a_tier_two_method_may_be_called_twenty_times_a_minute(slack: Slack) -> None:
    for _ in range(20):
        await slack.client.users_list()
    with pytest.raises(SlackApiError) as error:
        await slack.client.users_list()
    assert "3" == error.value.response.headers["Retry-After"]
    slack.clock.forward(3)
    await slack.client.users_list()


async def test_a_rate_limit_fault_says_how_long_to_wait(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("ratelimited", "chat.postMessage", "payments-dev", remaining=1, retry_after=7)
    await slack.client.chat_postMessage(channel="payments-ops", text="not this channel")
    with pytest.raises(SlackApiError) as error:
        await slack.client.chat_postMessage(channel=slack.id("payments-dev"), text="x")
    assert "7" == error.value.response.headers["Retry-After"]
    await slack.client.chat_postMessage(channel="payments-dev", text="once only")
    assert [] == slack.sandbox.workspace.faults


async def test_an_error_fault_answers_with_its_code_until_it_is_cleared(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("error", "chat.postMessage", error="account_inactive")
    for _ in range(2):
        call = slack.client.chat_postMessage(channel="payments-dev", text="x")
        assert "account_inactive" == await refused(call)
    slack.sandbox.workspace.clear_faults()
    await slack.client.chat_postMessage(channel="payments-dev", text="x")


async def test_a_server_error_is_a_500(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("server_error")
    with pytest.raises(SlackApiError) as error:
        await slack.client.chat_postMessage(channel="payments-dev", text="x")
    assert 500 == error.value.response.status_code


async def post(slack: Slack) -> None:
    await slack.client.chat_postMessage(channel="payments-dev", text="x")


async def test_a_connection_cut_before_processing_leaves_nothing(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("cut_before", "chat.postMessage", remaining=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(slack)
    assert [] == slack.sandbox.workspace.timeline("payments-dev")
    await post(slack)


async def test_a_connection_cut_after_processing_leaves_the_message_without_an_answer(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("cut_after", "chat.postMessage", remaining=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(slack)
    assert ["x"] == [message.text for message in slack.sandbox.workspace.timeline("payments-dev")]


async def test_a_hanging_call_ends_when_the_caller_gives_up(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("hang", "chat.postMessage", remaining=1, seconds=60)
    slack.client.timeout = 1
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await post(slack)
    await slack.sandbox.workspace.until(lambda: slack.sandbox.workspace.calls)
    assert 3 > time.monotonic() - started
    assert [] == slack.sandbox.workspace.timeline("payments-dev")


async def test_a_hanging_call_is_cut_at_last(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("hang", remaining=1, seconds=0.05)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(slack)


async def test_while_slack_is_down_nothing_is_answered(slack: Slack) -> None:
    slack.sandbox.workspace.add_fault("down")
    for _ in range(2):
        with pytest.raises(aiohttp.ClientConnectionError):
            await slack.client.auth_test()
    slack.sandbox.workspace.clear_faults()
    await slack.client.auth_test()


async def test_faults_are_switched_over_http(slack: Slack) -> None:
    async with httpx.AsyncClient(base_url=slack.url) as http:
        wanted: dict[str, Any] = {"kind": "error", "method": "auth.test", "error": "fatal_error", "remaining": 2}
        listed = (await http.post("/sandbox/faults", json=wanted)).json()
        assert wanted == {key: listed[0][key] for key in wanted}
        assert "fatal_error" == await refused(slack.client.auth_test())
        assert 400 == (await http.post("/sandbox/faults", json={"kind": "earthquake"})).status_code
        assert [] == (await http.delete("/sandbox/faults")).json()
        assert [] == (await http.get("/sandbox/faults")).json()
    await slack.client.auth_test()


async def test_calls_are_recorded_without_the_token(slack: Slack) -> None:
    await post(slack)
    call = slack.sandbox.workspace.calls[-1]
    assert ("chat.postMessage", {"channel": "payments-dev", "text": "x"}, 200) == (
        call.method,
        call.arguments,
        call.status,
    )
