"""The garbage collector, told that hardly anything here is garbage.

Importing torch makes half a million objects, and the collector goes over them some hundred times while they are made, and
again when the process ends: 0.3 s of a start of 1.2 (docs/performance.md). For processes of our own only.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000  # between two collections; 700 as Python has it


def collect_rarely() -> None:
    """From now on the collector looks at what is new once there are many new objects."""
    gc.set_threshold(_NEW_OBJECTS, 20, 100)


def leave_all() -> None:
    """The process is about to end: what is left is not looked through once more."""
    gc.freeze()
