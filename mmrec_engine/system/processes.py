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
# The same for a process that yields to this one: Linux shares the processors among sessions first (sched(7), autogroup),
# so that a priority counts only within a session.
OWN_GROUP: dict[str, Any]
if sys.platform == "win32":
    OWN_SESSION = OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
else:
    OWN_SESSION = {"start_new_session": True}
    OWN_GROUP = {"process_group": 0}


def end_with_children() -> None:
    """End this process and those that it has started, at once. It was started with OWN_SESSION or OWN_GROUP."""
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
            import psutil

            with contextlib.suppress(psutil.Error):
                psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            os.nice(19)


def take_the_processor(pid: int | None = None) -> None:
    """This process, or that one, and those that it has started run as others do, after `yield_the_processor`, if the system
    allows it."""
    import psutil

    with contextlib.suppress(psutil.Error):
        one = psutil.Process(pid)
        for process in (one, *one.children(recursive=True)):
            if sys.platform == "linux":
                for thread in process.threads():
                    with contextlib.suppress(OSError):
                        os.sched_setscheduler(thread.id, os.SCHED_OTHER, os.sched_param(0))
            elif sys.platform == "win32":
                process.nice(psutil.NORMAL_PRIORITY_CLASS)


def name_of_signal(number: int) -> str:
    """SIGINT or SIGTERM. Windows has SIGBREAK for the latter: Ctrl+Break, or a closed console."""
    return "SIGINT" if number == signal.SIGINT else "SIGTERM"
