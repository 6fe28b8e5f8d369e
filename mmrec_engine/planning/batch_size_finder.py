"""The batch size that trains fastest on this machine, and the largest that fits.

    for batch 1, 2, 4, …: estimate its memory ─► refuse, or make real steps ─► tokens a second, seconds a step, memory

Tokens a second rise with the batch until the machine is busy; beyond that a larger batch only takes memory and makes fewer
steps of an epoch. So the smallest batch near the best is suggested. The steps are those of `throughput.measure`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Literal

import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.model.memory_estimate import fits
from mmrec_engine.planning.throughput import measure
from mmrec_engine.settings import FIELDS, MOST_TOKENS_A_BATCH, Settings
from mmrec_engine.system.determinism import process_restored
from mmrec_engine.system.memory import USABLE, PeakMemory, ran_out
from mmrec_engine.training.device import Machine, no_memory, resolve_machine

NEAR_BEST = 0.05  # share of the best tokens a second that a smaller batch may lack
_TRIAL_SHARE = 1 / 30  # of all the time: for one batch
_LONGEST_TRIAL = 3.0  # seconds
_STEPS_A_TRIAL = 2  # at least: one that allocates buffers, one that is measured
Outcome = Literal["measured", "no-memory", "out-of-memory", "no-time"]
Ending = Literal["memory", "time", "text", "limit"]


@dataclass(frozen=True)
class BatchTrial:
    """One batch. outcome: measured; refused by its estimate (no-memory); failed to allocate (out-of-memory); cut short.

    estimated_bytes, measured_bytes: peak beyond the memory of the process before; measured is None if the system does not
    report it. optimizer_share: of a step's time.
    """

    batch_size: int
    outcome: Outcome
    estimated_bytes: int
    measured_bytes: int | None = None
    seconds_a_step: float | None = None
    tokens_per_second: float | None = None
    optimizer_share: float | None = None


@dataclass(frozen=True)
class BatchSearch:
    """The results so far. windows: of an epoch; current: windows a batch and batches a step in the settings.

    trying: the batch that is being measured; ended_by: why there is no larger batch, None during the search: memory, time, the
    text (a batch is more than an epoch), or the limit of the settings.
    """

    windows: int
    current: tuple[int, int]
    tried: tuple[BatchTrial, ...] = ()
    trying: int | None = None
    ended_by: Ending | None = None

    @property
    def measured(self) -> tuple[BatchTrial, ...]:
        return tuple(trial for trial in self.tried if trial.outcome == "measured")

    @property
    def fastest(self) -> int | None:
        """The batch with the most tokens a second."""
        return max(self.measured, key=_speed).batch_size if self.measured else None

    @property
    def largest(self) -> int | None:
        """The largest batch that was trained with."""
        return max((trial.batch_size for trial in self.measured), default=None)

    @property
    def suggestion(self) -> int | None:
        """The smallest batch whose tokens a second are near the best; None during the search."""
        if self.ended_by is None or not self.measured:
            return None
        enough = (1 - NEAR_BEST) * max(_speed(trial) for trial in self.measured)
        return min(trial.batch_size for trial in self.measured if _speed(trial) >= enough)

    @property
    def accumulate(self) -> int | None:
        """Batches of the suggested size a step, so that a step has as many windows as now; 1 if one batch has as many."""
        if self.suggestion is None:
            return None
        return max(1, round(self.current[0] * self.current[1] / self.suggestion))

    def steps_an_epoch(self, batch_size: int, accumulate: int) -> int:
        return -(-self.windows // (batch_size * accumulate))


def search_batches(
    settings: Settings,
    vocabulary: int,
    windows: int,
    *,
    seconds: float,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[BatchSearch, None, None]:
    """Search for about `seconds`, and yield the results before and after each trial, the last time with `ended_by`.

    vocabulary: ids, including special ones. windows: training windows of an epoch. `stop` is called between two steps; if it
    returns True, the search ends without a result. Sets threads and deterministic mode as a run does until it ends or
    is closed, so it must not run during a training. Raises RequestError if not even one window fits into memory, if no trial
    ends in time, and for a device that does not exist.
    """
    with process_restored():
        machine = resolve_machine(settings)
        settings = replace(settings, precision=machine.precision, threads=machine.threads)
        yield from _search(settings, vocabulary, windows, machine, seconds, stop)


def _search(
    settings: Settings, vocabulary: int, windows: int, machine: Machine, seconds: float, stop: Callable[[], bool]
) -> Generator[BatchSearch, None, None]:
    deadline = time.monotonic() + seconds
    memory = TrialMemory(machine)
    found = BatchSearch(windows, (settings.batch_size, settings.accumulate))
    batch_size = 1
    while not stop():
        ending = _limit(batch_size, settings, windows)
        if ending is None and _too_long(found, deadline):
            ending = "time"
        if ending is not None:
            yield replace(found, ended_by=ending)
            return
        tried = replace(settings, batch_size=batch_size, accumulate=1, microbatch=None)
        yield replace(found, trying=batch_size)
        trial = try_batch(tried, vocabulary, memory, min(_LONGEST_TRIAL, _TRIAL_SHARE * seconds), deadline, stop)
        if trial is None:
            return
        found = replace(found, tried=(*found.tried, trial))
        if trial.outcome != "measured":
            if not found.measured:
                raise _nothing_measured(trial, settings, memory, seconds)
            yield replace(found, ended_by="time" if trial.outcome == "no-time" else "memory")
            return
        yield found
        batch_size *= 2


def try_batch(
    settings: Settings,
    vocabulary: int,
    memory: TrialMemory,
    seconds: float,
    deadline: float,
    stop: Callable[[], bool],
) -> BatchTrial | None:
    """Real steps with one batch for about `seconds`, unless they would not fit; None if they were stopped."""
    needed, available = fits(settings, vocabulary)
    size = settings.batch_size
    if needed > USABLE * memory.available(available):
        return BatchTrial(size, "no-memory", needed)
    memory.begin()
    try:
        speed = measure(settings, vocabulary, seconds=seconds, stop=lambda: stop() or time.monotonic() > deadline)
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        return BatchTrial(size, "out-of-memory", needed)
    finally:
        peak = memory.peak()
        gc.collect()
    if speed is None:
        return None if stop() else BatchTrial(size, "no-time", needed, peak)
    steps = (speed.seconds_a_step, speed.tokens_per_second, speed.optimizer_share)
    return BatchTrial(size, "measured", needed, peak, *steps)


def _nothing_measured(trial: BatchTrial, settings: Settings, memory: TrialMemory, seconds: float) -> RequestError:
    if trial.outcome == "no-time":
        return RequestError("search-time", seconds=f"{seconds:g}")
    _, available = fits(settings, 2)
    return no_memory(1, settings.seq_len, trial.estimated_bytes, memory.available(available))


def _limit(batch_size: int, settings: Settings, windows: int) -> Ending | None:
    """Why a batch is impossible on any machine."""
    if batch_size > 1 and batch_size > windows:
        return "text"
    most = min(FIELDS["batch_size"].metadata["high"], MOST_TOKENS_A_BATCH // settings.seq_len)
    return "limit" if batch_size > most else None


def _too_long(found: BatchSearch, deadline: float) -> bool:
    """Whether steps of twice the last batch would exceed the deadline, at its speed."""
    if not found.measured:
        return False
    seconds_a_step = found.measured[-1].seconds_a_step or 0.0
    return time.monotonic() + 2 * seconds_a_step * _STEPS_A_TRIAL > deadline


def _speed(trial: BatchTrial) -> float:
    return trial.tokens_per_second or 0.0


class TrialMemory:
    """Memory of the training device: free memory, and the peak of the steps of a trial."""

    def __init__(self, machine: Machine) -> None:
        self._device = machine.device if machine.device.type == "cuda" else None
        self._peak = PeakMemory()
        self._before = 0

    def available(self, of_the_machine: int) -> int:
        return of_the_machine if self._device is None else int(torch.cuda.mem_get_info(self._device)[0])

    def begin(self) -> None:
        if self._device is None:
            self._peak.begin()
        else:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = torch.cuda.memory_allocated(self._device)

    def peak(self) -> int | None:
        if self._device is None:
            return self._peak.peak()
        return torch.cuda.max_memory_allocated(self._device) - self._before
