"""How many cores this process may use, found without torch: its CPU affinity, and its quota of CPU time.

A container with "two CPUs" of a machine with 64 sees all of these; its limit is a quota of time in the control groups. With as
many threads as cores, all threads would be stopped for most of each tenth of a second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mmrec_engine.system import control_groups

_ROOT = Path("/")


def available_cores(root: Path = _ROOT) -> int:
    """Threads that can run at once: quotas are rounded down (1.5 to 1), to at least one."""
    quota = cpu_quota(root)
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), int(quota)))


def allowed_cores() -> int:
    """Cores in the CPU affinity of the process, whatever its quota."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_quota(root: Path = _ROOT) -> float | None:
    """The CPU quota of the process in cores, the smallest of all enclosing groups; None without a limit.

    root: the folder of /proc and /sys.
    """
    return min(_quotas(root), default=None)


def _quotas(root: Path) -> Iterator[float]:
    for version, folder in control_groups.folders("cpu", root):
        if version == "v2":
            words = "".join(control_groups.lines(folder / "cpu.max")).split()
            quota, period = (words[0], words[1]) if len(words) == 2 else ("", "")
        else:
            quota = "".join(control_groups.lines(folder / "cpu.cfs_quota_us")).strip()  # -1: no limit
            period = "".join(control_groups.lines(folder / "cpu.cfs_period_us")).strip()
        if quota.isdecimal() and period.isdecimal() and int(quota) and int(period):
            yield int(quota) / int(period)
