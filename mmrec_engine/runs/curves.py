"""A series of values over a run, in bounded memory. Pure; must not know: events, drawing.

Min-max decimation: consecutive points share a bucket, which keeps its smallest and its largest point. A spike of a single step
is still there after a million steps, and the bands of a noisy curve keep their width; a mean would lose both.
"""

from __future__ import annotations

import math

X = tuple[int, int, float]  # step, tokens seen, seconds of training
Point = tuple[X, float]

_MOST_GAPS = 64


class Curve:
    """A series of (x, value) in the order of steps: at most 2 × `capacity` points, the last one, and a few of its gaps."""

    def __init__(self, capacity: int = 512) -> None:
        if capacity < 2:
            raise ValueError("a curve needs room for two buckets at least")
        self.capacity = capacity
        self.width = 1  # points in a full bucket
        self._room = 0  # points that still go into the last bucket
        self._lows: list[Point] = []
        self._highs: list[Point] = []
        self._low = self._high = 0.0  # of the last bucket
        self._gaps: list[Point] = []
        self._in_gap = False
        self._last: Point | None = None

    def add(self, x: X, value: float) -> None:
        """Add the next point. A value that is not finite makes a gap."""
        if not -math.inf < value < math.inf:
            self._add_gap(x)
            return
        self._in_gap = False
        self._last = (x, value)
        if self._room:
            self._room -= 1
            if value < self._low:
                self._low, self._lows[-1] = value, (x, value)
            elif value > self._high:
                self._high, self._highs[-1] = value, (x, value)
            return
        if len(self._lows) == self.capacity:
            self._merge()
            self.add(x, value)  # into the last bucket, if it had no neighbour to merge with, or a new one
            return
        self._room = self.width - 1
        self._low = self._high = value
        point = (x, value)
        self._lows.append(point)
        self._highs.append(point)

    def points(self) -> list[Point]:
        """The kept points in the order of the steps; (x, nan) for a gap."""
        kept = [*self._lows, *(high for low, high in zip(self._lows, self._highs, strict=True) if high is not low)]
        if self._last is not None and self._last not in (self._lows[-1], self._highs[-1]):
            kept.append(self._last)
        return sorted(kept + self._gaps, key=lambda point: point[0][0])

    def _merge(self) -> None:
        """Merge every two neighbouring buckets."""
        lows, highs = self._lows, self._highs
        self._room = self.width if len(lows) % 2 else 0
        self.width *= 2
        self._lows = [min(lows[i : i + 2], key=_value) for i in range(0, len(lows), 2)]
        self._highs = [max(highs[i : i + 2], key=_value) for i in range(0, len(highs), 2)]
        self._low, self._high = self._lows[-1][1], self._highs[-1][1]

    def _add_gap(self, x: X) -> None:
        if self._in_gap:  # consecutive ones are a single gap
            return
        self._in_gap = True
        if len(self._gaps) == _MOST_GAPS:
            del self._gaps[1::2]
        self._gaps.append((x, math.nan))


def _value(point: Point) -> float:
    return point[1]
