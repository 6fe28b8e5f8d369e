"""Free memory of the run's device for this process, and the largest micro-batch that fits into it."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch

from mmrec_engine.model.memory_estimate import halvings, needed_bytes
from mmrec_engine.settings import Settings
from mmrec_engine.system.memory import USABLE, available_bytes, processes_here


class _Device(Protocol):
    """`training.device.Machine` is one."""

    @property
    def device(self) -> torch.device: ...
    @property
    def sharded(self) -> bool: ...


def used_bytes(device: torch.device) -> float:
    """Bytes of this process now, or the most that it has had on its GPU."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    import psutil

    return float(psutil.Process().memory_info().rss)


def available(device: torch.device) -> int:
    """Bytes that this process can still allocate on the device."""
    if device.type != "cuda":
        return available_bytes()
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def room(settings: Settings, device: torch.device) -> int:
    """Bytes that each rank can allocate: on one machine they share its memory, each GPU has its own."""
    return available(device) // (processes_here(settings.processes) if device.type == "cpu" else 1)


def fitting_microbatch(settings: Settings, vocabulary: int, machine: _Device) -> Settings:
    """The settings with the largest micro-batch that fits, found by halving; unchanged if the whole batch fits, if not even
    one window does, and if the number was given."""
    if settings.microbatch is not None:
        return settings
    usable = USABLE * room(settings, machine.device)
    for size in (settings.batch_size, *halvings(settings.batch_size, 1)):
        changed = settings if size == settings.batch_size else replace(settings, microbatch=size)
        if needed_bytes(changed, vocabulary, machine.sharded) <= usable:
            return changed
    return settings
