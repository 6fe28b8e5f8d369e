"""Learning-rate schedules as pure functions of the step: exact under resume, because there is nothing to save."""

from __future__ import annotations

import math


def rate_factor(step: int, *, planned: int, warmup: int, schedule: str, floor: float) -> float:
    """Share of the peak learning rate at `step` (counted from 1) of `planned` steps.

    Linear warmup over `warmup` steps, then cosine (Loshchilov and Hutter 2017), linear or constant down to `floor` at the
    last step.
    """
    if step <= warmup:
        return step / warmup
    if schedule == "constant":
        return 1.0
    done = min(1.0, (step - warmup) / max(1, planned - warmup))
    remaining = 1.0 - done if schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    return floor + (1.0 - floor) * remaining
