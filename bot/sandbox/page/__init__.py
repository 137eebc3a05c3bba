"""The web page of the local Slack workspace: both channels side by side, live, with everything a person can do."""

from bot.sandbox.page.options import CommandHint, PageOptions, ScenarioDoor, ShortcutHint
from bot.sandbox.page.routes import mount_page, page_routes
from bot.sandbox.page.scenario import Scenario

__all__ = [
    "CommandHint",
    "PageOptions",
    "Scenario",
    "ScenarioDoor",
    "ShortcutHint",
    "mount_page",
    "page_routes",
]
