"""Training without a screen: narration on stderr, the result on stdout, signals turned into requests."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine import events
from mmrec_engine.checks.preflight.all_checks import strictly_failing
from mmrec_engine.checks.verdict import verdict_of
from mmrec_engine.errors import Interrupted, TrainingError
from mmrec_engine.run.follow_up import Origin, leaves_checks_valid
from mmrec_engine.runs.history import History
from mmrec_engine.runs.other_runs import OtherRuns
from mmrec_engine.settings import Resolved
from mmrec_engine.storage.run_files import REPORTS
from mmrec_engine.system.processes import name_of_signal
from mmrec_engine.training.control import Control
from mmrec_tui.locales import Wording
from mmrec_tui.notification import SHORTEST_SECONDS, Ending, ending_of, run, signs, start
from mmrec_tui.preferences import read_preferences
from mmrec_tui.presentation.findings import remedy_of
from mmrec_tui.terminal import Narration, print_json

if TYPE_CHECKING:
    from mmrec_engine.run.auto_remedy import AutoRemedy
    from mmrec_engine.run.checks_around_run import RunChecks

LOCK_VARIABLE = "MMREC_LOCK_FD"  # environment variable: the inherited descriptor of the run's lock
_LONGEST_START = 120.0  # seconds; an older process had a wrong clock, or does other things too
EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}


class Signals:
    """SIGINT and SIGTERM ask the run to save and end; a second SIGINT ends at once; SIGHUP is ignored. On Windows, SIGBREAK
    (Ctrl+Break, or a closed console) does what SIGTERM does elsewhere.

    Installed before torch is imported, and even where SIGINT came ignored (as in a shell's background job).
    """

    def __init__(self) -> None:
        self._control = Control()
        self.first = ""
        self._interrupts = 0
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)
        if sys.platform == "win32":
            signal.signal(signal.SIGBREAK, self._handle)
        else:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def listened_by(self, control: Control) -> Control:
        """Send stop requests to this control from now on; at once if a signal came before."""
        self._control = control
        if self.first:
            control.ask("stop", self.first)
        return control

    def _handle(self, number: int, frame: object) -> None:
        name = name_of_signal(number)
        self._interrupts += name == "SIGINT"
        if self._interrupts > 1:
            os._exit(EXIT_CODES["SIGINT"])
        self.first = self.first or name
        self._control.ask("stop", name)


@dataclass(frozen=True)
class How:
    """The options of `train` that are not settings."""

    resume: bool = False
    overwrite: bool = False
    check: bool = True
    strict: bool = False
    waived: frozenset[str] = frozenset()
    auto_remedy: bool = False
    as_json: bool = False
    quiet: bool = False
    debug: bool = False
    notify: str | None = None  # the command of `--notify`; None: the one set in the app, if any


def train_headless(resolved: Resolved, wording: Wording, how: How, origin: Origin | None = None) -> int:
    """Train to the end, including follow-up runs of remedies. Returns the exit code; RequestError passes through."""
    held_lock = _inherited_lock()
    began = _process_began() if resolved.settings.time is not None or how.resume else None
    signals = Signals()
    narration = Narration(quiet=how.quiet)
    narration.line(wording("prepare"))

    from mmrec_engine.run.auto_remedy import AutoRemedy
    from mmrec_engine.run.checks_around_run import RunChecks

    run_checks = RunChecks(before=how.check, strict=how.strict, language=wording.language, waived=how.waived)
    automatic = AutoRemedy() if how.auto_remedy else None
    remedies: list[dict[str, Any]] = []
    while True:
        attempt = _Attempt(resolved, origin, run_checks, wording, narration, signals, began)
        attempt.train(how, held_lock, automatic)
        attempt.tell_report()
        follow_up_run = attempt.follow_up_run(automatic) if automatic is not None and not signals.first else None
        if follow_up_run is None:
            break
        (resolved, origin), held_lock, began = follow_up_run, None, None
        if not attempt.refused:  # a run was made, and the next one is another
            how = replace(how, resume=False, overwrite=False)
        remedies.append({**origin.as_dict(), "next": str(resolved.settings.run_folder)})
        narration.line(_remedy_line(origin, resolved, wording))
        run_checks = replace(run_checks, found=attempt.found_before(origin))
    if how.as_json:
        print_json({**attempt.result(), "remedies": remedies})
    if attempt.begun and not attempt.refused:  # without a run there is no end of one
        _notify(attempt.ending(), how, wording, narration)
    return attempt.code


def _notify(ending: Ending, how: How, wording: Wording, narration: Narration) -> None:
    if ending.status != "interrupted" and ending.seconds >= SHORTEST_SECONDS:
        narration.signal(signs(ending, wording))
    own = how.notify is None
    command = read_preferences().notify if own else how.notify
    if command and ending.status == "interrupted":  # the sender of the signal waits for this process to exit
        start(command, ending)
    elif command:
        failure = run(command, ending)
        if failure is not None:
            name = wording("notify.of-the-app" if own else "notify.of-the-flag")
            narration.line(wording("notify.failed", name=name, ended=failure.words(wording)))


class _Attempt:
    """One run of a `train`: the only one, unless remedies start more."""

    def __init__(
        self,
        resolved: Resolved,
        origin: Origin | None,
        run_checks: RunChecks,
        wording: Wording,
        narration: Narration,
        signals: Signals,
        began: float | None = None,
    ) -> None:
        self._resolved, self._origin, self._run_checks = resolved, origin, run_checks
        self._wording, self._narration, self._signals = wording, narration, signals
        self._folder = resolved.settings.run_folder
        self._history = History()
        self._reason = ""
        self._began = began
        self.refused = False  # by the checks before training
        self.begun = False  # whether training has begun, or failed on the way
        self.code = 0

    def train(self, how: How, held_lock: int | None, automatic: AutoRemedy | None) -> None:
        from mmrec_engine.run.train import train
        from mmrec_tui.cli.narrator import Narrator

        control = self._signals.listened_by(Control())
        if automatic is not None:
            automatic.begin(control)
        narrator = Narrator(self._narration, self._wording, self._folder, self._run_checks.others)
        try:
            for event in train(
                self._resolved, control, resume=how.resume, overwrite=how.overwrite, held_lock=held_lock,
                run_checks=self._run_checks, origin=self._origin, began=self._began,
            ):  # fmt: skip
                if isinstance(event, events.Resumed) and event.checkpoint is not None:
                    # Events from before a resume, and those that were written already.
                    self._history = recorded(self._folder)
                self._history.add(event)
                self.begun = self.begun or isinstance(event, events.Resumed | events.RunStarted)
                narrator.tell(event, self._history)
                if automatic is not None:
                    automatic.add(event, self._history)
            if not self.begun:
                self._history = recorded(self._folder)
                _tell_ended_before(self._history, self._narration, self._wording)
            elif self._history.finished is not None and self._history.finished.status == "interrupted":
                self.code = EXIT_CODES.get(self._signals.first, 130)
        except Interrupted:
            self._narration.line(self._wording("finished.before-start"))
            self.code = EXIT_CODES.get(self._signals.first, 130)
        except TrainingError as error:
            if how.debug:
                raise
            self.refused, self._reason, self.begun = error.key == "checks-failed", str(error), True
            self._narration.line(self._wording("error", message=error.text(self._wording.language)))
            self.code = 1
        if how.strict and not self.code and strictly_failing(self._history):
            self._narration.line(self._wording("strict.findings", count=len(strictly_failing(self._history))))
            self.code = 1

    def tell_report(self) -> None:
        path = self._folder / REPORTS[1]
        written = self.code <= 1 or self._history.finished is not None
        if written and not self.refused and path.exists():
            self._narration.line(self._wording("report.at", path=path))
        elif self.code == 0 and self._history.finished is not None:
            self._narration.line(self._wording("report.unwritten", path=self._folder))

    def ending(self) -> Ending:
        return ending_of(self._history, self._folder, "failed" if self.code == 1 else "interrupted")

    def follow_up_run(self, automatic: AutoRemedy) -> tuple[Resolved, Origin] | None:
        """The follow-up run of a remedy, if there is one."""
        if self.refused:
            return automatic.remedied(self._resolved, self._history.findings)
        return automatic.next_run(self._folder)

    def found_before(self, origin: Origin) -> tuple[dict[str, Any], ...]:
        """The findings of the checks before this run, if they are valid for the next one too."""
        if self.refused or not leaves_checks_valid(origin.changes):
            return ()
        return tuple(one for one in self._history.findings if one.get("phase") == "before")

    def result(self) -> dict[str, Any]:
        status = "interrupted" if self.code > 1 else "failed" if self.code else "completed"
        result = run_result(self._history, self._folder, status, self._run_checks.others.of(self._folder))
        return {**result, "reason": result["reason"] or self._reason}


def _remedy_line(origin: Origin, resolved: Resolved, wording: Wording) -> str:
    remedy = {
        "id": origin.remedy,
        "settings": {name: after for name, (_, after) in origin.changes.items()},
        "before": {name: before for name, (before, _) in origin.changes.items()},
    }
    values = {"title": remedy_of(remedy, wording), "name": resolved.settings.run_folder.name}
    return wording(f"remedy.{origin.weights if origin.run else 'same'}", **values)


def _process_began() -> float:
    """Start of this process on the monotonic clock, from which the time of a run counts."""
    import psutil

    age = time.time() - psutil.Process().create_time()
    return time.monotonic() - (age if 0.0 <= age < _LONGEST_START else 0.0)


def _inherited_lock() -> int | None:
    """The lock of a run that another process handed over; None if the variable names no inherited descriptor.

    Python opens its own files so that no process inherits them: an inheritable one came from outside, if this is called
    before other libraries open files.
    """
    try:
        descriptor = int(os.environ.pop(LOCK_VARIABLE, ""))
        return descriptor if descriptor > 2 and os.get_inheritable(descriptor) else None
    except (ValueError, OSError, OverflowError):
        return None


def recorded(folder: Path) -> History:
    """The state of a run from its record."""
    from mmrec_engine.runs.catalog import read_events

    history = History()
    for event in read_events(folder):
        history.add(event)
    return history


def _tell_ended_before(history: History, narration: Narration, wording: Wording) -> None:
    if history.finished is not None:
        status, step = wording(f"status.{history.finished.status}"), wording.number(history.finished.step)
        narration.line(wording("nothing-left", status=status, step=step))


def run_result(history: History, folder: Path, status: str, others: OtherRuns) -> dict[str, Any]:
    """The output of `train --json`. status: of a run without a recorded end; others: on the same text."""
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
        "processes": history.settings.get("processes", 1),
        "seconds": round(history.took, 3) if finished else 0.0,
        "tokens_per_second": round(history.tokens_per_second, 1),
        "best": _validation_result(history.best),
        "final": _validation_result(history.last_validation),
        "verdict": verdict_of(history, others),
        "findings": history.findings,
        "checkpoints": {"best": files.get("best"), "final": files.get("final")},
    }


def _validation_result(validation: events.Validation | None) -> dict[str, Any] | None:
    if validation is None:
        return None
    names = ("step", "loss", "perplexity", "accuracy", "bits_per_character", *(("parts",) if validation.parts else ()))
    return {name: getattr(validation, name) for name in names}
