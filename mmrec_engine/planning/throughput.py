"""How fast this machine trains: a model of the given size makes real steps on random ids, and is discarded.

The steps are those of a training (`train_step.py`) with a learning rate of zero: the same work, but no weight changes, so
nothing can diverge. Threads and deterministic mode are set as in a run (`training/device.py`) for the process: not during a
training.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmrec_engine.data.windows import Tokens, TrainingWindows
from mmrec_engine.model import fused
from mmrec_engine.model.language_model import create_model
from mmrec_engine.model.memory_estimate import fits
from mmrec_engine.optim.optimizers import Optimizers
from mmrec_engine.planning.compile_mode import with_mode
from mmrec_engine.planning.run_costs import run_costs
from mmrec_engine.runs.run_time import Costs
from mmrec_engine.settings import Settings
from mmrec_engine.training.device import resolve_machine
from mmrec_engine.training.partial_step import PartialStep, partial_step
from mmrec_engine.training.state import model_config
from mmrec_engine.training.train_step import Stepper

__all__ = ["Calibration", "fits", "measure"]

_WARM_UP_SHARE = 0.5  # of the measured seconds; before them
_MOST_WINDOWS = 64  # distinct windows; further ones repeat them


@dataclass(frozen=True)
class Calibration:
    """seconds_a_step: median of the measured steps, without those of the warm-up (kernels, buffers, threads, clocks).

    optimizer_share: the part of it that the optimizer takes, None if the device does not report it.
    cpu_share: the part of its threads' time that the process got: 1 on an idle machine; None on a GPU.
    costs: of a step and of a run beside its steps, if requested.
    """

    seconds_a_step: float
    tokens_per_second: float
    steps_measured: int
    optimizer_share: float | None
    costs: Costs | None = None
    cpu_share: float | None = None


def measure(
    settings: Settings,
    vocabulary: int,
    *,
    seconds: float = 1.0,
    stop: Callable[[], bool],
    validation_windows: int | None = None,
    in_part: bool = False,
) -> Calibration | None:
    """Train for about `seconds` on this machine after a warm-up of half as long, two steps at least. None if `stop` returns
    True between steps.

    vocabulary: ids, including special ones. validation_windows: of the text, if the costs of a whole run are requested.
    in_part: where a whole step takes long, measure a part of one and extrapolate (`training/partial_step.py`).
    Takes as much memory as the training would: call `fits` before, and do not measure if
    the estimate is above 80 % of the available memory. Steps run in the mode of the settings, or in that of a short run
    (`planning.compile_mode`). Raises RequestError for a device that does not exist.
    """
    machine = with_mode(settings, vocabulary, resolve_machine(settings), measure)
    model = create_model(model_config(settings, vocabulary), settings.seed)
    model.recompute_activations = settings.gradient_checkpointing
    model.train_last(settings.train_layers)
    model.use_kernel(fused.load() if machine.kernel == "fla" else None)
    model.to(machine.device)
    part = partial_step(settings, model.config, machine.device.type) if in_part else PartialStep(settings, 1.0)
    tried = part.settings
    windows = TrainingWindows(
        _random_ids(tried, model.config.vocabulary), tried.seq_len, tried.window_stride, tried.seed
    )
    stepper = Stepper(model, Optimizers(model, tried, machine.products), windows, tried, machine)
    durations: list[float] = []
    optimizer: list[float] = []
    warm_at = until = wall = used = 0.0
    for step in range(1, 10**9):
        if stop():
            return None
        began = time.perf_counter()
        made = stepper.make_step(step, (step - 1) * tried.windows_a_step, 0.0)
        ended = time.perf_counter()
        if step == 1:
            warm_at = began + _WARM_UP_SHARE * seconds
        if step == 1 or ended < warm_at:
            until, wall, used = ended + seconds, ended, time.process_time()
            continue
        durations.append(ended - began)
        optimizer.append(made.optimizer_seconds)
        if ended >= until:
            break
    given = min(1.0, (time.process_time() - used) / max(1e-9, (time.perf_counter() - wall) * machine.threads))
    on_cpu = machine.device.type == "cpu"
    update = statistics.median(optimizer)
    median = part.seconds(statistics.median(durations), update)
    share = update / median if on_cpu else None
    costs = None
    if validation_windows is not None:
        costs = run_costs(model, machine, settings, median, validation_windows, stop)
    tokens = made.tokens if tried is settings else settings.windows_a_step * settings.seq_len
    return Calibration(median, tokens / median, len(durations), share, costs, given if on_cpu else None)


def _random_ids(settings: Settings, vocabulary: int) -> Tokens:
    """Text of evenly distributed ids, long enough for a step's windows or for some of them."""
    windows = min(settings.windows_a_step, _MOST_WINDOWS)
    length = windows * settings.window_stride + settings.seq_len + 1
    ids: Tokens = np.random.default_rng(settings.seed).integers(vocabulary, size=length, dtype=np.uint32)
    return ids
