"""The `freezes` of twinspan.yaml: windows, who fails closed, and what is refused, with its place."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.settings import InvalidSettings, Settings, load
from bot.windows import coming

WORLD = """
bridges: {money: {dev: '#dev', ops: '#ops', services: [payments]}}
services: {payments: {}, checkout: {}}
"""


def settings(folder: Path, words: str) -> Settings:
    path = folder / "twinspan.yaml"
    path.write_text(f"{WORLD}freezes: {words}\n", "utf-8")
    return load({}, path)


def window(words: str) -> str:
    return f"{{windows: {{night: {{schedule: '0 22 * * *', hours: 8, reason: quiet, {words}}}}}}}"


@pytest.mark.parametrize(
    ("services", "words"),
    [(("payments",), "bridge: money"), (("checkout",), "services: checkout"), (("payments", "checkout"), "")],
)
def test_a_window_is_for_a_bridge_for_services_or_for_all(
    tmp_path: Path, services: tuple[str, ...], words: str
) -> None:
    (made,) = settings(tmp_path, window(words)).topology.freezes.windows
    assert (services, timedelta(hours=8)) == (made.services, made.length)


def test_the_gate_is_read(tmp_path: Path) -> None:
    made = settings(tmp_path, "{fail_closed: production, allow_rollbacks: false, pass_minutes: 15, tokens: abc}")
    plan = made.topology.freezes
    assert (("production",), False, timedelta(minutes=15)) == (
        plan.fail_closed,
        plan.allow_rollbacks,
        plan.pass_length,
    )
    assert made.gate_tokens == ("abc",)
    assert "abc" in made.secrets


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("no bridge is called mony", window("bridge: mony")),
        ("no service is called pay", window("services: pay")),
        ("names a bridge and services", window("bridge: money, services: payments")),
        ("no environment is called mars", window("environment: mars")),
        ("no environment is called mars", "{fail_closed: mars}"),
        ("not a schedule", window("timezone: Mars/Base")),
        ("not a schedule", "{windows: {x: {schedule: 'at noon', hours: 1, reason: x}}}"),
        ("never comes", "{windows: {x: {schedule: '0 0 31 2 *', hours: 1, reason: x}}}"),
        ("hours", "{windows: {x: {schedule: '0 0 * * *', hours: 0, reason: x}}}"),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path: Path, complaint: str, words: str) -> None:
    with pytest.raises(InvalidSettings, match=complaint):
        settings(tmp_path, words)


def test_a_window_begins_at_the_same_hour_in_winter_and_in_summer(tmp_path: Path) -> None:
    plan = settings(tmp_path, window("timezone: Europe/Berlin")).topology.freezes
    begins = [coming(plan, datetime(2026, month, 10, 12, tzinfo=UTC))[0].since.hour for month in (1, 7)]
    assert begins == [21, 20]


def test_a_window_under_way_is_found_after_a_restart(tmp_path: Path) -> None:
    plan = settings(tmp_path, window("")).topology.freezes
    (now, _tomorrow) = coming(plan, datetime(2026, 1, 11, 5, 59, tzinfo=UTC))
    assert now.since == datetime(2026, 1, 10, 22, tzinfo=UTC)
    assert coming(plan, datetime(2026, 1, 11, 6, tzinfo=UTC))[0].since == datetime(2026, 1, 11, 22, tzinfo=UTC)
