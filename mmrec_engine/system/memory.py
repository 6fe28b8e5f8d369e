"""How much memory this process may still take, and how much it took.

Asked before torch is loaded, so without it. Read from what the system tells: /proc/meminfo, the process' own status, and the
limits of the control groups (a container's limit is one) that it stands in. Elsewhere what `sysconf` knows. Memory of GPUs is
not in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mmrec_engine.system import control_groups

# Files of a memory group: its limit, its usage, and the part of that usage (in memory.stat) that the system can drop at will.
_GROUP_FILES = {
    "v2": ("memory.max", "memory.current", "inactive_file"),
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
USABLE = 0.8  # of what is available: the estimate is within a tenth, and the system needs some


def processes_here(processes: int) -> int:
    """How many of a run's processes share this machine: all, unless `torchrun` tells otherwise."""
    try:
        return max(1, int(os.environ["LOCAL_WORLD_SIZE"]))
    except (KeyError, ValueError):
        return processes


def ran_out(error: BaseException) -> bool:
    """Whether an error tells that memory ran out. On CPUs PyTorch words a failed allocation in a RuntimeError."""
    words = str(error)
    known = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return known or ("alloc" in words and "memory" in words)


def available_bytes(root: Path = Path("/")) -> int:
    """Bytes that this process can still take without swapping; sys.maxsize where nothing tells.

    root: where /proc and /sys stand.
    """
    found = [_meminfo(root), *_group_rooms(root)]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else _sysconf()


class PeakMemory:
    """The most memory that this process holds, beyond what it held when this was made. Linux tells; elsewhere nothing."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._status, self._reset = root / "proc/self/status", root / "proc/self/clear_refs"
        self._before = self._kib("VmRSS:")
        self._known = False

    def begin(self) -> None:
        """Forget the peak so far."""
        self._known = self._before is not None
        try:
            self._reset.write_text("5")  # proc(5): resets the peak resident set size
        except OSError:
            self._known = False

    def peak(self) -> int | None:
        """The peak since `begin`; none where the system does not tell it."""
        peak = self._kib("VmHWM:")
        if not self._known or peak is None or self._before is None:
            return None
        return 1024 * max(0, peak - self._before)

    def _kib(self, name: str) -> int | None:
        return _named_numbers(self._status).get(name)


def keep_freed() -> None:
    """Let the C library keep what is freed for the next step, up to 1 GiB. Where it has no such call (musl, macOS), nothing.

    As it is set, glibc hands the large blocks of a step back to the system at once, and gets them anew, page by page and filled
    with zeros, in the next one: a tenth of a training's time (docs/performance.md).
    """
    _set_thresholds(2**30)


def keep_nothing() -> None:
    """Let the C library hand blocks of 1 MiB and more back to the system as they are freed, and what is free already.

    For a model whose layers come and go in every pass: in what is kept of them are holes, as large as the model.
    """
    _set_thresholds(2**20)
    give_back_freed()


def give_back_freed() -> None:
    """Let the C library hand freed memory back to the system. Where it has no such call (musl, macOS), nothing.

    A screen drawn anew for hours beside a training thread leaves holes all over the heap, and their pages count as held.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _set_thresholds(size: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            library.mallopt(parameter, size)


def _meminfo(root: Path) -> int | None:
    values = _named_numbers(root / "proc/meminfo")
    return 1024 * values["MemAvailable:"] if "MemAvailable:" in values else None


def _group_rooms(root: Path) -> Iterator[int]:
    """What each memory group around the process leaves: its limit less its usage."""
    for version, folder in control_groups.folders("memory", root):
        limit_file, usage_file, droppable = _GROUP_FILES[version]
        limit, usage = control_groups.number(folder / limit_file), control_groups.number(folder / usage_file)
        if limit is not None and usage is not None:
            yield limit - usage + _named_numbers(folder / "memory.stat").get(droppable, 0)


def _sysconf() -> int:
    """Free memory, or, on systems that do not tell it (macOS), all there is."""
    for name in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES"):
        try:
            return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError, AttributeError):
            continue
    return sys.maxsize


def _named_numbers(path: Path) -> dict[str, int]:
    """First word and number of each line."""
    words = (line.split() for line in control_groups.lines(path))
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}
