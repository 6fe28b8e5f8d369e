"""How many steps fit into the remaining time: by the clock, but with an effect only through recorded events.

The loop calls this after each step. A new plan becomes an event (`events.Replanned`) and a checkpoint at once, so that a
resumed run uses the same plan; between two plans nothing of a run depends on times.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mmrec_engine.errors import UnusableError

MARGIN = 0.1  # of the remaining steps: a smaller difference does not change the plan
_MARGIN_OF_TIME = 0.01  # of the time: a smaller change is ignored
_LEAST_SECONDS, _MOST_SECONDS = 0.3, 5.0  # its bounds
_APART = 0.04  # of the time, at least, between two changes
# The period over which the speed is averaged: a share of the time that is left, so that a short stall early in a run hardly
# changes the plan, and the plan follows quickly near the end. Its bounds are in seconds.
_MEMORY = 0.15
_SHORTEST_MEMORY, _LONGEST_MEMORY = 2.0, 60.0
_STALLED = 8.0  # times the seconds of a step: more is a stall, not a slower machine
_MOST_OF_A_STALL = 0.5  # its weight in the average, at most
_SHORTEST_STEP = 1e-6  # seconds
_SAFETY = 0.01  # of the time, reserved at the end
_UNUSUAL_STEPS = 2  # the first steps of a process are slower: kernels, buffers and threads are created
_ALLOWED, _ALLOWED_SHARE = 7.0, 0.15  # seconds, and share of the time, of the allowed ten seconds
_MOST_SLOWER = 5.0  # times that the steps are slower
# What follows the last step is mostly the work of one thread: a busy machine slows it less than steps, whose threads wait for
# each other (five times slower steps: an ending of 8 and 15 seconds instead of 6.6).
_OF_ONE_THREAD = 0.7  # exponent of the factor


@dataclass(frozen=True)
class Budget:
    """The part of a checkpoint for a run with a given time.

    used: seconds of it until the checkpoint. seconds_a_step: at that time. anchor_step, anchor_done: the step at which the
    number of planned steps last changed, and the finished share of the schedule at that step (`lr_schedule.rate_factor`).
    since_step: the step at which the run was given a time.
    """

    used: float = 0.0
    seconds_a_step: float = 0.0
    anchor_step: int = 0
    anchor_done: float = 0.0
    since_step: int = 0

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> Budget:
        """Raises ValueError if anything is missing or invalid."""
        stored = {"since_step": 0, **stored}  # which earlier checkpoints lack
        if set(stored) != {one.name for one in fields(cls)}:
            raise UnusableError("incomplete", what="budget")
        for name, value in stored.items():
            kind = int if name in ("anchor_step", "since_step") else float
            if isinstance(value, bool) or not isinstance(value, kind | int) or not 0 <= value < 1e12:
                raise UnusableError("no-valid-value", what="budget", name=name)
        return cls(**stored)

    @property
    def anchor(self) -> tuple[int, float]:
        return self.anchor_step, self.anchor_done


@dataclass(frozen=True)
class Beside:
    """Seconds of a run beside its steps: a validation, a checkpoint, and everything after the last validation."""

    validation: float = 0.0
    saving: float = 0.0
    ending: float = 0.0


def _multiples(of: int, since: int, before: int) -> int:
    """Their number from a step on, before another. The one due at the first step is included."""
    return max(0, (before - 1) // of - max(0, since - 1) // of)


class Deadline:
    """Plans a run so that it ends in time. All figures are seconds.

    seconds: of the whole run. used: before this process. began: when this process started, by `clock`.
    seconds_a_step: as measured before the first step.
    """

    def __init__(
        self,
        seconds: float,
        began: float,
        used: float,
        seconds_a_step: float,
        beside: Beside,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds, self._began, self._used, self._clock = seconds, began, used, clock
        self._expected = seconds_a_step
        self._speed = 1.0 / max(seconds_a_step, _SHORTEST_STEP)  # steps a second
        self._beside = beside
        self._steps = 0
        self._measured = 0.0  # seconds of the measured steps
        self._changed_at = -math.inf

    @property
    def seconds_a_step(self) -> float:
        """At the average speed of the last time."""
        return 1.0 / self._speed

    @property
    def used(self) -> float:
        return self._used + max(0.0, self._clock() - self._began)

    @property
    def left(self) -> float:
        return self.seconds - self.used

    def add_pause(self, seconds: float) -> None:
        """The run was paused on request: this does not count as its time."""
        self._began += seconds

    def add_step(self, seconds: float) -> None:
        """Add a step's duration. The average is one of the speed over time, so that a single long step counts as one step."""
        self._steps += 1
        if self._steps <= _UNUSUAL_STEPS:
            return
        self._measured += seconds
        memory = min(_LONGEST_MEMORY, max(_SHORTEST_MEMORY, _MEMORY * self.left))
        weight = 1.0 - math.exp(-seconds / min(memory, max(seconds, self._measured)))
        if seconds > _STALLED * self.seconds_a_step:
            weight = min(_MOST_OF_A_STALL, weight)
        self._speed += weight * (1.0 / max(seconds, _SHORTEST_STEP) - self._speed)

    def add_validation(self, seconds: float) -> None:
        self._beside = Beside(seconds, self._beside.saving, self._beside.ending)

    def add_saving(self, seconds: float) -> None:
        mean = seconds if not self._beside.saving else (self._beside.saving + seconds) / 2
        self._beside = Beside(self._beside.validation, mean, self._beside.ending)

    @property
    def after_the_steps(self) -> float:
        """Seconds from the last step to the end of the process."""
        slower = min(_MOST_SLOWER, max(1.0, self.seconds_a_step / self._expected)) if self._expected else 1.0
        slower = math.pow(slower, _OF_ONE_THREAD)
        # The slowdown of a busy machine may exceed the time, as far as that is allowed: it may end by then.
        ending = max(self._beside.ending, slower * self._beside.ending - min(_ALLOWED, _ALLOWED_SHARE * self.seconds))
        return self._beside.validation + self._beside.saving + ending + _SAFETY * self.seconds

    def fitting(self, step: int, eval_every: int, checkpoint_every: int) -> int:
        """The last step, at the present speed, with what is validated and saved before it."""
        left, each = self.left - self.after_the_steps, self.seconds_a_step
        validation, saving = self._beside.validation, self._beside.saving

        def taken(steps: int) -> float:
            validations = _multiples(eval_every, step, step + steps)
            return steps * each + validations * validation + _multiples(checkpoint_every, step, step + steps) * saving

        # The most steps that end in time: one more could begin with a validation that takes longer than all the rest.
        return step + max(0, bisect_right(range(max(0, int(left / each)) + 1), left, key=taken) - 1)

    def decide(
        self, step: int, planned: int, eval_every: int, checkpoint_every: int, most: int | None = None
    ) -> int | None:
        """The new number of steps, at most `most`, if it clearly differs from the plan; None: no change, or no speed was
        measured yet."""
        fitting = self.fitting(step, eval_every, checkpoint_every)
        if fitting <= step < planned:
            return step  # the time is over
        fitting = fitting if most is None else min(fitting, most)
        now = self._clock()
        if step >= planned or self._steps <= _UNUSUAL_STEPS or now - self._changed_at < _APART * self.seconds:
            return None
        tolerated = min(_MOST_SECONDS, max(_LEAST_SECONDS, _MARGIN_OF_TIME * self.seconds)) / self.seconds_a_step
        if abs(fitting - planned) <= max(MARGIN * (planned - step), tolerated):
            return None
        self._changed_at = now
        return fitting
