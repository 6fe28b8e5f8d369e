"""The mode that `--compile auto` selects: measured once for each GPU and kind of step, and cached.

    plain steps, steps recorded as a CUDA graph ─► seconds a step of both
    a long run ─► compiled steps too, and the time of the compiler ─► the mode in which the run ends soonest

The mode is stored in run.json and in checkpoints, and a resumed run keeps it. On a CPU, which has no launches to save,
with several processes, and if a mode fails, it is off.
"""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

import torch

from mmrec_engine.settings import Settings
from mmrec_engine.system.determinism import process_restored
from mmrec_engine.training import graphs
from mmrec_engine.training.device import Machine
from mmrec_engine.training.machine_cache import MachineCache

Figures = dict[str, float]  # seconds a step of each mode, and the start-up time of the compiler
_START = "start"
_SECONDS = 0.5  # of measuring a mode
_CLEAR = 1.05  # times faster: less is noise, and graphs keep their memory
_LONG = 600.0  # seconds of steps from which on the compiler may pay
_SURE = 2.0  # times its start that the compiler has to save, because it compiles again in every process


class Speed(Protocol):
    """`throughput.Calibration` is one."""

    @property
    def seconds_a_step(self) -> float: ...
    @property
    def steps_measured(self) -> int: ...


class Measure(Protocol):
    """`throughput.measure`, which calls this module if the settings leave the mode open."""

    def __call__(
        self, settings: Settings, vocabulary: int, *, seconds: float, stop: Callable[[], bool]
    ) -> Speed | None: ...


def with_mode(
    settings: Settings, vocabulary: int, machine: Machine, measure: Measure, planned: Callable[[], int] = lambda: 0
) -> Machine:
    """The machine with the fastest mode, if the settings leave it open; otherwise unchanged.

    vocabulary: ids, including special ones. planned: steps of the run; None for a short trial. Without a cached result,
    models of this size train for some seconds, so call it before the run's own model takes its memory.
    """
    if settings.compile != "auto" or settings.processes > 1 or not graphs.can_record(machine.device):
        return machine
    cache, key = MachineCache("compile.json", _figures), _key(settings, vocabulary, machine)
    known = cache.get(key) or {}
    found = dict(known)
    for mode in ("off", "graphs"):
        if mode not in found:
            found[mode], _ = _measured(measure, settings, vocabulary, machine, mode)
    planned_steps = planned()
    seconds = planned_steps * min(found["off"], found["graphs"])
    if "inductor" not in found and _LONG < seconds < math.inf and graphs.can_compile(machine.device):
        found["inductor"], found[_START] = _measured(measure, settings, vocabulary, machine, "inductor")
    if found != known and math.isfinite(found["off"]):
        cache.put(key, {name: min(value, _NEVER) for name, value in found.items()})
    return replace(machine, compile=fastest(found, planned_steps))


_NEVER = 1e9  # seconds: of a mode that fails here, because JSON has no infinity


def fastest(found: Figures, planned_steps: int) -> str:
    """The mode in which a run of so many steps ends soonest."""
    best = "graphs" if found["graphs"] * _CLEAR < found["off"] else "off"
    saved = planned_steps * (found[best] - found.get("inductor", math.inf))
    return "inductor" if saved > _SURE * found.get(_START, math.inf) else best


def _measured(
    measure: Measure, settings: Settings, vocabulary: int, machine: Machine, mode: str
) -> tuple[float, float]:
    """Seconds a step in this mode, infinite if it fails; and those until the first step was made."""
    asked = replace(settings, compile=mode, kernel=machine.kernel, precision=machine.precision, threads=machine.threads)
    began = time.perf_counter()
    with _memory_given_back(), process_restored():
        try:
            speed = measure(asked, vocabulary, seconds=_SECONDS, stop=lambda: False)
        except Exception:  # a compiler and a driver raise their own errors
            return math.inf, math.inf
    if speed is None:
        return math.inf, math.inf
    steps = speed.seconds_a_step * speed.steps_measured
    return speed.seconds_a_step, max(0.0, time.perf_counter() - began - steps)


@contextlib.contextmanager
def _memory_given_back() -> Iterator[None]:
    try:
        yield
    finally:
        gc.collect()
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.empty_cache()


def _figures(stored: object) -> Figures | None:
    if not isinstance(stored, dict) or not {"off", "graphs"} <= set(stored):
        return None
    good = all(isinstance(value, float) and 0.0 < value <= _NEVER for value in stored.values())
    return stored if good and set(stored) <= {"off", "graphs", "inductor", _START} else None


def _key(settings: Settings, vocabulary: int, machine: Machine) -> str:
    """The GPU, PyTorch, and the settings that determine the time of a step."""
    model = settings.model(vocabulary)
    step = [
        model.architecture,
        f"{model.parameters()} parameters",
        settings.optimizer,
        machine.precision,
        machine.kernel,
    ]
    step += [
        f"{settings.batch_size} of {settings.windows_at_once} x {settings.seq_len}",
        f"{settings.accumulate} a step",
    ]
    step += ["dropout"] * (settings.dropout > 0) + ["checkpointing"] * settings.gradient_checkpointing
    return f"{_name(machine.device)}, torch {torch.__version__}: {', '.join(step)}"


def _name(device: torch.device) -> str:
    if device.type != "cuda":
        return device.type
    return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
