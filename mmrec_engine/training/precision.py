"""The precision that `auto` selects on this machine: the same at every start, however busy the machine is.

On a GPU it depends on the generation. On a CPU the list of instructions says whether the processor multiplies bfloat16 at all;
how fast it does is measured once for each processor, PyTorch version and number of threads, and cached. A resumed run
does neither: it keeps the precision of its run.json.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mmrec_engine.training.machine_cache import MachineCache

_PROBE_SIZE = 384  # a product of a millisecond or two: short enough to fit between two time slices of other processes
_FEWEST_ROUNDS, _MOST_ROUNDS = 12, 400
_MOST_SECONDS = 2.0
_CLEAR = 1.3  # how far the shortest rounds must be from the threshold
_WORTH_IT = 1.5  # times faster: autocast's own conversions take a part of the gain
_BFLOAT16_INSTRUCTIONS = {"amx_bf16", "avx512_bf16", "bf16"}  # x86 and, by the last name, ARM
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")  # environment variables
_BFLOAT16_GENERATION, _FLOAT16_GENERATION = (8, 0), (7, 0)  # NVIDIA's Ampere and Volta


def best_precision(device: torch.device) -> str:
    """bf16 if it is faster; else fp16 on a GPU where that is, because it needs a scaled loss; else fp32."""
    if device.type == "cuda":
        generation = torch.cuda.get_device_capability(device)
        if torch.version.hip is not None or generation >= _BFLOAT16_GENERATION:
            return "bf16"
        return "fp16" if generation >= _FLOAT16_GENERATION else "fp32"
    if device.type != "cpu" or multiplies_bfloat16() is False:
        return "fp32"
    cache, key = MachineCache("precision.json", _known), machine_key()
    found = cache.get(key)
    if found is None:
        found = "bf16" if pays(torch.bfloat16) else "fp32"
        cache.put(key, found)
    return found


def multiplies_bfloat16() -> bool | None:
    """Whether the processor has instructions for bfloat16 products; None if the system does not report it."""
    words = _processor_words("flags", "Features")
    return bool(_BFLOAT16_INSTRUCTIONS & words) if words else None


def pays(precision: torch.dtype) -> bool:
    """Whether a matrix product in this precision is clearly faster on this CPU than a float32 one.

    With one thread, so that no round waits for another thread; the shortest of many short rounds of both, in
    turns, because other work only lengthens rounds; and more rounds while the result is unclear.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        wide = torch.ones(_PROBE_SIZE, _PROBE_SIZE)
        narrow = wide.to(precision)
        return _is_faster(lambda: narrow @ narrow, lambda: wide @ wide)
    finally:
        torch.set_num_threads(threads)


def _is_faster(fast: Callable[[], object], slow: Callable[[], object]) -> bool:
    until = time.perf_counter() + _MOST_SECONDS
    ratio = shortest_fast = shortest_slow = float("inf")
    for number in range(_MOST_ROUNDS):
        shortest_slow = min(shortest_slow, _seconds_of(slow))
        shortest_fast = min(shortest_fast, _seconds_of(fast))
        ratio = shortest_slow / shortest_fast
        if number == 1 and ratio < 1 / 20:  # emulated, some hundred times slower
            return False
        clear = ratio > _WORTH_IT * _CLEAR or ratio < _WORTH_IT / _CLEAR
        if number >= _FEWEST_ROUNDS and (clear or time.perf_counter() > until):
            break
    return ratio >= _WORTH_IT


def _seconds_of(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _known(stored: object) -> str | None:
    return stored if stored in ("bf16", "fp32") and isinstance(stored, str) else None


def machine_key() -> str:
    """What a measurement depends on: processor (name and instructions), PyTorch, threads, and the variables that select
    instructions in its libraries.
    """
    limits = [f"{name}={os.environ.get(name, '')}" for name in _LIMITS]
    instructions = " ".join(sorted(_processor_words("flags", "Features")))
    digest = hashlib.blake2b(" ".join([instructions, *limits]).encode(), digest_size=6).hexdigest()
    name = " ".join(_processor_line("model name")) or platform.processor() or platform.machine()
    return f"{name} ({digest}), torch {torch.__version__}, {torch.get_num_threads()} threads"


def _processor_words(*names: str) -> set[str]:
    return {word for name in names for word in _processor_line(name)}


def _processor_line(name: str) -> list[str]:
    """The words of the first line of this name in /proc/cpuinfo."""
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.partition(":")[0].strip() == name:
                return line.partition(":")[2].split()
    return []
