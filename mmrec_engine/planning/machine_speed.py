"""The peak speed of this machine: products of large matrices, and memory bandwidth.

The share of the first that a training reaches says how well it uses the machine. The best of many rounds counts, because other
work can only make a round slower.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch

from mmrec_engine.training.device import PRECISIONS, Machine, seconds_of

_SIZES = (256, 512, 1024, 2048)  # rows and columns; smaller ones do not occupy the cores, larger ones exceed the caches
_SIZES_ON_A_GPU = (1024, 2048, 4096, 8192)  # which has more units to occupy
_COPIED = 2**26  # bytes; more than the caches


@dataclass(frozen=True)
class MachineSpeed:
    """matmul: floating-point operations a second of the fastest matrix product, by precision; an addition counts as one, a
    multiplication as another. copied: bytes a second read and written, each counted, in a copy larger than the caches."""

    matmul: Mapping[str, float]
    copied: float


def measure_machine(machine: Machine, seconds: float = 1.0) -> MachineSpeed:
    """Measured for about `seconds` each, with the present number of threads."""
    matmul = {name: _fastest_product(machine.device, dtype, seconds) for name, dtype in PRECISIONS.items()}
    return MachineSpeed(matmul, _copied(machine.device, seconds))


def fastest_product(machine: Machine, seconds: float) -> float:
    """Operations a second of the fastest matrix product in the precision of this machine's training."""
    return _fastest_product(machine.device, machine.products, seconds)


def _fastest_product(device: torch.device, dtype: torch.dtype, seconds: float) -> float:
    best = 0.0
    sizes = _SIZES if device.type == "cpu" else _SIZES_ON_A_GPU
    for size in sizes:
        matrix = torch.ones(size, size, device=device, dtype=dtype)
        operations = 2 * size**3
        if best and operations / best > seconds:  # without hardware support one round could take a minute
            break
        best = max(best, operations / _shortest(partial(torch.mm, matrix, matrix), device, seconds / len(sizes)))
    return best


def _copied(device: torch.device, seconds: float) -> float:
    source = torch.zeros(_COPIED // 4, device=device)
    target = torch.empty_like(source)
    return 2 * _COPIED / _shortest(lambda: target.copy_(source), device, seconds)


def _shortest(work: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Seconds of the shortest round, without the first one, which allocates buffers."""
    work()
    until = time.perf_counter() + seconds
    shortest = seconds_of(work, device)
    while time.perf_counter() < until:
        shortest = min(shortest, seconds_of(work, device))
    return shortest
