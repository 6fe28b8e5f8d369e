"""Training without a screen: narration on stderr, the result on stdout, signals turned into requests."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.errors import Interrupted, TrainingError
from mmrec_engine.history import History
from mmrec_engine.settings import Resolved
from mmrec_engine.training.control import Control
from mmrec_tui.terminal import Narration
from mmrec_tui.text import Wording

LOCK_VARIABLE = "MMREC_LOCK_FD"  # environment: a descriptor of the run's lock that this process inherits, held
EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}


class Signals:
    """SIGINT and SIGTERM ask the run to save and end; a second SIGINT ends at once; SIGHUP is ignored.

    Installed before torch is imported, and even where SIGINT came ignored (as in a shell's background job).
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self.first = ""
        self._interrupts = 0
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _handle(self, number: int, frame: object) -> None:
        name = signal.Signals(number).name
        self._interrupts += name == "SIGINT"
        if self._interrupts > 1:
            os._exit(EXIT_CODES["SIGINT"])
        self.first = self.first or name
        self._control.ask("stop", name)


def train_headless(
    resolved: Resolved, wording: Wording, *, resume: bool, overwrite: bool, as_json: bool, quiet: bool, debug: bool
) -> int:
    """Train to the end and return the exit code. RequestError passes through."""
    held_lock = _inherited_lock()
    control = Control()
    signals = Signals(control)
    narration = Narration(quiet=quiet)
    narration.line(wording("prepare"))

    from mmrec_engine.training.run import train
    from mmrec_tui.narrator import Narrator

    folder = resolved.settings.run_folder
    narrator = Narrator(narration, wording, folder)
    history = History()
    begun = False
    code = 0
    try:
        for event in train(resolved, control, resume=resume, overwrite=overwrite, held_lock=held_lock):
            if isinstance(event, events.Resumed) and event.checkpoint is not None:
                history = _recorded(folder)  # what was before, and what of this process is written already
            history.add(event)
            begun = begun or isinstance(event, events.Resumed | events.RunStarted)
            narrator.tell(event, history)
        if not begun:
            history = _recorded(folder)
            _tell_ended_before(history, narration, wording)
        elif history.finished is not None and history.finished.status == "interrupted":
            code = EXIT_CODES.get(signals.first, 130)
    except Interrupted:
        narration.line(wording("finished.before-start"))
        code = EXIT_CODES.get(signals.first, 130)
    except TrainingError as error:
        if debug:
            raise
        narration.line(wording("error", message=error.text(wording.language)))
        code = 1
    if as_json:
        result = run_result(history, folder, "interrupted" if code > 1 else "failed" if code else "completed")
        print(json.dumps(events.finite(result), ensure_ascii=False), flush=True)
    return code


def _inherited_lock() -> int | None:
    """The lock of a run that another process handed over to this one; None where the variable names no inherited descriptor.

    Python opens its own files so that no process inherits them: one that may be inherited came from outside, if it is asked
    before other libraries open theirs.
    """
    try:
        descriptor = int(os.environ.pop(LOCK_VARIABLE, ""))
        return descriptor if descriptor > 2 and os.get_inheritable(descriptor) else None
    except (ValueError, OSError, OverflowError):
        return None


def _recorded(folder: Path) -> History:
    from mmrec_engine.runs import read_events

    history = History()
    for event in read_events(folder):
        history.add(event)
    return history


def _tell_ended_before(history: History, narration: Narration, wording: Wording) -> None:
    if history.finished is not None:
        status, step = wording(f"status.{history.finished.status}"), wording.number(history.finished.step)
        narration.line(wording("nothing-left", status=status, step=step))


def run_result(history: History, folder: Path, status: str) -> dict[str, Any]:
    """What `train --json` prints. status: of a run that has no recorded ending."""
    finished, started, step = history.finished, history.started, history.last_step
    files = {kind: str(folder / history.checkpoints[kind]) for kind in ("best", "final") if kind in history.checkpoints}
    return {
        "run": str(folder),
        "status": finished.status if finished else status,
        "reason": finished.reason if finished else "",
        "steps": step.step if step else 0,
        "epochs": step.epoch if step else 0,
        "tokens": step.tokens if step else 0,
        "parameters": started.parameters if started else 0,
        "processes": 1,
        "seconds": finished.seconds if finished else 0.0,
        "tokens_per_second": round(history.tokens_per_second, 1),
        "best": _validation_result(history.best),
        "final": _validation_result(history.last_validation),
        "findings": history.findings,
        "checkpoints": {"best": files.get("best"), "final": files.get("final")},
    }


def _validation_result(validation: events.Validation | None) -> dict[str, Any] | None:
    if validation is None:
        return None
    names = ("step", "loss", "perplexity", "accuracy", "bits_per_character")
    return {name: getattr(validation, name) for name in names}
