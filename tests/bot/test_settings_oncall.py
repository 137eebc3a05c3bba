"""The `on_call` of twinspan.yaml: what a rotation is, and what is refused, with its place."""

from datetime import date, time
from pathlib import Path

import pytest

from bot.settings import InvalidSettings, load
from models.oncall import OnCallSchedule, Restriction

SERVICES = "services: {payments: {on_call: ops}}\n"


def schedule(folder: Path, words: str, services: str = SERVICES) -> OnCallSchedule:
    path = folder / "twinspan.yaml"
    path.write_text(f"{services}on_call:\n  schedules:\n    ops: {words}\n", "utf-8")
    (found,) = load({}, path).topology.schedules
    return found


def test_a_rotation_in_hours_is_read(tmp_path: Path) -> None:
    layer = "{members: [mira, jun], length: 2w, handoff: fri 17:30, hours: [{days: fri-mon, from: 09:00, to: '17:00'}]}"
    found = schedule(tmp_path, f"{{timezone: Europe/Berlin, layers: [{layer}]}}")
    (made,) = found.layers
    assert (("mira", "jun"), "week", 2, time(17, 30), 4, date(2024, 1, 1), "layer 1") == (
        made.members,
        made.unit,
        made.every,
        made.handoff,
        made.weekday,
        made.starts,
        made.name,
    )
    assert (Restriction(days=frozenset({4, 5, 6, 0}), begins=time(9), ends=time(17)),) == made.restrictions


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("a rotation without members", "{layers: [{members: []}]}"),
        ("no zone is called Europe/Berlni", "{timezone: Europe/Berlni, layers: [{members: [a]}]}"),
        ("Did you mean Europe/Berlin?", "{timezone: Europe/Berlni, layers: [{members: [a]}]}"),
        ("says nowhere, or in several places", "{timezone: UTC}"),
        ("says nowhere, or in several places", "{ical: https://x, pagerduty: P1}"),
        ("no turn is 3 years long", "{layers: [{members: [a], length: 3 years}]}"),
        ("is no time of a week", "{layers: [{members: [a], handoff: noon}]}"),
        ("no such weekdays", "{layers: [{members: [a], hours: [{days: someday}]}]}"),
        ("is no time of a day", "{layers: [{members: [a], hours: [{from: '25:00'}]}]}"),
        ("no bridge is called payments", "{bridge: payments, layers: [{members: [a]}]}"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, complaint: str, words: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        schedule(tmp_path, words)
    assert complaint in str(refused.value)
    assert "on_call.schedules.ops" in str(refused.value)


def test_a_service_that_names_a_schedule_there_is_not_is_told_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"no schedule is called opps[\s\S]*Did you mean ops\?"):
        schedule(tmp_path, "{layers: [{members: [a]}]}", "services: {payments: {on_call: opps}}\n")
