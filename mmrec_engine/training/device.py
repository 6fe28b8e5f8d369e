"""The machine of a run: device, threads, precision; and the switches that make it deterministic."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.model import fused
from mmrec_engine.model.memory_estimate import needed_bytes
from mmrec_engine.settings import Settings
from mmrec_engine.system.cores import available_cores
from mmrec_engine.system.determinism import make_exact
from mmrec_engine.system.memory import USABLE, give_back_freed, keep_freed, processes_here
from mmrec_engine.training.device_memory import room
from mmrec_engine.training.graphs import is_possible
from mmrec_engine.training.precision import best_precision

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Machine:
    """Resolved once at the start of a run.

    precision: fp32, or bf16 or fp16 by autocast. sharded: as in `distributed.process_group`.
    compile: how steps are run, as in `training.recorded`: off, graphs, inductor. kernel: of the recurrence, plain or fla.
    """

    device: torch.device
    threads: int
    precision: str
    sharded: bool = False
    compile: str = "off"
    kernel: str = "plain"

    def as_dict(self) -> dict[str, Any]:
        """The values that all ranks of a run share; a resumed run keeps them as well."""
        sharding = "full" if self.sharded else "none"
        chosen = {"compile": self.compile, "kernel": self.kernel}
        return {"precision": self.precision, "threads": self.threads, "sharding": sharding, **chosen}

    @property
    def products(self) -> torch.dtype:
        """The precision of matrix products."""
        return PRECISIONS[self.precision]

    def autocast(self) -> AbstractContextManager[None]:
        if self.products == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.products)


def resolve_machine(settings: Settings, stored: Mapping[str, Any] | None = None) -> Machine:
    """Choose device, threads, precision, and how steps are run, unless that is to be measured (`planning.compile_mode`).

    stored: the choices of an earlier process of the same run, which are kept. Raises RequestError for a device that does not
    exist, and for a requested mode that is not possible here.
    """
    stored = stored or {}
    threads = (
        settings.threads or stored.get("threads") or max(1, available_cores() // processes_here(settings.processes))
    )
    torch.set_num_threads(threads)
    device = resolve_device(stored.get("device", "auto") if settings.device == "auto" else settings.device)
    make_exact()
    give_back_freed()  # what was measured or checked before
    keep_freed()
    chosen = stored.get("precision") or settings.precision
    if chosen == "auto":
        chosen = best_precision(device)
    mode = _possible_mode(settings, device, stored)
    kernel = stored.get("kernel", "plain" if "settings" in stored else settings.kernel)
    return Machine(device, threads, chosen, compile=mode, kernel=_possible_kernel(kernel, settings, device))


def machine_for(settings: Settings, vocabulary: int, stored: Mapping[str, Any] | None = None) -> Machine:
    """`resolve_machine`, and whether the model is sharded over the ranks: by the setting, or if no rank had memory
    for a whole one with one window at a time. With the same number of ranks a resumed run keeps its choice."""
    machine, stored = resolve_machine(settings, stored), stored or {}
    asked = settings.sharding
    if asked == "auto" and stored.get("settings", {}).get("processes") == settings.processes:
        asked = stored.get("sharding", asked)
    if asked == "auto":
        needed = needed_bytes(replace(settings, microbatch=1), vocabulary)
        asked = "full" if needed > USABLE * room(settings, machine.device) else "none"
    return replace(machine, sharded=asked == "full" and settings.processes > 1)


def _possible_mode(settings: Settings, device: torch.device, stored: Mapping[str, Any]) -> str:
    """Off if it is to be measured, and if an earlier process' choice is not possible here."""
    if "compile" in stored or "settings" in stored:  # a resumed run; one of an older version has no mode
        mode = stored.get("compile", "off")
        return mode if settings.processes == 1 and is_possible(mode, device) else "off"
    mode = "off" if settings.compile == "auto" else settings.compile
    if mode != "off" and settings.processes > 1:
        raise RequestError("compile-processes", mode=mode)
    if not is_possible(mode, device):
        raise RequestError("compile-missing", mode=mode, device=device)
    return mode


def _possible_kernel(kernel: str, settings: Settings, device: torch.device) -> str:
    """fla if requested and possible; else plain, which computes the same."""
    asked = kernel == "fla" and settings.arch == "mmrec" and device.type == "cuda"
    return "fla" if asked and fused.load() is not None else "plain"


def no_memory(batch_size: int, seq_len: int, needed: int, available: int) -> RequestError:
    """Why steps of this size are not tried: estimated bytes, and available bytes."""
    needed_mib, available_mib = (max(1, size // 2**20) for size in (needed, available))
    return RequestError(
        "search-memory", batch_size=batch_size, seq_len=seq_len, needed=needed_mib, available=available_mib
    )


def resolve_device(name: str) -> torch.device:
    """The device of a name: auto uses CUDA, then MPS, then the CPU. Raises RequestError."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if _mps() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ:  # each rank on a machine has its own
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise RequestError("device-unknown", device=name) from None
    if device.type not in ("cpu", "cuda", "mps"):
        raise RequestError("device-unknown", device=name)
    missing_cuda = device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()
    if missing_cuda or (device.type == "mps" and not _mps()):
        raise RequestError("device-missing", device=name)
    return device


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """Wall time of one round of work on a device, to its end."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _mps() -> bool:
    return torch.backends.mps.is_available()
