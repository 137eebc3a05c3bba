"""The documents say what the program does: commands, metrics, senders, links."""

import re
from pathlib import Path

import pytest
from click import Context

import handlers.commands as command_files
from bot.__main__ import main
from bot.manifest import scopes
from bot.settings import KINDS
from bot.telemetry import Metrics
from handlers.commands import Command
from handlers.registry import discover

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
COMMANDS = discover(command_files, "COMMAND", Command)
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)|(?:src|srcset)=\"([^\"]+)\"")


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_section_with_its_usage_and_its_examples(command: Command) -> None:
    _, _, after = page("docs/commands.md").partition(f"\n## `{command.name}`\n")
    section = after.partition("\n## ")[0]
    assert f"    {command.name} {command.usage}\n" in section
    assert [example for example in command.examples if f"* `{example}`\n" not in section] == []


def test_no_command_is_described_that_does_not_exist() -> None:
    described = re.findall(r"^## `(/\w+)`$", page("docs/commands.md"), re.MULTILINE)
    assert sorted(command.name for command in COMMANDS) == sorted(described)


def test_every_metric_is_explained_and_no_other() -> None:
    exposed = re.findall(r"^# TYPE (twinspan_\w+) ", Metrics().exposition()[0].decode(), re.MULTILINE)
    metrics = {name for name in exposed if not name.endswith("_created")}
    explained = re.findall(r"^\| `(twinspan_\w+)` \|", page("docs/operations.md"), re.MULTILINE)
    assert sorted(metrics) == sorted(explained)


def test_every_kind_of_sender_has_a_section() -> None:
    assert sorted(KINDS) == sorted(re.findall(r"^## `(\w+)`$", page("docs/senders.md"), re.MULTILINE))


def test_the_readme_counts_the_scopes_that_the_manifest_asks_for() -> None:
    assert f"all {len(scopes())} granted" in page("README.md")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = [one or other for one, other in _LINK.findall(path.read_text("utf-8"))]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_line_that_is_shown_exists(path: Path) -> None:
    shown = re.findall(r"(?:^(?:\$ )?|`)twinspan ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)
    assert sorted(set(shown) - set(main.list_commands(Context(main)))) == []
