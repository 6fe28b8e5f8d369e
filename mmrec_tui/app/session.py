"""Runs as the app holds them, and work that must not block the screen. The only module with threads.

The app polls: a timer reads a session's history. Nothing here calls into the app. The engine is imported when it
is first needed, because the first frame does not need it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mmrec_engine.errors import first_line
from mmrec_engine.locales.catalogue import DEFAULT_LANGUAGE, Language
from mmrec_engine.storage.run_files import DESCRIPTION
from mmrec_tui.presentation.states import ENDED

if TYPE_CHECKING:
    from mmrec_engine.errors import MmrecError
    from mmrec_engine.events import Planned
    from mmrec_engine.run.follow_up import Origin
    from mmrec_engine.runs.history import History
    from mmrec_engine.runs.run_time import Costs
    from mmrec_engine.settings import Resolved

Result = TypeVar("Result")
_LOOK_SECONDS = 0.3
_LIVE_SECONDS = 1.0
_GLANCE_SECONDS = 3.0
_FOLD_SECONDS = 0.02
_WORK = "mmrec-work"


class Session:
    """A shown run: its folder, its history with a lock, and whether a process works on it."""

    owned = False
    gone = False  # the folder was removed: a refused request leaves none
    stopped_before_start = False
    nothing_left = False  # a finished run was resumed, but its limits leave no step

    def __init__(self, folder: Path, costs: Costs | None = None) -> None:
        """costs: measured for the plan of the run."""
        from mmrec_engine.runs.history import History

        self.folder = folder
        self._lock = threading.Lock()
        self._history = History(costs)
        self.live = False
        self.loaded = True
        self.error: MmrecError | None = None

    @contextmanager
    def reading(self) -> Iterator[History]:
        """The history, locked. Copy what is needed and leave: training waits meanwhile."""
        with self._lock:
            yield self._history

    @property
    def state(self) -> str:
        """The state word; DIED if no process works on a run that has not ended."""
        word = self._history.state
        if not self.loaded:
            return "PREPARING"
        if self.gone:
            return "STOPPED"
        return "DIED" if not self.live and word not in ENDED else word

    @property
    def resumable(self) -> bool:
        """Whether no process works on it, and there is something to resume: a run that failed before its first step has
        nothing."""
        return self.loaded and not self.live and not self.gone and (self.folder / DESCRIPTION).exists()

    @property
    def has_begun(self) -> bool:
        """Whether its folder has, or had, something of it: a run that was stopped while it prepared leaves nothing."""
        return self._history.started is not None or (self.folder / DESCRIPTION).exists()

    @property
    def paused(self) -> bool:
        """Whether training is paused, also while it saves."""
        return self._history.paused

    @property
    def process(self) -> int | None:
        """The process that trains in the folder now."""
        from mmrec_engine.runs.catalog import pid_of

        return pid_of(self.folder) if self.live else None

    def ask(self, command: str, reason: str = "", settings: dict[str, Any] | None = None) -> None:
        """Pause, resume, save, stop or change (settings). Raises MmrecError if the run cannot be reached."""
        from mmrec_engine.runs.catalog import ask

        ask(self.folder, command, reason=reason, settings=settings or {})

    def close(self) -> None:
        """Stop reading. A run that this process trains continues."""


@dataclass(frozen=True)
class StartParameters:
    """Parameters of a run that starts. found: by the checks before training, which are made in the run if this is empty;
    language: of its report; origin: the run and the remedy that it follows; costs: measured for its plan; planned: the
    planner's choices, if it has a given time."""

    found: tuple[dict[str, Any], ...] = ()
    language: Language = DEFAULT_LANGUAGE
    origin: Origin | None = None
    costs: Costs | None = None
    planned: Planned | None = None


