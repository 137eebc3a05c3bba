"""Socket Mode: the bot connects to the workspace, requests come in envelopes.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.sandbox.config import SandboxConfig
from bot.sandbox.delivery import Answer, Kind
from bot.sandbox.faults import is_down
from bot.sandbox.state import Json
from bot.sandbox.workspace import Workspace

_ENVELOPES = {"command": "slash_commands", "interactivity": "interactive", "event": "events_api"}


@dataclass(slots=True, eq=False)
class _Connection:
    socket: WebSocket
    waiting: dict[str, asyncio.Future[str]] = field(default_factory=dict)

    def give_up(self) -> None:
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError())


class SocketDoor:
    """The bot's open connections; a request goes to the one that was opened last."""

    def __init__(self, config: SandboxConfig, workspace: Workspace) -> None:
        self._config = config
        self._workspace = workspace
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def ticket(self) -> str:
        """A ticket for one connection, as apps.connections.open gives it."""
        ticket = self._workspace.new_id("ticket-")
        self._tickets.add(ticket)
        return ticket

    async def bring(self, kind: Kind, payload: Json, retry: Mapping[str, Any]) -> Answer:
        """Send one envelope and wait for its acknowledgement."""
        if not self._connections or is_down(self._workspace):
            return Answer(reason="connection_failed")
        connection = self._connections[-1]
        id = self._workspace.new_id("envelope-")
        envelope: Json = {
            "envelope_id": id,
            "type": _ENVELOPES[kind],
            "payload": payload,
            "accepts_response_payload": kind != "event",
        }
        if kind == "event":
            envelope |= {"retry_attempt": retry.get("number", 0), "retry_reason": retry.get("reason", "")}
        connection.waiting[id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._config.acknowledge_timeout):
                await connection.socket.send_text(json.dumps(envelope))
                return Answer(status=200, body=await connection.waiting[id], is_json=True)
        except TimeoutError:
            return Answer(reason="http_timeout")
        except (ConnectionError, WebSocketDisconnect, RuntimeError):
            return Answer(reason="connection_failed")
        finally:
            connection.waiting.pop(id, None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the bot to connect anew, as Slack does every few hours; the bot then closes the old connection."""
        for connection in tuple(self._connections):
            await connection.socket.send_text(json.dumps({"type": "disconnect", "reason": reason}))

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection: hello, then envelopes until it ends or Slack is down."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or is_down(self._workspace):
            await socket.close(1008)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        connection = _Connection(socket)
        self._connections.append(connection)
        watch = asyncio.create_task(self._close_when_down(socket))
        try:
            await socket.send_text(json.dumps(self._hello()))
            self._workspace.notify("socket", connected=self.connected)
            await self._listen(connection)
        finally:
            watch.cancel()
            self._connections.remove(connection)
            connection.give_up()
            self._workspace.notify("socket", connected=self.connected)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.connected,
            "connection_info": {"app_id": self._workspace.app_id},
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_000},
        }

    async def _listen(self, connection: _Connection) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while connection.socket.client_state is WebSocketState.CONNECTED:
                said = json.loads(await connection.socket.receive_text())
                waiting = connection.waiting.get(said.get("envelope_id", ""))
                if waiting is not None and not waiting.done():
                    waiting.set_result(json.dumps(said["payload"]) if said.get("payload") else "")

    async def _close_when_down(self, socket: WebSocket) -> None:
        async with self._workspace.subscribe() as notices:
            async for notice in notices:
                if notice["kind"] == "fault" and is_down(self._workspace):
                    break
        await socket.close(1001)
