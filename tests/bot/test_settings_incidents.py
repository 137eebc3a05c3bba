"""The `incidents` of twinspan.yaml: what a severity asks for, roles, a channel of its own; what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import InvalidSettings, load
from models.response import LEVELS, ResponsePlan
from models.words import Severity

_ENVIRONMENT: dict[str, str] = {}


def plan(folder: Path, incidents: str) -> ResponsePlan:
    path = folder / "twinspan.yaml"
    path.write_text(f"incidents:\n{incidents}", "utf-8")
    return load(_ENVIRONMENT, path).topology.response


def test_what_is_left_out_is_as_usual(tmp_path: Path) -> None:
    found = plan(tmp_path, "  levels: {sev1: {update_minutes: 15}, sev3: {name: kleiner, update_minutes: 0}}\n")
    assert (timedelta(minutes=15), LEVELS[Severity.SEV1].acknowledge_within, "critical") == (
        found.level(Severity.SEV1).update_every,
        found.level(Severity.SEV1).acknowledge_within,
        found.level(Severity.SEV1).name,
    )
    assert ("kleiner", None) == ((third := found.level(None)).name, third.update_every)


def test_a_channel_of_its_own_and_other_roles(tmp_path: Path) -> None:
    found = plan(tmp_path, "  roles: [lead, liaison]\n  channel: {from: sev1, invite: '@mira', archive_hours: 2}\n")
    assert ("lead", "liaison") == found.roles
    assert found.channel is not None
    assert (Severity.SEV1, ("@mira",), timedelta(hours=2)) == (
        found.channel.worst_from,
        found.channel.invite,
        found.channel.archive_after,
    )


@pytest.mark.parametrize(
    ("words", "incidents"),
    [
        ("the first role is not lead", "  roles: [comms, lead]\n"),
        ("a role stands twice", "  roles: [lead, comms, Comms]\n"),
        ("no emoji is called", "  emoji: 'not one!'\n"),
        ("nothing is called {name}", "  channel: {name: 'inc-{number}-{name}'}\n"),
        ("two incidents could have the same channel", "  channel: {name: inc}\n"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, words: str, incidents: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        plan(tmp_path, incidents)
    assert words in str(refused.value)
    assert "incidents" in str(refused.value)
