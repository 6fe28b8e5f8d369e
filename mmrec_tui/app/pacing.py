"""How often the screen is drawn: as often as possible within its share of a core."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SHARE = 0.05  # of one core, at most
FASTEST, SLOWEST = 0.5, 5.0  # seconds between two drawings of the curves
_AGE_SHARE = 1 / 60  # of a run's age: in a young run the curves change each second
_SMOOTHING = 0.4


class RedrawInterval:
    """`tick` is called often; it returns whether the curves are due. used and now: CPU seconds of this thread, and the
    time."""

    def __init__(self, used: Callable[[], float] = time.thread_time, now: Callable[[], float] = time.monotonic) -> None:
        self._used, self._now = used, now
        self._started_used, self._started = used(), now()
        self._share = 0.0
        self.interval = FASTEST

    def tick(self, age: float = math.inf) -> bool:
        """age: seconds since the run began; without it the curves of a short run would lag behind its numbers."""
        slowest = min(SLOWEST, max(FASTEST, age * _AGE_SHARE))
        self.interval = min(self.interval, slowest)
        used, now = self._used(), self._now()
        passed = now - self._started
        if passed < self.interval:
            return False
        share = (used - self._started_used) / passed
        self._share += _SMOOTHING * (share - self._share)
        if self._share > SHARE:
            self.interval = min(slowest, self.interval * min(2.0, self._share / SHARE))
        elif self._share < SHARE / 2:
            self.interval = max(FASTEST, self.interval / 1.25)
        self._started_used, self._started = used, now
        return True
