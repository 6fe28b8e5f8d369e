"""An exponential moving average of a noisy curve that is correct from the first step on and reaches the last.

The bias correction is that of Adam (Kingma and Ba 2015, section 3): the mean is divided by its total weight, so
it does not start from zero. In a young run the loss falls faster than a fixed decay can follow; therefore the decay is
limited at first, as with TensorFlow's `num_updates`, so that the mean covers at most a twentieth of the steps so far.
"""

from __future__ import annotations

DECAYS = (0.8, 0.95, 0.99)
USUAL_DECAY = 0.95
_SHARE_OF_RUN = 0.05


class Ema:
    """decay: the weight kept from one step to the next once the run is long enough, 0 ≤ decay < 1."""

    def __init__(self, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError("a decay lies from 0 to below 1")
        self.decay = decay
        self._sum = self._weight = 0.0

    @property
    def value(self) -> float | None:
        """The mean so far; None before the first value."""
        return self._sum / self._weight if self._weight else None

    def add(self, value: float, step: int, steps: int = 1) -> float:
        """Add a finite value, and return the mean. step: its number in the run; steps: how many it is after the last one."""
        kept: float = min(self.decay, 1 - 1 / (1 + _SHARE_OF_RUN * step)) ** max(1, steps)
        self._sum = kept * self._sum + (1 - kept) * value
        self._weight = kept * self._weight + (1 - kept)
        return self._sum / self._weight
