"""Settings of the garbage collector, for a process in which hardly any object is garbage.

Importing torch creates half a million objects, which the collector scans some hundred times while they are created, and
again when the process ends: 0.3 s of a start of 1.2 (docs/performance.md). For mmrec's own processes only.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000  # new objects between two collections; Python's default is 700


def collect_rarely() -> None:
    """Let the collector scan new objects only once there are many of them."""
    gc.set_threshold(_NEW_OBJECTS, 20, 100)


def leave_all() -> None:
    """Skip the last scan, because the process is about to end."""
    gc.freeze()
