import json
import re
from pathlib import Path

import yaml

import handlers.actions as action_files
import handlers.commands as command_files
import handlers.events as event_files
from bot.manifest import _METHOD_SCOPES, manifest, printed, scopes
from handlers.actions import Actions
from handlers.commands import Command
from handlers.events import Event
from handlers.registry import discover

BOT = Path(__file__).parents[2] / "bot"


def test_every_command_and_shortcut_is_declared_within_slacks_limits() -> None:
    features = manifest()["features"]
    assert [c.name for c in discover(command_files, "COMMAND", Command)] == [
        c["command"] for c in features["slash_commands"]
    ]
    shortcuts = [s for family in discover(action_files, "ACTIONS", Actions) for s in family.shortcuts]
    assert [s.callback_id for s in shortcuts] == [s["callback_id"] for s in features["shortcuts"]]
    assert all(len(s["name"]) <= 24 and len(s["description"]) <= 150 for s in features["shortcuts"])
    assert all(len(c["description"]) <= 2000 and len(c["usage_hint"]) <= 1000 for c in features["slash_commands"])


def test_the_display_information_is_within_slacks_limits() -> None:
    shown = manifest()["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000


def test_with_an_address_everything_is_sent_there() -> None:
    made = manifest("https://bot.acme.example/")
    url = "https://bot.acme.example/slack/events"
    assert {url} == {command["url"] for command in made["features"]["slash_commands"]}
    assert url == made["settings"]["event_subscriptions"]["request_url"]
    assert url == made["settings"]["interactivity"]["request_url"]
    assert made["settings"]["socket_mode_enabled"] is False


def test_without_an_address_it_is_for_socket_mode() -> None:
    made = manifest()
    assert made["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in made["settings"]["interactivity"]
    assert not any("url" in command for command in made["features"]["slash_commands"])


def test_yaml_and_json_say_the_same() -> None:
    assert manifest() == yaml.safe_load(printed()) == json.loads(printed(as_json=True))


def test_the_scopes_are_those_of_the_methods_the_bot_calls() -> None:
    # slack_sdk's names: chat_postMessage is chat.postMessage, apps_connections_open uses the app-level token.
    families = "auth|bookmarks|canvases|chat|conversations|files|pins|reactions|team|usergroups|users|views"
    paths = [*BOT.glob("*.py"), *(BOT / "slack").glob("*.py")]
    calls = {call for path in paths for call in re.findall(rf"client\.((?:{families})_\w+)\(", path.read_text("utf-8"))}
    # The SDK's upload is two methods of Slack: https://docs.slack.dev/messaging/working-with-files
    calls = (calls - {"files_upload_v2"}) | {"files_getUploadURLExternal", "files_completeUploadExternal"}
    assert set(_METHOD_SCOPES) == {call.replace("_", ".") for call in calls}
    assert "chat:write" in scopes()


def test_the_events_are_those_the_bot_hears() -> None:
    heard = re.findall(r"app\.event\(\"(\w+)\"\)", (BOT / "slack" / "listener.py").read_text("utf-8"))
    told = [name for event in discover(event_files, "EVENT", Event) for name in event.subscriptions]
    assert sorted([*heard, *told]) == manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert {"message.channels", "message.groups", "reaction_added"} <= set(told)
