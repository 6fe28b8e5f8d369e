import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_engine.runs.curves import Curve, X


def at(step: int) -> X:
    return (step, step * 512, step * 0.01)


def test_short_curve_keeps_every_point() -> None:
    curve = Curve(capacity=8)
    for step in range(1, 9):
        curve.add(at(step), 1 / step)
    assert curve.points() == [(at(step), 1 / step) for step in range(1, 9)]


@pytest.mark.parametrize("spike", [1, 77_777, 100_000])
def test_single_step_spike_is_kept_in_a_long_curve(spike: int) -> None:
    curve = Curve()
    for step in range(1, 100_001):
        curve.add(at(step), 9.0 if step == spike else 2.0 - step / 100_000)
    points = curve.points()
    assert (at(spike), 9.0) in points
    assert len(points) <= 2 * curve.capacity


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=200), st.integers(2, 9))
def test_buckets_keep_real_points_in_order_with_extremes(values: list[float], room: int) -> None:
    curve = Curve(capacity=room)
    for step, value in enumerate(values, 1):
        curve.add(at(step), value)
    kept = [(x[0], value) for x, value in curve.points()]
    assert [step for step, _ in kept] == sorted({step for step, _ in kept})
    assert all(values[step - 1] == value for step, value in kept)
    assert len(kept) <= 2 * room + 1
    for begin in range(0, len(values), curve.width):
        bucket = values[begin : begin + curve.width]
        of_bucket = [value for step, value in kept if begin < step <= begin + curve.width]
        assert (min(of_bucket), max(of_bucket)) == (min(bucket), max(bucket))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_value_makes_a_gap(value: float) -> None:
    curve = Curve()
    for step in range(1, 6):
        curve.add(at(step), value if step in (3, 4) else 1.0)
    assert [x[0] for x, y in curve.points() if math.isnan(y)] == [3]
    assert [x[0] for x, _ in curve.points()] == [1, 2, 3, 5]


def test_number_of_gaps_is_bounded() -> None:
    curve = Curve(capacity=4)
    for step in range(1, 5_000):
        curve.add(at(step), math.nan if step % 2 else 1.0)
    gaps = [x[0] for x, y in curve.points() if math.isnan(y)]
    assert 32 <= len(gaps) <= 64
    assert gaps[0] < 1_000 and gaps[-1] > 4_900
