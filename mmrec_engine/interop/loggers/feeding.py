"""The loggers of a run as the run sees them: they are started, waited for at the end, and become an event when they fail.

Nothing here makes the run wait while it trains, and nothing raises: a thread for each logger reads its messages.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Full, Queue

from mmrec_engine import events
from mmrec_engine.errors import first_line
from mmrec_engine.interop.loggers.logger_process import Assignment
from mmrec_engine.locales.catalogue import Language
from mmrec_engine.settings import Settings, loggers_of
from mmrec_engine.storage.run_files import EVENTS, LOGS, log_state
from mmrec_engine.system.processes import OWN_GROUP, take_the_processor

SILENT_SECONDS = 120.0  # without a message during the run; a library may wait that long for a server
_ENDING_SECONDS = 10.0  # without a sign of life at the end of the run
_LONGEST_ENDING = 60.0
_SHORT_ENDING = 1.5  # of a run with a given time, and of an interrupted one
_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.2
_LEAST_SECONDS = 0.2  # of the processor: a library that waits for a server uses less
_MOST_WAITING = 100_000  # events that a function has not got yet
_MOST_REASON = 200  # characters
Function = Callable[[events.Event], object]


class _Sink(ABC):
    """Something that gets the run's events in its own time. name: as in its findings."""

    def __init__(self, name: str, news: deque[events.Logger]) -> None:
        self.name = name
        self._news = news
        self.failed = False
        self.signed = time.monotonic()  # when it last showed that it is alive
        self.step = 0  # of the run, as this process knows it

    def report(self, state: events.LoggerState, reason: str = "", place: str = "") -> None:
        self.failed = state != "open"
        self._news.append(events.Logger(step=self.step, name=self.name, state=state, reason=reason, place=place))

    def add(self, event: events.Event) -> None:
        """An event of the run, after it was recorded."""
        self.step = max(self.step, event.step)

    def is_silent(self, since: float, seconds: float) -> bool:
        """Whether it has shown nothing for so long, counted from `since` at the earliest."""
        return time.monotonic() - max(since, self.signed) > seconds

    @abstractmethod
    def has_all(self, recorded: int) -> bool:
        """Whether it has got all events. recorded: bytes of the record."""

    def hurry(self) -> None:  # noqa: B027  # a function has its priority always
        """The training is over, and waits for this."""

    @abstractmethod
    def end(self) -> None:
        """The run has ended. Returns at once."""

    @property
    @abstractmethod
    def ended(self) -> bool: ...


class _LoggerFeed(_Sink):
    """A logger in a process of its own, which reads the record."""

    def __init__(self, given: Assignment, news: deque[events.Logger]) -> None:
        super().__init__(given.name, news)
        self._at = 0
        self._ended = False
        self._used = 0.0  # seconds of the processor, when it was last looked at
        path = log_state(Path(given.run), given.name)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            path.parent.mkdir(exist_ok=True)
            with path.with_suffix(".log").open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "mmrec_engine.interop.loggers.logger_process", json.dumps(asdict(given))],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
                    env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                    **OWN_GROUP,  # it outlives Ctrl+C, which ends the run
                )  # fmt: skip
        except OSError as error:
            self._ended = True
            self.report("broken", first_line(error, _MOST_REASON))
            return
        threading.Thread(target=self._listen, daemon=True).start()

    def has_all(self, recorded: int) -> bool:
        return self._at >= recorded

    def is_silent(self, since: float, seconds: float) -> bool:
        """A process that computes is not silent: it has the lowest priority, and the machine may be busy."""
        if not super().is_silent(since, seconds):
            return False
        import psutil

        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid if self._process is not None else -1)
            used = sum(process.cpu_times()[:2])
            # Waiting for the processor is no silence, waiting for a server is.
            if process.status() == psutil.STATUS_RUNNING or used > self._used + _LEAST_SECONDS:
                self._used, self.signed = used, time.monotonic()
        return super().is_silent(since, seconds)

    def hurry(self) -> None:
        if self._process is not None and self._process.stdin is not None and not self._ended:
            take_the_processor(self._process.pid)
            with contextlib.suppress(OSError):
                os.write(self._process.stdin.fileno(), b"\n")

    def end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    @property
    def ended(self) -> bool:
        return self._ended

    def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        closed = False
        for line in self._process.stdout:
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                message = json.loads(line)
                self.signed = time.monotonic()
                self._at = int(message.get("at", self._at))
                if "open" in message:
                    self.report("open", place=str(message["open"]))
                elif "broken" in message:
                    self.report("broken", str(message["broken"]))
                elif self.failed and "at" in message:  # it was silent
                    self.report("open")
                closed = closed or "closed" in message or "broken" in message
        code = self._process.wait()
        if not closed:
            self.report("ended", str(code))
        self._ended = True


