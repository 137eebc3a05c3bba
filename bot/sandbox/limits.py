"""How often each method may be called: Slack's tiers and the posting limit.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_minute` calls on average, `burst` at once."""

    per_minute: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rate of each tier, and of posting to one channel."""

    tiers: Mapping[str, Rate]
    posting: Rate


SLACK_RATES = Rates(
    # "1+, 20+, 50+ and 100+ per minute"; "a small amount of burst behaviour is tolerated" in tier 1.
    tiers={
        "tier 1": Rate(1, 3),
        "tier 2": Rate(20, 20),
        "tier 3": Rate(50, 50),
        "tier 4": Rate(100, 100),
        # auth.test: "hundreds of requests per minute", like the other methods of the special tier.
        "special": Rate(300, 300),
    },
    # "1 per second per channel; short bursts > 1 allowed".
    posting=Rate(60, 5),
)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


@dataclass(slots=True)
class RateLimits:
    """Counts calls. A rate is a bucket of `burst` tokens that fills at `per_minute`."""

    rates: Rates | None
    clock: Callable[[], datetime]
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def retry_after(self, method: str, tier: str, channel: str) -> int | None:
        """Count this call. Whole seconds to wait where it comes too soon (it is then not counted), else None."""
        if self.rates is None:
            return None
        if tier == "posting":
            return self._take((method, channel), self.rates.posting)
        return self._take((method, ""), self.rates.tiers[tier])

    def _take(self, key: tuple[str, str], rate: Rate) -> int | None:
        now = self.clock()
        bucket = self._buckets.setdefault(key, _Bucket(rate.burst, now))
        gained = (now - bucket.at).total_seconds() * rate.per_minute / 60
        bucket.tokens, bucket.at = min(rate.burst, bucket.tokens + gained), now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) * 60 / rate.per_minute))
        bucket.tokens -= 1
        return None