class Training(Session):
    """A run that this process trains, in a thread that outlives every screen."""

    owned = True

    def __init__(
        self,
        resolved: Resolved,
        *,
        resume: bool = False,
        held_lock: int | None = None,
        after: Work[Any] | None = None,
        parameters: StartParameters | None = None,
    ) -> None:
        from mmrec_engine.training.control import Control

        self._parameters = parameters or StartParameters()
        super().__init__(resolved.settings.run_folder, self._parameters.costs)
        self._resolved, self._resume, self._held_lock, self._after = resolved, resume, held_lock, after
        self._control = Control()
        self.live = True
        self.welcomed = False  # whether the app has given the started run its files
        # Not a daemon: whatever happens to the screen, the interpreter waits for the training to end cleanly.
        self._thread = threading.Thread(target=self._work, name="mmrec-training")

    def start(self) -> None:
        self._thread.start()

    def ask(self, command: str, reason: str = "", settings: dict[str, Any] | None = None) -> None:
        self._control.ask(command, reason, settings)  # type: ignore[arg-type]  # the engine refuses what it does not know

    def stop(self, reason: str) -> None:
        self._control.ask("stop", reason)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end of the training; returns whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def hand_over(self) -> int | None:
        """Stop, save, and return the lock's descriptor, still locked; None if there is nothing to hand over."""
        self._control.hand_over()
        self._thread.join()
        return self._control.lock

    @property
    def process(self) -> int | None:
        return os.getpid() if self.live else None

    def _work(self) -> None:
        from mmrec_engine import events
        from mmrec_engine.errors import Interrupted, MmrecError, TrainingError

        try:
            with self._lock:
                self._history.add(events.State(state="PREPARING"))
                self._history.add(events.Progress(task="loading", done=0, total=0))
            from mmrec_engine.run.checks_around_run import RunChecks
            from mmrec_engine.run.train import train

            parameters = self._parameters
            # Who starts a run before its checks have ended has confirmed that.
            before, language = not parameters.found, parameters.language
            run_checks = RunChecks(before=before, found=parameters.found, stops=False, language=language)
            begun = False
            for event in train(
                self._resolved,
                self._control,
                resume=self._resume,
                held_lock=self._held_lock,
                run_checks=run_checks,
                origin=parameters.origin,
                planned=parameters.planned,
                after=None if self._after is None else self._after.join,
            ):
                if isinstance(event, events.Resumed) and event.checkpoint is not None:
                    self._take_up_record()
                begun = begun or isinstance(event, events.Resumed | events.RunStarted)
                with self._lock:
                    self._history.add(event)
            if not begun:
                self.nothing_left = True
                self._take_up_record()
        except Interrupted:
            self.stopped_before_start = True
        except MmrecError as error:
            self.error = error
        except BaseException as error:  # a thread's exception would be lost; here it becomes the run's reason
            reason = first_line(error, 200, typed=True)
            self.error = TrainingError("training-broke-early", reason=reason)
        finally:
            with self._lock:
                if self._history.state not in ENDED:
                    stopped = self.stopped_before_start
                    self._history.add(events.State(state="STOPPED" if stopped or self.error is None else "FAILED"))
            self.live = False

    def _take_up_record(self) -> None:
        """Show a resumed run from its beginning."""
        from mmrec_engine.runs.catalog import read_events
        from mmrec_engine.runs.history import History

        known = History(self._parameters.costs)
        for event in read_events(self.folder):
            known.add(event)
        with self._lock:
            self._history = known


class Watching(Session):
    """A run that another process trains, or that has ended: its record is read as it grows."""

    def __init__(self, folder: Path) -> None:
        from mmrec_engine.runs.run_reader import RunReader
        from mmrec_engine.storage.folder_lock import is_live

        super().__init__(folder)
        self._is_live = is_live
        self._reader = RunReader(folder)
        self.live = is_live(folder)
        self.loaded = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mmrec-watching", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def _work(self) -> None:
        from mmrec_engine.errors import TrainingError

        try:
            self._follow()
        except Exception as error:  # a thread's exception would be lost, and the screen would not change any more
            self.error = TrainingError("watching-broke", reason=f"{type(error).__name__}: {error}"[:200])
            self.loaded = True

    def _follow(self) -> None:
        """A first view of the record, of any size; then all of it, while the view is shown; then what is added."""
        from mmrec_engine.errors import RequestError

        view = self._reader.first_view()
        with self._lock:
            self._history = view
        self.loaded = True
        looked = viewed = time.monotonic()
        while not self._closed.is_set():
            with self._lock if self._reader.complete else nullcontext():  # data that is not shown needs no lock
                waiting = self._reader.read(_FOLD_SECONDS)
            now = time.monotonic()
            if self._reader.complete and self._history is not self._reader.history:
                with self._lock:
                    self._history = self._reader.history
            elif not self._reader.complete and now - viewed > _GLANCE_SECONDS and self.live:
                view, viewed = self._reader.first_view(), time.monotonic()
                with self._lock:
                    self._history = view
            if now - looked > _LIVE_SECONDS or not self.folder.exists():
                self.live, looked = self._is_live(self.folder), now
                if not self.folder.exists():
                    self.error, self.gone = RequestError("run-gone", path=self.folder), True
                    return
            # Folding a large record must leave the screen its share of the interpreter.
            self._closed.wait(_FOLD_SECONDS / 4 if waiting else _LOOK_SECONDS)


class Work(Generic[Result]):
    """A function that runs in a thread. The function calls `stopping()` between two parts of its work."""

    def __init__(self, function: Callable[[Work[Result]], Result]) -> None:
        self.done = False
        self.result: Result | None = None
        self.error: Exception | None = None
        self.progress: object = None
        self._stop = threading.Event()
        self._function = function
        self._thread = threading.Thread(target=self._run, name=_WORK, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join()

    def stopping(self) -> bool:
        return self._stop.is_set()

    def _run(self) -> None:
        try:
            self.result = self._function(self)
        except Exception as error:
            self.error = error
        finally:
            self.done = True


def is_under_way() -> bool:
    """Whether any work is still in progress."""
    return any(thread.name == _WORK for thread in threading.enumerate())


def load_torch() -> Work[None]:
    """Import what training needs, in the background, so that the first run starts at once."""

    def load(_: Work[None]) -> None:
        import mmrec_engine.run.train  # noqa: F401

    return Work(load)