class _FunctionFeed(_Sink):
    """A function of an event, called in a thread of its own."""

    def __init__(self, function: Function, news: deque[events.Logger]) -> None:
        super().__init__(str(getattr(function, "__qualname__", type(function).__name__)), news)
        self._function = function
        self._waiting: Queue[events.Event] = Queue(_MOST_WAITING)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)
        self._thread.start()

    def add(self, event: events.Event) -> None:
        super().add(event)
        if self.failed:
            return
        try:
            self._waiting.put_nowait(event)
        except Full:
            self.report("silent")

    def has_all(self, recorded: int) -> bool:
        return not self._waiting.unfinished_tasks

    def end(self) -> None:
        self._ending.set()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def _call(self) -> None:
        while True:
            ending = self._ending.is_set()  # asked before the queue, which has all events then
            try:
                event = self._waiting.get(timeout=_LOOK_SECONDS)
            except Empty:
                self.signed = time.monotonic()
                if ending:
                    return
                continue
            try:
                self._function(event)
                self.signed = time.monotonic()
            except Exception as error:
                self.report("broken", first_line(error, _MOST_REASON, typed=True))
                return
            finally:
                self._waiting.task_done()


class Loggers:
    """The loggers and functions of one run in this process."""

    def __init__(self, functions: Iterable[Function] = ()) -> None:
        self._news: deque[events.Logger] = deque()
        self._sinks: list[_Sink] = [_FunctionFeed(function, self._news) for function in functions]
        self._record: Path | None = None
        self._timed = False

    def begin(self, settings: Settings, folder: Path, language: Language) -> None:
        """Start the loggers of a run that exists from now on, and whose record is in place."""
        self._record, self._timed = folder / EVENTS, settings.time is not None
        for name in loggers_of(settings.log):
            place = folder / LOGS if settings.log_dir is None else Path(settings.log_dir)
            given = Assignment(name, str(folder.absolute()), str(place.absolute() / name), language, os.getpid())
            self._sinks.append(_LoggerFeed(given, self._news))

    def __bool__(self) -> bool:
        return bool(self._sinks)

    def add(self, event: events.Event) -> None:
        for sink in self._sinks:
            sink.add(event)

    def news(self) -> Iterator[events.Logger]:
        """What has become of loggers since the last call."""
        for sink in self._sinks:
            if not sink.failed and not sink.ended and sink.is_silent(0.0, SILENT_SECONDS):
                sink.report("silent")
        while self._news:
            yield self._news.popleft()

    def wait_for_all(self) -> None:
        """Wait until all that is recorded is logged, as far as that goes on."""
        recorded = self._record.stat().st_size if self._record is not None and self._record.exists() else 0
        for sink in self._sinks:
            sink.hurry()
        self._wait(lambda sink: sink.has_all(recorded), shortly=self._timed)

    def end(self, *, wait: bool, shortly: bool = False) -> None:
        """The run has ended, and its report is written. shortly: it was interrupted; what is missing is logged on resume."""
        for sink in self._sinks:
            sink.end()
        if wait:
            self._wait(lambda sink: sink.ended, shortly=shortly or self._timed)

    def _wait(self, done: Callable[[_Sink], bool], *, shortly: bool) -> None:
        """Wait for those that are not done. One without a sign of life is reported; a slow one is left to itself in the end."""
        began = time.monotonic()
        longest = _SHORT_ENDING if shortly else _LONGEST_ENDING
        while True:
            left = [sink for sink in self._sinks if not (sink.failed or sink.ended or done(sink))]
            for sink in left:
                if sink.is_silent(0.0 if shortly else began, _ENDING_SECONDS):
                    sink.report("silent")
            if not left:
                return
            if time.monotonic() - began > longest:
                for sink in left if not shortly else ():
                    sink.report("slow")
                return
            time.sleep(_POLL_SECONDS)
