"""Available memory of this process, and its peak.

Needed before torch is loaded, so without it. Read from the system: /proc/meminfo, the process' own status, and the
limits of its control groups (a container's limit is one). On other systems from psutil. GPU memory is
not included.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mmrec_engine.system import control_groups

# Files of a memory group: its limit, its usage, and the reclaimable part of that usage (in memory.stat).
_GROUP_FILES = {
    "v2": ("memory.max", "memory.current", "inactive_file"),
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
USABLE = 0.8  # of the available memory: the estimate is within a tenth, and the system needs some


def processes_here(processes: int) -> int:
    """Number of ranks on this machine: all, unless `torchrun` says otherwise."""
    try:
        return max(1, int(os.environ["LOCAL_WORLD_SIZE"]))
    except (KeyError, ValueError):
        return processes


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory ran out. On CPUs PyTorch raises a RuntimeError for a failed allocation."""
    words = str(error)
    known = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return known or ("alloc" in words and "memory" in words)


def available_bytes(root: Path = Path("/")) -> int:
    """Bytes that this process can still allocate without swapping; sys.maxsize if unknown.

    root: the folder of /proc and /sys.
    """
    found = [_meminfo(root), *_group_rooms(root)]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else _of_the_system()


class PeakMemory:
    """The peak memory of this process beyond that at the creation of this object. Linux only; elsewhere 0."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._status, self._reset = root / "proc/self/status", root / "proc/self/clear_refs"
        self._before = self._kib("VmRSS:")
        self._known = False

    def begin(self) -> None:
        """Reset the peak."""
        self._known = self._before is not None
        try:
            self._reset.write_text("5", encoding="ascii")  # proc(5): resets the peak resident set size
        except OSError:
            self._known = False

    def peak(self) -> int | None:
        """The peak since `begin`; None if the system does not report it."""
        peak = self._kib("VmHWM:")
        if not self._known or peak is None or self._before is None:
            return None
        return 1024 * max(0, peak - self._before)

    def _kib(self, name: str) -> int | None:
        return _named_numbers(self._status).get(name)


def keep_freed() -> None:
    """Let the C library keep freed memory for the next step, up to 1 GiB. Does nothing without such a call (musl, macOS).

    By default glibc returns the large blocks of a step to the system at once, and gets them again, page by page and filled
    with zeros, in the next one: a tenth of a training's time (docs/performance.md).
    """
    _set_thresholds(2**30)


def keep_nothing() -> None:
    """Let the C library return blocks of 1 MiB and more to the system as they are freed, and memory that is free already.

    For a sharded model, whose layers come and go in every pass: kept memory becomes fragmented, with holes as large as the
    model.
    """
    _set_thresholds(2**20)
    give_back_freed()


def give_back_freed() -> None:
    """Let the C library return freed memory to the system. Does nothing without such a call (musl, macOS).

    A screen that is redrawn for hours beside a training thread fragments the heap, and the pages count as used.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # the last on Windows
        ctypes.CDLL(None).malloc_trim(0)


def _set_thresholds(size: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):  # the last on Windows
        library = ctypes.CDLL(None)
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            library.mallopt(parameter, size)


def _meminfo(root: Path) -> int | None:
    values = _named_numbers(root / "proc/meminfo")
    return 1024 * values["MemAvailable:"] if "MemAvailable:" in values else None


def _group_rooms(root: Path) -> Iterator[int]:
    """The free memory in each memory group of the process: its limit less its usage."""
    for version, folder in control_groups.folders("memory", root):
        limit_file, usage_file, droppable = _GROUP_FILES[version]
        limit, usage = control_groups.number(folder / limit_file), control_groups.number(folder / usage_file)
        if limit is not None and usage is not None:
            yield limit - usage + _named_numbers(folder / "memory.stat").get(droppable, 0)


def _of_the_system() -> int:
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (psutil.Error, OSError, RuntimeError):
        return sys.maxsize


def _named_numbers(path: Path) -> dict[str, int]:
    """First word and number of each line."""
    words = (line.split() for line in control_groups.lines(path))
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}
