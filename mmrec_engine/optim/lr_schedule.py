"""Learning-rate schedules as pure functions of the step and of checkpointed values: exact after a resume.

After a linear warmup, with p the finished share of the remaining steps, and never below the floor:

    constant          1
    linear            falls linearly
    cosine            (1 + cos πp) / 2                              Loshchilov and Hutter, "SGDR", 2017
    cosine-restarts   the same, repeated the given number of times, each from the peak        ibid.
    wsd               1, then over the last steps 1 - √q, with q the finished share of these
                                                Hu et al., "MiniCPM", 2024; Hägele et al., "Scaling laws and
                                                compute-optimal training beyond fixed training durations", 2024
    inverse-sqrt      √(warmup / step)          Vaswani et al., "Attention is all you need", 2017
    plateau           multiplied by a factor after each given number of validations without a new best
"""

from __future__ import annotations

import math

from mmrec_engine.settings import Settings


def rate_factor(
    step: int, *, planned: int, settings: Settings, plateaus: int = 0, anchor: tuple[int, float] = (0, 0.0)
) -> float:
    """Share of the peak learning rate at `step` (counted from 1) of `planned` steps; plateaus: their number so far.

    anchor: the step at which the number of planned steps last changed, and the finished share of the schedule at that step; the
    rest of the schedule is spread over the remaining steps, so that the rate is continuous.
    """
    warmup, floor = settings.warmup_steps, settings.learning_rate_floor
    if step <= warmup:
        return step / warmup
    match settings.schedule:
        case "constant":
            return 1.0
        case "inverse-sqrt":
            return max(floor, math.sqrt(max(1, warmup) / step))
        case "plateau":
            return max(floor, settings.plateau_factor**plateaus)
    done = done_share(step, planned=planned, warmup=warmup, anchor=anchor)
    return floor + (1.0 - floor) * _remaining(done, settings)


def done_share(step: int, *, planned: int, warmup: int, anchor: tuple[int, float] = (0, 0.0)) -> float:
    """The finished share of the schedule after the warmup at `step`; anchor: as in `rate_factor`."""
    began, before = anchor if anchor[0] > warmup else (warmup, 0.0)
    if step <= began:
        return before
    return before + (1.0 - before) * min(1.0, (step - began) / max(1, planned - began))


def _remaining(done: float, settings: Settings) -> float:
    """The remaining part of the way from peak to floor, from 1 to 0, at this finished share of the steps after the warmup."""
    match settings.schedule:
        case "linear":
            return 1.0 - done
        case "wsd":
            left = (1.0 - done) / settings.decay_share  # of the steps over which the rate falls
            return 1.0 if left >= 1.0 else 1.0 - math.sqrt(1.0 - left)
        case "cosine-restarts":
            done = math.modf(done * settings.cycles)[0] if done < 1.0 else 1.0
    return 0.5 * (1.0 + math.cos(math.pi * done))
