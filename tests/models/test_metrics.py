"""A percentile lies between neighbours, whatever the order of its values."""

from hypothesis import given
from hypothesis import strategies as st

from models.metrics import percentile


def test_a_percentile_lies_between_neighbours() -> None:
    assert (2.5, 3.7) == (percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.9))
    assert percentile([], 0.5) is None


@given(st.lists(st.floats(0, 1e7), min_size=1, max_size=30), st.floats(0, 1))
def test_a_percentile_lies_within_its_values_whatever_their_order(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found is not None
    assert min(values) - 1e-3 <= found <= max(values) + 1e-3
    assert found == percentile(values[::-1], share)
