"""What systems do differently with processes and signals."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

# For `subprocess.Popen`: the process gets no Ctrl+C of this terminal, and outlives it.
OWN_SESSION: dict[str, Any]
if sys.platform == "win32":
    OWN_SESSION = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
else:
    OWN_SESSION = {"start_new_session": True}


def end_with_children() -> None:
    """End this process and those that it has started, at once. It was started with OWN_SESSION."""
    if sys.platform == "win32":
        import psutil

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    elif os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def yield_the_processor() -> None:
    """Use the processor only while nothing else needs it."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform == "win32":
            _set_priority("IDLE_PRIORITY_CLASS")
        else:
            os.nice(19)


def take_the_processor() -> None:
    """Run as other processes do, after `yield_the_processor`, if the system allows it."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.sched_setscheduler(os.getpid(), os.SCHED_OTHER, os.sched_param(0))
        elif sys.platform == "win32":
            _set_priority("NORMAL_PRIORITY_CLASS")


def _set_priority(name: str) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        psutil.Process().nice(getattr(psutil, name))


def name_of_signal(number: int) -> str:
    """SIGINT or SIGTERM. Windows has SIGBREAK for the latter: Ctrl+Break, or a closed console."""
    return "SIGINT" if number == signal.SIGINT else "SIGTERM"
