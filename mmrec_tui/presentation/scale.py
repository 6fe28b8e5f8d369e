"""Axes with round numbers: the values of a plot's rows and columns, its ticks, and how many points it needs. Pure.

Ticks are 1, 2 or 5 times a power of ten apart; on a time axis, units of a clock. On the linear axis of y the ends are moved
so that a tick has exactly the value of its row, and ticks are the same number of rows apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_CLOCK = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1200,
    1800,
    3600,
    7200,
    18_000,
    36_000,
    86_400,
    172_800,
    432_000,
    864_000,
)  # seconds
_NEAR = 1e-9
_BEGINNING = 0.25  # share of the visible range whose high values may be cut
_SQUASHED = 4.0  # times the height of the later values: from then on they are cut
_LEAST_LATER = 4  # values
_USUAL = 0.99  # quantile of the later values; single outliers are cut too


@dataclass(frozen=True)
class Scale:
    """bottom, top: values of the lowest and the highest row (logarithms on a logarithmic axis). ticks: values as they are
    written, in rising order; gap: the smallest distance between two of them."""

    bottom: float
    top: float
    ticks: tuple[float, ...]
    gap: float
    log: bool = False

    def row(self, value: float, rows: int) -> int:
        """The row from above, which may be outside 0 … rows - 1. value: as written, not its logarithm."""
        place = math.log10(value) if self.log else value
        return rows - 1 - round((place - self.bottom) / (self.top - self.bottom) * (rows - 1))


def y_scale(low: float, high: float, rows: int, *, log: bool = False) -> Scale:
    """A scale of `rows` rows that contains low … high. log: low and high are logarithms."""
    low, high = apart(low, high)
    if log:
        return _log_scale(low, high, rows)
    if rows < 3:
        return Scale(low, high, tuple(ticks(low, high, 1)[:1]), high - low)
    # Rows between two ticks. In few rows any number of them, so that the curve uses the height.
    least, most = (1 if rows < 8 else 2, rows - 1) if rows < 10 else (3, (rows - 1) // 2)
    choices = [(gap / between, gap) for gap in _gaps((high - low) / rows) for between in range(least, most + 1)]
    # The finest value of a row first; a tick in each row only where that uses the height better.
    for unit, gap in sorted(choices, key=lambda one: (one[0], one[1] == one[0], one[1])):
        first, last = math.floor(low / unit + _NEAR), math.ceil(high / unit - _NEAR)
        if last - first > rows - 1:
            continue
        first -= (rows - 1 - (last - first)) // 2
        if first < 0 <= low:  # non-negative values need no space below zero
            first = 0
        between = round(gap / unit)
        numbers = range(math.ceil(first / between), (first + rows - 1) // between + 1)
        if len(numbers) > 1:
            return Scale(first * unit, (first + rows - 1) * unit, tuple(n * gap for n in numbers), gap)
    return Scale(low, high, (low, high), high - low)  # beyond the resolution of a float


def _log_scale(low: float, high: float, rows: int) -> Scale:
    """Ticks at 1, 2 and 5 times powers of ten, or finer round numbers if these are fewer than two."""
    margin = 0.02 * (high - low)
    bottom, top = low - margin, high + margin
    powers = range(math.floor(bottom) - 1, math.ceil(top) + 1)
    most = max(2, rows // 2)
    found: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        found = [value for value in found if value > 0 and bottom - _NEAR <= math.log10(value) <= top + _NEAR]
        if len(found) <= most:
            break
    if len(found) > most:
        found = found[:: -(-len(found) // most)]
    if len(found) < 2 and abs(bottom) < 300 and abs(top) < 300:
        found = [value for value in ticks(10**bottom, 10**top, max(2, rows // 4)) if value > 0]
    gap = min((b - a for a, b in itertools.pairwise(found)), default=1.0)
    return Scale(bottom, top, tuple(found), gap, log=True)


def ticks(low: float, high: float, most: int, *, clock: bool = False) -> list[float]:
    """Round numbers between low and high: at least two if the range has them, and about `most`. clock: seconds."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, most)
    candidates = [float(gap) for gap in _CLOCK if gap >= rough] if clock and rough <= _CLOCK[-1] else list(_gaps(rough))
    finer = [float(gap) for gap in reversed(_CLOCK) if gap < rough] if clock else list(_gaps(rough, down=True))
    for gap in [candidates[0], *finer]:
        first = math.ceil(low / gap - _NEAR)
        found = [number * gap for number in range(first, math.floor(high / gap + _NEAR) + 1)]
        if len(found) > 1:  # a single tick gives no scale: better one more than wanted
            return found if len(found) <= max(4, most + 2) else found[::2]
    return [low, high]


def _gaps(rough: float, *, down: bool = False) -> Iterator[float]:
    """1, 2 or 5 times a power of ten: from `rough` upwards, or below it downwards."""
    power = math.floor(math.log10(rough)) if rough > 0 else 0
    every = [factor * 10.0**number for number in range(power - 2, power + 3) for factor in (1, 2, 5)]
    if down:
        yield from reversed([gap for gap in every if gap < rough * (1 - _NEAR)])
    else:
        yield from (gap for gap in every if gap >= rough * (1 - _NEAR))


def upper_limit(
    curves: Iterable[Sequence[tuple[float, float]]],
    left: float,
    right: float,
    kept: Iterable[Sequence[tuple[float, float]]] = (),
) -> float:
    """The height from which first values are cut, because they would squash those after them; infinity if they would not.
    kept: points of which the newest and the later ones are not cut, however few they are."""
    begin = left + _BEGINNING * (right - left)
    finite = [(x, y) for points in curves for x, y in points if math.isfinite(y)]
    later = sorted(y for x, y in finite if x >= begin)
    if len(later) < _LEAST_LATER:
        return math.inf
    low, high = later[0], later[math.ceil(_USUAL * (len(later) - 1))]
    seen = [y for points in kept for x, y in points if x >= min(begin, points[-1][0])]
    high = max([high, *filter(math.isfinite, seen)])
    top = high + 0.1 * (high - low)
    return top if max(y for _, y in finite) - low > _SQUASHED * (top - low) > 0 else math.inf


def apart(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis, moved apart for a flat line: down, or up, to zero."""
    if high - low >= 1e-9 * max(abs(low), abs(high), 1e-290):
        return low, high
    return (min(low, 0.0), max(high, 0.0)) if abs(low) >= 1e-290 else (0.0, 1.0)


def powers(low: float, high: float, most: int) -> list[float]:
    """Logarithms between low and high, whole ones if there are at least two, and about `most` of them at most."""
    whole = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    if len(whole) < 2:
        return [math.log10(value) for value in ticks(10**low, 10**high, most) if value > 0]
    return [float(power) for power in whole[:: -(-len(whole) // (most + 1))]]


def thinned(points: list[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Min and max of each interval, so that a plot takes the same time however long the run is."""
    if len(points) <= most:
        return points
    stretch = -(-2 * len(points) // most)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        finite = [point for point in part if math.isfinite(point[1])]
        if finite:
            low, high = min(finite, key=lambda point: point[1]), max(finite, key=lambda point: point[1])
            kept.extend(sorted({low, high}))
        if len(finite) < len(part):
            kept.append((part[-1][0], math.nan))
    return kept
