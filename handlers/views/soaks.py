"""What is said of a soak: until when a deploy is unverified, who watches it, how that ended."""

from typing import Final

from handlers.views import Block, Message
from handlers.views.layout import actions, button, joined, said
from handlers.views.text import line
from handlers.views.times import moment
from models.soak import Soak, SoakState

VERIFY: Final = "deploy_verify"
WATCH: Final = "deploy_watch"


def of_deploy(soak: Soak | None, watching: str | None = None) -> str | None:
    """Return the line of a deploy's card that says whether it is verified; `watching` is who is on call."""
    return joined([state(soak), _watcher(soak, watching) if soak.is_open else None]) if soak else None


def state(soak: Soak) -> str:
    """Return in words where a soak stands."""
    if soak.replaced_by:
        suspected = " and *suspected*" if soak.state is SoakState.SUSPECTED else ""
        return f"🧪 unverified{suspected}, replaced by #{soak.replaced_by}"
    if soak.state is SoakState.SUSPECTED:
        return f"🧪 *suspected*, so not verified; in soak until {moment(soak.until)}"
    if soak.is_open:
        return f"🧪 *in soak until* {moment(soak.until)}"
    ended = moment(soak.ended_at or soak.until)
    return (
        f"✅ verified by {line(soak.ended_by, 60)}, {ended}" if soak.ended_by else f"✅ verified by its soak, {ended}"
    )


def buttons(deploy_id: int) -> Block:
    """Return what the people who watch a deploy can do."""
    value = str(deploy_id)
    return actions(button("Verified", VERIFY, value, style="primary"), button("I watch it", WATCH, value))


def verified(soak: Soak) -> Message:
    """Return what the person who verified a deploy is shown."""
    return said(f"✅ #{soak.deploy_id} is verified by you. Both sides see it.")


def watched(soak: Soak) -> Message:
    """Return what the person who watches a deploy is shown."""
    return said(f"👀 You watch #{soak.deploy_id} until {moment(soak.until)}. Both sides see it.")


def _watcher(soak: Soak, watching: str | None) -> str | None:
    if soak.watcher:
        return f"👀 {line(soak.watcher, 60)} watches it"
    return f"👀 {line(watching, 120)} watches it (on call)" if watching else "👀 nobody watches it"
