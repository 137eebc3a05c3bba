"""The story of the day in a minute: two services, three rollouts, one incident, and the people around it."""

from datetime import timedelta
from typing import Final

from bot.sandbox.page.payloads import (
    Commit,
    Rollout,
    alertmanager_group,
    flag_change,
    github_deployment_status,
    github_push,
    gitlab_deployment,
)
from bot.sandbox.page.scenario import Hands, Step

_FEATURE: Final = (
    Commit("Retry card charges on a gateway timeout", "ada", timedelta(hours=19)),
    Commit("Cache exchange rates for a minute", "ben", timedelta(hours=5)),
    Commit("Raise the charge pool's default to 40", "ada", timedelta(minutes=50)),
)
_FIX: Final = (Commit("Close gateway connections after a timeout", "ben", timedelta(minutes=4)),)
_CHECKOUT: Final = (Commit("Show the delivery date before payment", "jun", timedelta(hours=7)),)

_STAGING: Final = Rollout(
    number=1, repository="acme/payments", environment="staging", ref="main", actor="ada",
    description="payments 2.14.0 to staging", commits=_FEATURE,
)  # fmt: skip
_PRODUCTION: Final = Rollout(
    number=2, repository="acme/payments", environment="production", ref="v2.14.0", actor="ada",
    description="payments 2.14.0", commits=_FEATURE,
)  # fmt: skip
_BROKEN_FIX: Final = Rollout(
    number=3, repository="acme/payments", environment="production", ref="hotfix/2.14.1", actor="ben",
    description="Hotfix 2.14.1: close gateway connections", commits=_FIX, task="deploy:hotfix",
)  # fmt: skip
_HOTFIX: Final = Rollout(
    number=4, repository="acme/payments", environment="production", ref="hotfix/2.14.1", actor="ben",
    description="Hotfix 2.14.1: close gateway connections", commits=_FIX, task="deploy:hotfix",
)  # fmt: skip
_SHOP: Final = Rollout(
    number=5, repository="acme/checkout", environment="production", ref="main", actor="jun",
    description="checkout 1.8.0", commits=_CHECKOUT,
)  # fmt: skip
_ALERTS: Final = (
    ("PaymentsErrorRateHigh", "7.4 % of charges fail (limit 1 %)"),
    ("PaymentsLatencyHigh", "p99 of /charge is 4.2 s (limit 800 ms)"),
)
_BEFORE: Final = timedelta(minutes=5)
_SMOULDERED: Final = timedelta(minutes=4)


def github_step(after: float, saying: str, rollout: Rollout, state: str, age: timedelta) -> Step:
    """One deployment status, of so long ago; a rollout's states lie minutes apart, as real ones do."""

    async def send(hands: Hands) -> None:
        at, started = hands.now() - age, hands.now() - _BEFORE - timedelta(seconds=40)
        await hands.github("deployment_status", github_deployment_status(rollout, state, hands.run, started, at))

    return Step(after, saying, send)


def rollout_steps(after: float, saying: str, rollout: Rollout, final: str) -> list[Step]:
    """A rollout from the queue to its end: five minutes of deploying, told in about five seconds."""
    return [
        github_step(after, saying, rollout, "queued", _BEFORE + timedelta(seconds=40)),
        github_step(1.5, saying, rollout, "in_progress", _BEFORE),
        github_step(3.0, saying, rollout, final, timedelta()),
    ]


async def _push(hands: Hands) -> None:
    await hands.github("push", github_push("acme/payments", _FEATURE, hands.run, hands.now()))


async def _push_fix(hands: Hands) -> None:
    await hands.github("push", github_push("acme/payments", _FIX, hands.run, hands.now(), onto=_FEATURE))


async def _shop_starts(hands: Hands) -> None:
    await hands.gitlab(gitlab_deployment(_SHOP, "running", hands.run, hands.now() - _BEFORE))


async def _shop_done(hands: Hands) -> None:
    await hands.gitlab(gitlab_deployment(_SHOP, "success", hands.run, hands.now()))


async def _small_change(hands: Hands) -> None:
    line = "/change payments: raise the connection pool to 40 !production #standard revert: set it back to 20"
    await hands.actor.send_slash_command("ben", "payments-dev", line)


async def _look_at_deploys(hands: Hands) -> None:
    await hands.actor.send_slash_command("mira", "payments-ops", "/deploys payments")


async def _alerts_fire(hands: Hands) -> None:
    group = alertmanager_group("payments", _ALERTS, hands.began - _SMOULDERED, None)
    await hands.bearer("alertmanager", group)


async def _alerts_resolve(hands: Hands) -> None:
    group = alertmanager_group("payments", _ALERTS, hands.began - _SMOULDERED, hands.now())
    await hands.bearer("alertmanager", group)


async def _acknowledge(hands: Hands) -> None:
    await hands.press("mira", "payments-ops", "Acknowledge")


async def _talk_in_ops(hands: Hands) -> None:
    text = "On it. Charges began to fail a few minutes after 2.14.0 :eyes:"
    await hands.actor.post_message("mira", "payments-ops", text)


async def _talk_in_dev(hands: Hands) -> None:
    text = "The new retry leaves gateway connections open. Hotfix is on its way."
    await hands.actor.post_message("ben", "payments-dev", text)


async def _flag(hands: Hands) -> None:
    await hands.bearer("events", flag_change("checkout", "express-pay", "jun", hands.run, hands.now()))


async def _digest(hands: Hands) -> None:
    await hands.actor.send_slash_command("ada", "payments-dev", "/digest now")


DAY: Final[tuple[Step, ...]] = (
    Step(0.0, "Ada pushes three commits to payments", _push),
    *rollout_steps(2.0, "payments goes to staging", _STAGING, "success"),
    Step(2.5, "Jun ships checkout from GitLab", _shop_starts),
    Step(3.5, "Jun ships checkout from GitLab", _shop_done),
    Step(3.0, "Ben logs a small change with /change", _small_change),
    *rollout_steps(3.0, "payments 2.14.0 goes to production", _PRODUCTION, "success"),
    Step(4.0, "Alertmanager: two alerts fire", _alerts_fire),
    Step(4.0, "Mira acknowledges", _acknowledge),
    Step(1.5, "Mira looks into it", _talk_in_ops),
    Step(1.5, "Mira asks what was deployed, with /deploys", _look_at_deploys),
    Step(2.0, "Ben finds the cause", _talk_in_dev),
    Step(1.0, "Ben pushes a hotfix", _push_fix),
    *rollout_steps(1.5, "The hotfix goes out … and fails", _BROKEN_FIX, "failure"),
    *rollout_steps(3.0, "The hotfix goes out again", _HOTFIX, "success"),
    Step(3.0, "Alertmanager: both alerts resolve", _alerts_resolve),
    Step(3.0, "A flag is switched on, told as a generic event", _flag),
    Step(3.0, "Ada asks for the digest, with /digest now", _digest),
)
