"""Steps at which a run with a target loss evaluates a sample of the validation split. Pure functions of counts.

A whole validation takes as long as many steps, and it is unknown when the target is near. So samples are evaluated:
rarely while the loss is far from the target, often when it is close; once they suggest that it is reached, the whole split
decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from mmrec_engine.errors import UnusableError

FIRST_LOOK = 16  # step
SAMPLE_TOKENS = 8192
CLOSE_SAMPLE_TOKENS = 16_384
_CLOSE = 0.04  # of the target: this near, a larger sample pays
_ERROR = 0.02  # of a small sample's loss, by which it may be too high
# Of the target: the difference between a sample and the whole split drifts a little, and the sample has the precision of the
# training; a needless whole validation costs more than a step too many.
_MARGIN = 2.5e-3
# Losses fall slower than step^-0.1 after the first steps (measured: -0.07 near 1.9 nats, -0.11 near 2.1), so
# samples are not too late.
_FALLS_AT_MOST = 0.1
_SHORTEST_WAIT, _LONGEST_WAIT = 0.03, 1.0  # of the steps so far


@dataclass(frozen=True)
class TargetEstimate:
    """The results of the samples, which are part of a checkpoint.

    next_step: of the next sample. loss: of the last sample, nats a token. apart: how much higher the loss of the whole split is
    than that of a close sample; measured with the first close one. whole_step: at which the whole split is to be evaluated.
    """

    next_step: int = FIRST_LOOK
    loss: float | None = None
    apart: float | None = None
    whole_step: int = 0

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> TargetEstimate:
        """The stored estimate. Raises ValueError if anything is missing or invalid."""
        if set(stored) != {one.name for one in fields(cls)}:
            raise UnusableError("incomplete", what="outlook")
        for name, value in stored.items():
            kinds = (int,) if name.endswith("step") else (float, type(None))
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise UnusableError("no-valid-value", what="outlook", name=name)
        return cls(**stored)

    def sample(self, target: float) -> tuple[int, bool]:
        """Tokens of the next sample, and whether to evaluate the other windows too, to measure the sample's error."""
        far = self.loss is None or not self.loss <= target * (1 + _CLOSE)
        if self.apart is None and far:
            return SAMPLE_TOKENS, False
        return CLOSE_SAMPLE_TOKENS, self.apart is None

    def after_sample(self, step: int, loss: float, beside: float, target: float) -> TargetEstimate:
        """loss: of the sample at `step`; beside: of all evaluated windows."""
        close = self.sample(target)[0] == CLOSE_SAMPLE_TOKENS
        apart = beside - loss if close and self.apart is None else self.apart
        expected = loss + (apart or 0.0) if close else loss * (1 - _ERROR)
        arrived = close and expected <= target * (1 - _MARGIN)
        return TargetEstimate(_next_look(step, expected, target), loss, apart, step if arrived else self.whole_step)

    def after_whole(self, step: int, loss: float, target: float) -> TargetEstimate:
        """loss: of the whole split at `step`. After a sample, this corrects their difference."""
        apart = loss - self.loss if self.loss is not None and self.whole_step == step else self.apart
        return replace(self, next_step=_next_look(step, loss, target), apart=apart)


def _next_look(step: int, loss: float, target: float) -> int:
    """The earliest step at which a loss that is `loss` now may reach the target."""
    left = (loss / target - 1.0) / _FALLS_AT_MOST if math.isfinite(loss) else math.inf
    return step + max(1, math.ceil(min(_LONGEST_WAIT, max(_SHORTEST_WAIT, left)) * step))
