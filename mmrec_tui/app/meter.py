"""The load of the machine: processor, memory, and the memory of the process that trains."""

from __future__ import annotations

import contextlib
import sys


class Meter:
    """`read` is cheap enough for once a second. psutil is loaded by the first reading."""

    def read(self, process: int | None) -> dict[str, float]:
        """cpu, memory and gpu as shares from 0 to 1, process in bytes; unknown ones are omitted."""
        import psutil

        memory = psutil.virtual_memory()
        found = {"cpu": psutil.cpu_percent() / 100, "memory": memory.percent / 100}
        if process is not None:
            with contextlib.suppress(psutil.Error, ValueError, OverflowError):
                found["process"] = float(psutil.Process(process).memory_info().rss)
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_available():
            free, total = torch.cuda.mem_get_info()
            found["gpu"] = 1 - free / total
        return found
