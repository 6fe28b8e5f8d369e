"""A sparkline: a series of values in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

_STEPS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], width: int, low: float | None = None, high: float | None = None) -> str:
    """A curve of at most `width` characters, the newest value last. Values that are not finite are blank.

    If there are more values than characters, each character shows the mean of several. low, high: the values that the lowest
    and the highest character stand for; None: the smallest and the largest value.
    """
    if width < 1 or not values:
        return ""
    count = min(width, len(values))
    parts = [values[len(values) * n // count : len(values) * (n + 1) // count] for n in range(count)]
    means = [_mean([value for value in part if math.isfinite(value)]) for part in parts]
    known = [value for value in means if math.isfinite(value)]
    if not known:
        return " " * count
    bottom, top = min(known) if low is None else low, max(known) if high is None else high
    span = top / 2 - bottom / 2  # halves, because the range of the largest numbers overflows
    highest = len(_STEPS) - 1

    def letter(value: float) -> str:
        if not math.isfinite(value):
            return " "
        return _STEPS[min(highest, max(0, round((value / 2 - bottom / 2) / span * highest))) if span > 0 else 0]

    return "".join(map(letter, means))


def _mean(values: list[float]) -> float:
    return math.fsum(value / len(values) for value in values) if values else math.nan
