"""Notifications that a run has ended: codes for the terminal, and a command of the user.

The codes are the bell and two escape sequences by which terminals show a desktop notification (OSC 9: iTerm2, kitty, WezTerm,
Windows Terminal; OSC 777: foot, Ghostty, urxvt); other terminals ignore them. The command is run by the shell
and gets the run in its environment. Nothing here may end or delay a training.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mmrec_engine.system.processes import OWN_SESSION
from mmrec_tui.locales import Wording
from mmrec_tui.terminal import one_line

if TYPE_CHECKING:
    from mmrec_engine.runs.history import History

WAIT_SECONDS = 10.0  # for the command of a headless run, so that a failure is reported
SHORTEST_SECONDS = 10.0  # of a run; a shorter one needs no notification
_MOST_BYTES = 4096  # of the command's errors; their first line is told


@dataclass(frozen=True)
class Ending:
    """How a run ended. status: completed, early_stopped, target_reached, interrupted, failed, or test."""

    folder: Path
    status: str
    reason: str = ""
    step: int = 0
    best_loss: float | None = None
    seconds: float = 0.0

    def environment(self) -> dict[str, str]:
        """The environment of the command: MMREC_RUN, MMREC_STATUS and more, all text."""
        best = "" if self.best_loss is None else f"{self.best_loss:.4f}"
        return {
            "MMREC_RUN": self.folder.name,
            "MMREC_STATUS": self.status,
            "MMREC_FOLDER": str(self.folder.absolute()),
            "MMREC_REASON": one_line(self.reason),
            "MMREC_STEP": str(self.step),
            "MMREC_BEST_LOSS": best,
        }


def ending_of(history: History, folder: Path, status: str) -> Ending:
    """status: of a run without a recorded end."""
    finished, best = history.finished, history.best
    return Ending(
        folder,
        finished.status if finished else status,
        finished.reason if finished else "",
        history.last_step.step if history.last_step else 0,
        best.loss if best else None,
        history.took if finished else 0.0,
    )


def signs(ending: Ending, say: Wording) -> str:
    """The codes to write to the terminal."""
    best = "" if ending.best_loss is None else say("notify.best", loss=say.number(ending.best_loss, 3))
    text = one_line(f"{ending.folder.name}: {say(f'status.{ending.status}')}{best}").replace(";", ",")
    return f"\x07\x1b]9;mmrec: {text}\x1b\\\x1b]777;notify;mmrec;{text}\x1b\\"


class Command:
    """The user's command, running. Its errors are kept in a file without a name, so that it never waits for a reader."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process, self._errors = process, errors

    def wait(self, seconds: float) -> None:
        """For its end, at most so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def failure(self) -> Failure | None:
        """None if it ended well, or is still running."""
        code = self._process.poll()
        if not code:
            return None
        self._errors.seek(0)
        lines = self._errors.read(_MOST_BYTES).decode(errors="replace").strip().splitlines()
        return Failure(code, one_line(lines[0].strip()) if lines else "")


@dataclass(frozen=True)
class Failure:
    """Of the user's command. code: its exit code; line: the first that it wrote to stderr."""

    code: int
    line: str = ""

    def words(self, say: Wording) -> str:
        """How it ended."""
        return say("notify.ended-saying" if self.line else "notify.ended", code=self.code, line=self.line)


NOT_STARTED = Failure(127)  # a shell's code for a missing command


def start(command: str, ending: Ending) -> Command | None:
    """Run the user's command without waiting; None if it could not be started."""
    with contextlib.suppress(OSError, ValueError):
        errors = tempfile.TemporaryFile()  # noqa: SIM115, it is read after the command's end
        process = subprocess.Popen(
            command,
            shell=True,  # a command that the user gave, for their own shell
            env={**os.environ, **ending.environment()},
            **OWN_SESSION,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        return Command(process, errors)
    return None


def run(command: str, ending: Ending) -> Failure | None:
    """Run the user's command and wait a little. None if it ended well, or is still running."""
    started = start(command, ending)
    if started is None:
        return NOT_STARTED
    started.wait(WAIT_SECONDS)
    return started.failure
