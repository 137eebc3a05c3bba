from datetime import UTC, timedelta

from bot.clock import monotonic, new_id, sleep, utc_now


def test_now_is_aware_in_utc_and_goes_on() -> None:
    before = utc_now()
    assert UTC is before.tzinfo
    assert timedelta(0) <= utc_now() - before < timedelta(minutes=1)


def test_every_identity_is_new_and_fits_a_url() -> None:
    made = {new_id() for _ in range(1_000)}
    assert 1_000 == len(made)
    assert all(32 == len(one) and one.isalnum() for one in made)


async def test_sleeping_takes_its_time() -> None:
    before = monotonic()
    await sleep(0.02)
    assert 0.02 <= monotonic() - before + 0.005
