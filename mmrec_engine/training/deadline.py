"""How many steps fit into the time that is left: by the clock, but only through what it tells the run to record.

The loop asks after each step. An answer becomes an event (`events.Replanned`) and a checkpoint at once, so that a resumed run
goes on with what was decided; between two answers nothing of a run depends on how long anything took.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mmrec_engine.errors import UnusableError

MARGIN = 0.1  # of the steps that are left, by which the number that fits may be another before the plan is changed
_MARGIN_OF_TIME = 0.01  # of the time: a change that matters less than that is left alone
_LEAST_SECONDS, _MOST_SECONDS = 0.3, 5.0  # bounds of that
_APART = 0.02  # of the time, at least, between two changes
_MEMORY = 0.04  # of the time: over how much of it the seconds of a step are averaged
_SHORTEST_MEMORY, _LONGEST_MEMORY = 2.0, 20.0  # seconds
_ROUNDS = 5
_SAFETY = 0.01  # of the time, left over at the end
_UNUSUAL_STEPS = 2  # the first ones of a process are slower: kernels, buffers and threads are made
_ALLOWED, _ALLOWED_SHARE = 7.0, 0.15  # seconds, and share of the time, of the ten seconds that a run may be late
_MOST_SLOWER = 5.0  # times: what comes after the last step is expected to be slower by as much as the steps became


@dataclass(frozen=True)
class Budget:
    """What a checkpoint holds of a run that has a given time.

    used: seconds of it until the checkpoint. seconds_a_step: as they were then. anchor_step, anchor_done: where the number of
    planned steps last changed, and the share of the schedule that was done there (`schedule.rate_factor`).
    """

    used: float = 0.0
    seconds_a_step: float = 0.0
    anchor_step: int = 0
    anchor_done: float = 0.0

    @classmethod
    def of_stored(cls, stored: Mapping[str, Any]) -> Budget:
        """Raises ValueError where it tells anything else."""
        if set(stored) != {one.name for one in fields(cls)}:
            raise UnusableError("incomplete", what="budget")
        for name, value in stored.items():
            kind = int if name == "anchor_step" else float
            if isinstance(value, bool) or not isinstance(value, kind | int) or not 0 <= value < 1e12:
                raise UnusableError("no-valid-value", what="budget", name=name)
        return cls(**stored)

    @property
    def anchor(self) -> tuple[int, float]:
        return self.anchor_step, self.anchor_done


@dataclass(frozen=True)
class Beside:
    """Seconds of what a run does beside its steps: a validation, a checkpoint, and all that comes after the last validation."""

    validation: float = 0.0
    saving: float = 0.0
    ending: float = 0.0


def _multiples(of: int, since: int, before: int) -> int:
    """How many there are from a step on, before another. The first one counts: what is due there is still to come."""
    return max(0, (before - 1) // of - max(0, since - 1) // of)


class Deadline:
    """Keeps a run to its time. All figures are seconds.

    seconds: of the whole run. used: before this process. began: when this process' part of them began, by `clock`.
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
        self._expected = self.seconds_a_step = seconds_a_step
        self._beside = beside
        self._memory = min(_LONGEST_MEMORY, max(_SHORTEST_MEMORY, _MEMORY * seconds))
        self._steps = 0
        self._measured = 0.0  # seconds of steps that were measured
        self._changed_at = -math.inf

    @property
    def used(self) -> float:
        return self._used + max(0.0, self._clock() - self._began)

    @property
    def left(self) -> float:
        return self.seconds - self.used

    def add_step(self, seconds: float) -> None:
        """A step took this long. Its share of the average is that of its length, so that short and long steps count alike."""
        self._steps += 1
        if self._steps <= _UNUSUAL_STEPS:
            return
        self._measured += seconds
        weight = 1.0 - math.exp(-seconds / min(self._memory, max(seconds, self._measured)))
        self.seconds_a_step += weight * (seconds - self.seconds_a_step)

    def add_validation(self, seconds: float) -> None:
        self._beside = Beside(seconds, self._beside.saving, self._beside.ending)

    def add_saving(self, seconds: float) -> None:
        mean = seconds if not self._beside.saving else (self._beside.saving + seconds) / 2
        self._beside = Beside(self._beside.validation, mean, self._beside.ending)

    @property
    def after_the_steps(self) -> float:
        """Seconds from the last step to the end of the process."""
        slower = min(_MOST_SLOWER, max(1.0, self.seconds_a_step / self._expected)) if self._expected else 1.0
        # What a busy machine makes longer may lie beyond the time, as far as that is allowed: it may be over by then.
        ending = max(self._beside.ending, slower * self._beside.ending - min(_ALLOWED, _ALLOWED_SHARE * self.seconds))
        return self._beside.validation + self._beside.saving + ending + _SAFETY * self.seconds

    def fitting(self, step: int, eval_every: int | None, checkpoint_every: int) -> int:
        """The step that should be the last one, as things are."""
        left, each = self.left - self.after_the_steps, max(self.seconds_a_step, 1e-6)
        beside = [(self._beside.saving, checkpoint_every)]
        if eval_every:
            beside.append((self._beside.validation, eval_every))
        with_all = each + sum(seconds / every for seconds, every in beside)
        steps = 0
        unused = left
        for _ in range(_ROUNDS):  # by the mean first, then by what stands between these very steps
            steps = max(0, steps + int(unused / with_all))
            taken = sum(seconds * _multiples(every, step, step + steps) for seconds, every in beside)
            unused = left - steps * each - taken
        return step + steps

    def decide(self, step: int, planned: int, eval_every: int | None, checkpoint_every: int) -> int | None:
        """How many steps the run is to have now, where that is clearly other than planned; None: as planned."""
        fitting = self.fitting(step, eval_every, checkpoint_every)
        if fitting <= step < planned:
            return step  # the time is over
        now = self._clock()
        if step >= planned or now - self._changed_at < _APART * self.seconds:
            return None
        tolerated = min(_MOST_SECONDS, max(_LEAST_SECONDS, _MARGIN_OF_TIME * self.seconds)) / max(
            self.seconds_a_step, 1e-6
        )
        if abs(fitting - planned) <= max(MARGIN * (planned - step), tolerated):
            return None
        self._changed_at = now
        return fitting
