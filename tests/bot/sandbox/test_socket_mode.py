"""Socket Mode with Bolt's own handler: envelopes, acknowledgements, redelivery, reconnection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.bot.sandbox.conftest import Slack

SOCKET = {"mode": "socket", "acknowledge_timeout": 0.3}
pytestmark = pytest.mark.parametrize("slack", [SOCKET], indirect=True)


@pytest.fixture
async def app(slack: Slack) -> AsyncIterator[AsyncApp]:
    """A Bolt app connected over Socket Mode."""
    app = AsyncApp(client=slack.client)
    handler = AsyncSocketModeHandler(app, slack.sandbox.config.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    assert 1 == slack.sandbox.socket.connected
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]
    await slack.sandbox.workspace.until(lambda: not slack.sandbox.socket.connected)


async def test_a_command_is_answered_inside_its_acknowledgement(slack: Slack, app: AsyncApp) -> None:
    @app.command("/change")
    async def change(ack: Any, command: dict[str, Any]) -> None:
        await ack(text=f"Logged: {command['text']}")

    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change payments: x")
    assert outcome.ephemeral is not None
    assert "Logged: payments: x" == outcome.ephemeral.text


async def test_a_modal_is_opened_and_refused(slack: Slack, app: AsyncApp) -> None:
    field = {"type": "plain_text_input", "action_id": "text"}
    label = {"type": "plain_text", "text": "What"}
    view = {
        "type": "modal",
        "callback_id": "log",
        "title": label,
        "submit": label,
        "blocks": [{"type": "input", "block_id": "what", "label": label, "element": field}],
    }

    @app.command("/change")
    async def change(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await slack.client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("log")
    async def logged(ack: Any) -> None:
        await ack(response_action="errors", errors={"what": "No"})

    workspace = slack.sandbox.workspace
    await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")
    await workspace.until(lambda: workspace.modals("ada"))
    view_id = workspace.modals("ada")[0].id
    outcome = await slack.sandbox.actor.submit_view("ada", view_id, {"what": {"text": "x"}})
    assert {"what": "No"} == outcome.errors


async def test_without_a_connection_a_command_fails(slack: Slack) -> None:
    outcome = await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")
    assert '/change failed with the error "dispatch_failed"' == outcome.shown


async def test_an_envelope_that_is_not_acknowledged_comes_again(slack: Slack) -> None:
    client = SocketModeClient(slack.sandbox.config.app_token, web_client=slack.client)
    heard: list[SocketModeRequest] = []

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        if len(heard) > 1:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    await slack.sandbox.actor.post_message("ada", "payments-dev", "hello")
    await slack.sandbox.idle()
    assert [(0, ""), (1, "http_timeout")] == [(one.retry_attempt, one.retry_reason) for one in heard]
    assert heard[0].payload["event_id"] == heard[1].payload["event_id"]
    await client.close()  # type: ignore[no-untyped-call]


async def test_a_ticket_opens_one_connection(slack: Slack) -> None:
    client = slack.other_client(slack.sandbox.config.app_token)
    url = str((await client.apps_connections_open(app_token=slack.sandbox.config.app_token))["url"])
    sdk = SocketModeClient(slack.sandbox.config.app_token, web_client=slack.client)
    session = sdk.aiohttp_client_session
    async with session.ws_connect(url) as socket:
        assert "hello" == (await socket.receive_json())["type"]
        with pytest.raises(Exception, match="403"):
            await session.ws_connect(url)
    await sdk.close()  # type: ignore[no-untyped-call]


async def test_the_bot_reconnects_when_it_is_asked_to(slack: Slack, app: AsyncApp) -> None:
    @app.command("/change")
    async def change(ack: Any) -> None:
        await ack("yes")

    workspace = slack.sandbox.workspace
    async with workspace.subscribe() as notices:
        await slack.sandbox.socket.disconnect()
        async with asyncio.timeout(10):
            async for notice in notices:
                if notice["kind"] == "socket" and notice["connected"] == 1:
                    break
    assert (await slack.sandbox.actor.send_slash_command("ada", "payments-dev", "/change")).ok


async def test_while_slack_is_down_the_connection_is_gone(slack: Slack, app: AsyncApp) -> None:
    workspace = slack.sandbox.workspace
    workspace.add_fault("down")
    await workspace.until(lambda: not slack.sandbox.socket.connected)
    workspace.clear_faults()
    await workspace.until(lambda: slack.sandbox.socket.connected, within=15)
