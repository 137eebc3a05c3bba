"""The Slack app manifest, made from what the bot does: its commands, shortcuts, events, and the scopes they need.

https://docs.slack.dev/reference/app-manifest
"""

import json
from typing import Any, Final

import yaml

import handlers.actions as action_files
import handlers.commands as command_files
import handlers.events as event_files
from handlers.actions import Actions
from handlers.commands import Command
from handlers.events import Event
from handlers.registry import discover

# https://docs.slack.dev/reference/methods : the bot scopes of every Web API method the bot calls.
_METHOD_SCOPES: Final = {
    "auth.test": (),
    "canvases.access.set": ("canvases:write",),
    "canvases.create": ("canvases:write",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    # A reply that is carried to the other side has its author's name and picture.
    "chat.postMessage": ("chat:write", "chat:write.customize"),
    "chat.update": ("chat:write",),
    "conversations.archive": ("channels:manage", "groups:write"),
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.invite": ("channels:manage", "groups:write"),
    "conversations.open": ("im:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "conversations.setTopic": ("channels:manage", "groups:write"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    # Also for fetching pictures: https://docs.slack.dev/reference/objects/file-object
    "files.info": ("files:read",),
    # Who wrote a reply sees the emoji that the other side puts on its copy.
    "reactions.add": ("reactions:write",),
    "reactions.get": ("reactions:read",),
    "reactions.remove": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.update": ("usergroups:write",),
    "users.conversations": ("channels:read", "groups:read"),
    "users.info": ("users:read",),
    # Without the second, nobody is found by an e-mail address, as PagerDuty and calendars name them.
    "users.list": ("users:read", "users:read.email"),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
# https://docs.slack.dev/reference/events : the events the bot hears, with the scopes that Slack asks for them.
EVENT_SCOPES: Final = {"member_joined_channel": ("channels:read", "groups:read")} | {
    name: scopes for event in discover(event_files, "EVENT", Event) for name, scopes in event.subscriptions.items()
}
# https://docs.slack.dev/reference/scopes/commands : slash commands and shortcuts.
_COMMANDS_SCOPE: Final = "commands"

_SUMMARY: Final = "Bridges the dev channel and the ops channel of a service."
# Slack refuses fewer than 174 characters here.
_DESCRIPTION: Final = (
    "Twinspan tells developers and operators the same story, each in their own words: deploys, small changes and "
    "incidents appear once in both channels, edited as they go on, with the details in their threads. People log "
    "changes and follow incidents with slash commands, and the same numbers come to both channels on a schedule."
)


def scopes() -> tuple[str, ...]:
    """Return the bot scopes that are used, and no others, in alphabetical order."""
    needed = [*_METHOD_SCOPES.values(), *EVENT_SCOPES.values(), (_COMMANDS_SCOPE,)]
    return tuple(sorted({scope for group in needed for scope in group}))


def manifest(url: str | None = None, workspace: str | None = None) -> dict[str, Any]:
    """Return the manifest: for requests to `url` (the bot's public address), or for Socket Mode where it is `None`.

    `workspace` is another workspace of the configuration, whose requests have an address of their own.
    """
    path = f"/slack/events/{workspace}" if workspace else "/slack/events"
    request_url = f"{url.rstrip('/')}{path}" if url else None
    address = {"request_url": request_url} if request_url else {}
    return {
        "display_information": {
            "name": "Twinspan",
            "description": _SUMMARY,
            "long_description": _DESCRIPTION,
            "background_color": "#1f2937",
        },
        "features": {
            # Digests of one's own, and whatever else is for one person, come as direct messages.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "twinspan", "always_online": True},
            "slash_commands": [
                _command(command, request_url) for command in discover(command_files, "COMMAND", Command)
            ],
            "shortcuts": _shortcuts(),
        },
        "oauth_config": {"scopes": {"bot": list(scopes())}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": sorted(EVENT_SCOPES)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def printed(url: str | None = None, *, as_json: bool = False, workspace: str | None = None) -> str:
    """Return the manifest as YAML or JSON, ready to be pasted at https://api.slack.com/apps."""
    made = manifest(url, workspace)
    if as_json:
        return json.dumps(made, indent=2, ensure_ascii=False)
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=100).rstrip()


def _command(command: Command, request_url: str | None) -> dict[str, Any]:
    # Unescaped, a command gets what was typed: the names in it are our services and environments, not Slack's users.
    return {
        "command": command.name,
        **({"url": request_url} if request_url else {}),
        "description": command.summary,
        "usage_hint": command.usage,
        "should_escape": False,
    }


def _shortcuts() -> list[dict[str, str]]:
    return [
        {"name": s.name, "type": "message", "callback_id": s.callback_id, "description": s.summary}
        for family in discover(action_files, "ACTIONS", Actions)
        for s in family.shortcuts
    ]
