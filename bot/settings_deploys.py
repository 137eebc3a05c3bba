"""The `deploys` of `twinspan.yaml`: how long a deployment is unverified, and how long one usually takes."""

from pydantic import Field

from bot.settings_entry import Entry

MOST_SOAK_MINUTES = 14 * 24 * 60


class DeploysEntry(Entry):
    """Deployments: how long they soak, and when one that does not end is missed."""

    soak_minutes: float = Field(
        default=60,
        ge=0,
        le=MOST_SOAK_MINUTES,
        description="How long a deployment to production is unverified after it succeeded; 0: it never is.",
    )
    usual_minutes: float = Field(
        default=20,
        gt=0,
        le=24 * 60,
        description="How long a deployment usually takes, where there is no history: after three times as long it is "
        "unknown.",
    )
