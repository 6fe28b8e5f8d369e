"""Loss scaling for float16, whose smallest numbers are larger than many gradients: the loss is multiplied by a power of two.

If a gradient overflows, the scale is halved and the same windows are computed again; after many steps without an overflow it is
doubled. Source: Micikevicius et al., "Mixed precision training", 2018; the numbers are those of PyTorch's GradScaler. Pure: it
is part of a checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mmrec_engine.errors import UnusableError

FIRST = 2.0**16
LARGEST = 2.0**24
GROWS_AFTER = 2000  # steps without an overflow


class Overflowed(Exception):
    """A gradient is not finite, but may be with a smaller scale."""


@dataclass(frozen=True)
class LossScale:
    """factor: of the loss, 1 without scaling; good_steps: since it last changed."""

    factor: float = 1.0
    good_steps: int = 0

    @classmethod
    def first(cls, precision: str) -> LossScale:
        return cls(FIRST) if precision == "fp16" else cls()

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> LossScale:
        """The stored loss scale. Raises ValueError if anything is missing or invalid."""
        factor, steps = stored.get("factor"), stored.get("good_steps")
        if not isinstance(factor, float) or not 1.0 <= factor <= LARGEST or math.frexp(factor)[0] != 0.5:
            raise UnusableError("loss-scale")
        if type(steps) is not int or not 0 <= steps < GROWS_AFTER or set(stored) != set(asdict(cls())):
            raise UnusableError("incomplete", what="loss_scale")
        return cls(factor, steps)

    def after_step(self) -> LossScale:
        if self.factor == 1.0:
            return self
        if self.good_steps + 1 < GROWS_AFTER:
            return LossScale(self.factor, self.good_steps + 1)
        return LossScale(min(LARGEST, 2.0 * self.factor))

    def after_overflow(self) -> LossScale:
        return LossScale(max(1.0, self.factor / 2.0))
