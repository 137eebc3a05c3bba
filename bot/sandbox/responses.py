"""Answers outside the Web API: response URLs, and messages inside the acknowledgement of a slash command.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from bot.sandbox import faults
from bot.sandbox.api.content import content
from bot.sandbox.api.request import ApiError, Arguments
from bot.sandbox.feed import Feed
from bot.sandbox.state import Json, Message
from bot.sandbox.triggers import ResponseUrl, TriggerError, Triggers
from bot.sandbox.workspace import Workspace

_FIELDS = frozenset(
    {
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "metadata",
        "mrkdwn",
        "link_names",
        "unfurl_links",
        "unfurl_media",
        "parse",
    }
)


@dataclass(frozen=True, slots=True)
class Responses:
    """Turns responses into messages."""

    workspace: Workspace
    feed: Feed
    triggers: Triggers

    async def receive(self, request: HttpRequest) -> Response:
        """`POST /response/{id}`."""
        if faults.is_down(self.workspace):
            faults.cut(request.scope)
            return Response(status_code=503)
        try:
            payload = json.loads(await request.body())
            if not isinstance(payload, dict):
                raise ApiError("invalid_payload")
            self.apply(self.triggers.respond(request.path_params["id"]), payload)
        except TriggerError as error:
            return JSONResponse({"ok": False, "error": error.code}, 404)
        except ApiError as error:
            return JSONResponse({"ok": False, "error": error.code, **error.more}, 400)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        return JSONResponse({"ok": True})

    def apply(self, url: ResponseUrl, payload: Json) -> Message | None:
        """Do what a response says; returns the message it left. ApiError where Slack would refuse it."""
        if unknown := sorted(set(payload) - _FIELDS):
            raise ApiError("invalid_payload", errors=[f"invalid additional property: {name}" for name in unknown])
        source = self.workspace.message(url.channel, url.source) if url.source else None
        if payload.get("delete_original"):
            if source is not None:
                self.feed.delete(source)
            return None
        found = content(self.workspace, Arguments(payload))
        if payload.get("replace_original") and source is not None:
            return self.feed.edit(source, text=found.text, blocks=found.blocks or [])
        ephemeral = payload.get("response_type", "ephemeral") == "ephemeral"
        more: dict[str, Any] = {"ephemeral_to": url.user} if ephemeral else {}
        return self.feed.post(
            Message(
                channel=url.channel,
                ts=self.workspace.new_ts(),
                user=self.workspace.bot_user,
                bot_id=self.workspace.bot_id,
                text=found.text,
                blocks=found.blocks or [],
                attachments=found.attachments or [],
                thread_ts=payload.get("thread_ts"),
                **more,
            )
        )
