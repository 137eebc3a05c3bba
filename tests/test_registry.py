"""What a new file must bring along: a stored request for each event, names of its own, a place in manifest and docs."""

from collections import Counter
from pathlib import Path

import pytest

import handlers.actions as action_files
import handlers.commands as command_files
import handlers.webhooks as webhook_files
from bot.manifest import manifest
from bot.settings import KINDS
from handlers.actions import Actions
from handlers.commands import Command
from handlers.registry import discover
from handlers.webhooks import SourceKind
from tests.support.webhooks import FIXTURES, names

ROOT = Path(__file__).parent.parent
SOURCES = discover(webhook_files, "SOURCE", SourceKind)
COMMANDS = discover(command_files, "COMMAND", Command)
FAMILIES = discover(action_files, "ACTIONS", Actions)


def twice(used: list[str]) -> list[str]:
    return [name for name, times in Counter(used).items() if times > 1]


def events_with_a_fixture(kind: str) -> set[str]:
    """Return the first parts of the fixtures' names: `<event>__<case>.json`."""
    return {name.partition("__")[0] for name in names(kind)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
def test_every_declared_event_has_a_fixture_and_every_fixture_is_of_a_declared_event(source: SourceKind) -> None:
    assert set(source.events) == events_with_a_fixture(source.kind)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
def test_every_fixture_says_which_case_of_its_event_it_is(source: SourceKind) -> None:
    assert [] == [name for name in names(source.kind) if not name.partition("__")[2]]


def test_every_folder_of_fixtures_belongs_to_a_kind_and_every_kind_can_be_configured() -> None:
    kinds = sorted(source.kind for source in SOURCES)
    assert kinds == sorted(path.name for path in FIXTURES.iterdir())
    assert kinds == sorted(KINDS)


def test_no_kind_command_action_or_shortcut_has_the_name_of_another() -> None:
    shortcuts = [shortcut.callback_id for family in FAMILIES for shortcut in family.shortcuts]
    assert [] == twice([source.kind for source in SOURCES])
    assert [] == twice([command.name for command in COMMANDS])
    assert [] == twice([name for family in FAMILIES for name in family.buttons])
    assert [] == twice([name for family in FAMILIES for name in family.modals] + shortcuts)
    assert [] == twice([value for family in FAMILIES for value in family.menu])


@pytest.mark.parametrize("url", [None, "https://twinspan.example.com"])
def test_every_command_and_shortcut_is_in_the_manifest_and_nothing_else(url: str | None) -> None:
    features = manifest(url)["features"]
    offered = {entry["command"]: (entry["description"], entry["usage_hint"]) for entry in features["slash_commands"]}
    shortcuts = {entry["callback_id"]: entry["name"] for entry in features["shortcuts"]}
    assert {command.name: (command.summary, command.usage) for command in COMMANDS} == offered
    assert {s.callback_id: s.name for family in FAMILIES for s in family.shortcuts} == shortcuts


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_is_in_the_docs(command: Command) -> None:
    assert f"\n## `{command.name}`\n" in (ROOT / "docs" / "commands.md").read_text("utf-8")
