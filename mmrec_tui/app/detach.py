"""Detaching: another process continues the training without the app, and the shell is free again.

A fork would lose the engine's thread, so the run is saved and resumed by a new process. The child inherits the descriptor of
the folder's lock, so that no other process can take the lock in between. On Windows a lock stays with its process: it is
released before the child starts, which takes it within a second or two.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from mmrec_engine import events
from mmrec_engine.runs.record import newest_lines
from mmrec_engine.settings import resolve
from mmrec_engine.storage.files import open_plain
from mmrec_engine.storage.folder_lock import close_descriptor
from mmrec_engine.storage.run_files import EVENTS, LOG
from mmrec_engine.system.processes import OWN_SESSION
from mmrec_tui.app.session import Training

_PATIENCE_SECONDS = 60.0


def detach(session: Training) -> Training | None:
    """Hand the run over to a process of its own. Returns None if it was resumed there, else the session that continues
    here."""
    lock = session.hand_over()
    if lock is None:
        return session  # it had ended by itself, or never begun
    held: int | None = lock
    if sys.platform == "win32":
        close_descriptor(lock)
        held = None
    try:
        child = _start(session.folder, held)
    except OSError:  # no process, no log: this process keeps the run
        child = None
    if child is not None:
        if _taken_up(session.folder, child):
            close_descriptor(held)
            return None
        child.kill()
        child.wait()
    place = {"output_dir": str(session.folder.parent), "name": session.folder.name}
    here = Training(resolve(place), resume=True, held_lock=held)
    here.start()
    return here


def _start(folder: Path, lock: int | None) -> subprocess.Popen[bytes]:
    words = ["train", "--resume", "--quiet", "--output-dir", str(folder.parent), "--name", folder.name]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mmrec_tui", *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=() if lock is None else (lock,),
            env={**os.environ, **({} if lock is None else {"MMREC_LOCK_FD": str(lock)})},
            **OWN_SESSION,
        )


def _taken_up(folder: Path, child: subprocess.Popen[bytes]) -> bool:
    """Wait until the child has recorded that it resumed. Its `resumed` is the last one in a record that was cut for it."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if _resumed_last(folder):
            return True
        if child.poll() is not None:
            return child.returncode == 0
        time.sleep(0.1)
    return False


def _resumed_last(folder: Path) -> bool:
    """Whether the record ends with a resumed run: what was written at the stop is cut by a resume."""
    try:
        with open_plain(folder / EVENTS) as file:
            newest = map(events.from_line, newest_lines(file, "run_finished", "resumed"))
            last_end = next(filter(None, newest), None)
    except OSError:
        return False
    return isinstance(last_end, events.Resumed) and last_end.planned_steps > 0
