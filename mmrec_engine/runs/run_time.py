"""How long a run takes: its steps, and what it does beside them. The same arithmetic for a plan and for a run under way.

A plan knows the costs from a calibration (`planning/throughput.py`), a run under way from its own events (`MeasuredCosts`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from mmrec_engine import events

SAMPLE_TOKENS = 120  # written after each validation
FINAL_SAMPLE_TOKENS = 400  # written by the checks after training
MOST_BESIDE = 2**16  # training tokens that are evaluated beside the validation split
_RELOADED_TOKENS = 2**14  # evaluated again by a new process at the end
_PROCESS_SECONDS = 1.0  # of that process, of the report and of the rest of the ending
_RECENT_STEPS = 50
_FORWARD_SHARE = 1 / 3  # of a training step: forward, and backward that costs twice as much
_PARTS = ("validation", "writing", "saving", "other")
_WRITING_STEPS = 3  # steps that a sample takes about as long as


@dataclass(frozen=True)
class Costs:
    """Seconds of a step, of an evaluation (the validation split, and training windows beside it), of the sample that is written
    after it, and of a saved checkpoint."""

    step: float
    validation: float = 0.0
    writing: float = 0.0
    saving: float = 0.0

    def least(self, other: Costs) -> Costs:
        """Of two measurements: other work on the machine only ever makes one longer."""
        return Costs(*map(min, astuple(self), astuple(other)))


@dataclass(frozen=True)
class Schedule:
    """When a run does what. windows: of the validation split, of `length` tokens each; windows_a_step: of training."""

    planned_steps: int
    validates_every: int
    saves_every: int
    windows: int
    length: int
    windows_a_step: int

    @property
    def tokens_a_step(self) -> int:
        return self.length * self.windows_a_step

    def seconds_from(self, step: int, costs: Costs) -> float:
        """From this step to the end, the checks after training included. Early stopping is not foreseen."""
        validations, saves = self._times(step, self.validates_every), self.planned_steps // self.saves_every
        saves += 1 + validations - step // self.saves_every  # the last one, and each new best
        each = costs.validation + costs.writing
        steps = max(0, self.planned_steps - step)
        return steps * costs.step + validations * each + max(0, saves) * costs.saving + self._ending(costs)

    def seconds_an_epoch(self, steps: int, costs: Costs) -> float:
        """Of an epoch of so many steps, with the evaluations and the saving in it."""
        validations = steps / self.validates_every
        saves = validations + steps / self.saves_every
        return steps * costs.step + validations * (costs.validation + costs.writing) + saves * costs.saving

    def _times(self, step: int, every: int) -> int:
        """Multiples of `every` that are left, and the last step."""
        last = self.planned_steps % every != 0 and step < self.planned_steps
        return max(0, self.planned_steps // every - step // every) + last

    def _ending(self, costs: Costs) -> float:
        tokens = max(1, self.windows * self.length)
        whole = costs.validation * tokens / (tokens + min(tokens, MOST_BESIDE))
        again = whole * min(1.0, _RELOADED_TOKENS / tokens)
        return whole + again + costs.writing * FINAL_SAMPLE_TOKENS / SAMPLE_TOKENS + _PROCESS_SECONDS


def schedule_of(planned_steps: int, settings: Mapping[str, Any], epoch: int, windows: object) -> Schedule | None:
    """epoch: its steps; windows: of the validation split. None where the settings, which may come from a damaged record, do not
    tell."""
    every = settings.get("eval_every") or epoch
    names = ("checkpoint_every", "seq_len", "batch_size", "accumulate")
    saves, length, batch, batches = (settings.get(name) for name in names)
    if not all(isinstance(value, int) and value > 0 for value in (every, saves, windows, length, batch, batches)):
        return None
    return Schedule(planned_steps, every, saves, windows, length, batch * batches)  # type: ignore[operator,arg-type]


@dataclass
class MeasuredCosts:
    """What the parts of a run have taken so far, from its events in their order."""

    _paces: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT_STEPS))  # seconds a step
    _parts: dict[str, _Mean] = field(default_factory=lambda: {name: _Mean() for name in _PARTS})
    _part: str = ""
    _since: float | None = None

    @property
    def seconds_a_step(self) -> float | None:
        """Mean of the last steps."""
        return sum(self._paces) / len(self._paces) if self._paces else None

    def add_pace(self, seconds: float) -> None:
        self._paces.append(seconds)

    def end_part(self) -> None:
        """A step: what was under way beside the steps is over."""
        self._since = None

    def add_state(self, event: events.State) -> None:
        if event.state != "PREPARING":  # between SAVING and PREPARING lies the time in which no process ran
            self._close(event.time)
        self._part = {"VALIDATING": "other", "SAVING": "saving"}.get(event.state, "")
        self._since = event.time if self._part else None

    def add_validation(self, event: events.Validation) -> None:
        """What was under way was this evaluation. After one of the whole split, text is written."""
        if self._since is not None and not event.sampled:
            self._part = "validation"
            self._close(event.time)
            self._part, self._since = "writing", event.time

    def _close(self, time: float) -> None:
        if self._since is not None:
            self._parts[self._part].add(max(0.0, time - self._since))

    def seconds_left(self, step: int, planned: int, schedule: Schedule | None) -> float | None:
        """schedule: none where it is not known; then as much beside each step as so far."""
        pace = self.seconds_a_step
        if pace is None:
            return None
        left = max(0, planned - step)
        if schedule is None:
            beside = math.fsum(part.total for part in self._parts.values())
            seconds = left * (pace + beside / max(1, step))
        else:
            costs = _guessed(pace, schedule)
            known = {name: part.mean for name, part in self._parts.items() if name != "other" and part.count}
            seconds = schedule.seconds_from(step, replace(costs, **known))
            seconds += left * self._parts["other"].total / max(1, step)
        return seconds if math.isfinite(seconds) else None


@dataclass
class _Mean:
    count: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.count, self.total = self.count + 1, self.total + value

    @property
    def mean(self) -> float:
        return self.total / self.count


def _guessed(pace: float, schedule: Schedule) -> Costs:
    """Before the first evaluation, from the pace of the steps."""
    tokens = schedule.windows * schedule.length
    evaluated = tokens + min(tokens, MOST_BESIDE)
    return Costs(pace, pace * _FORWARD_SHARE * evaluated / schedule.tokens_a_step, _WRITING_STEPS * pace)
