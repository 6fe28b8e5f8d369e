"""The process of one logger: reads the run's record as it grows, and logs it.

    python -m mmrec_engine.interop.loggers.logger_process JSON

It reads `events.jsonl`, not messages, so that a log can be continued from wherever it stands, and training never waits.
It uses the processor only while nothing else does, so training keeps its cores. Each byte of its standard input asks it to
read the record now. That is open as long as the run: when it ends, in whatever way, the process logs what the record still
holds, and ends itself. It writes to standard output, a JSON object a line: `open` (where the log is), `at` (bytes of the
record that are in the log), `broken` (why), `closed`.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import sys
import threading
import time
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.errors import first_line
from mmrec_engine.interop.loggers.available import new_logger
from mmrec_engine.interop.loggers.logged_steps import LoggedSteps
from mmrec_engine.interop.loggers.logger import LoggedRun, LoggedStep, Logger, locked
from mmrec_engine.locales.verdicts import verdict_lines
from mmrec_engine.runs.record import WholeLines
from mmrec_engine.settings.declaration import is_plain_name
from mmrec_engine.storage.files import open_plain, read_plain, write_whole
from mmrec_engine.storage.run_files import EVENTS, LOGS, REPORTS, log_state
from mmrec_engine.system.processes import end_with_children, take_the_processor, yield_the_processor

_EVERY = 5.0  # seconds between two readings of the record: most of what a reading takes does not depend on its steps
_LONGEST_END = 600.0  # seconds that this process may outlive its run
_IDLE_END = 60.0  # if it uses no more of the processor than this, in seconds
_LEAST_SECONDS = 0.2
_MOST_AT_ONCE = 2000  # steps
_MOST_REASON = 200  # characters
_STEP = re.compile(rb'\{"event": "step", "time": [\d.]+, "step": (\d+),')


@dataclass(frozen=True)
class Assignment:
    """name: of the logger. run: the run folder. folder: of the logger's files. process: the one that trains."""

    name: str
    run: str
    folder: str
    language: str
    process: int


class _Messages:
    """To the process that trains; it may be gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, **message: object) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")


class _Follower:
    def __init__(self, given: Assignment, messages: _Messages, asked: threading.Event, ended: threading.Event) -> None:
        self._given, self._messages, self._asked, self._ended = given, messages, asked, ended
        self._run = Path(given.run)
        self._state_path = log_state(self._run, given.name)
        self._logger: Logger = new_logger(given.name)
        self._steps = LoggedSteps(given.language)
        self._last = -1
        self._config: dict[str, Any] | None = None
        self._notes = ""

    def follow(self) -> None:
        """Log the record until the run has ended."""
        lines, position = WholeLines(), 0
        with open_plain(self._run / EVENTS) as file:
            while True:
                ending = self._ended.is_set()  # asked first, so that all is read that was written until then
                while data := file.read(2**20):
                    self._take(lines.feed(data))
                    position += len(data)
                    self._messages.send(at=position)
                self._messages.send(at=position)
                if ending:
                    break
                self._asked.wait(_EVERY)
                self._asked.clear()
        if self._config is None:
            return
        report, verdict = self._report()
        self._log([one for one in self._steps.rest(report) if one.step > self._last])
        self._logger.close(self._steps.ending(verdict))
        self._logger.state["closed"] = True
        self._store()

    def _take(self, block: bytes) -> None:
        complete: list[LoggedStep] = []
        for line in block.split(b"\n"):
            if not line or self._is_logged(line) or (event := events.from_line(line)) is None:
                continue
            made = self._steps.add(event)
            if self._config is None and self._steps.config is not None:
                self._open(dict(self._steps.config))
            complete += [one for one in made if one.step > self._last]
            if len(complete) >= _MOST_AT_ONCE:
                self._log(complete)
                complete = []
        self._log(complete)

    def _is_logged(self, line: bytes) -> bool:
        """Whether it is a step that an earlier process logged: a long record is mostly that, and need not be parsed."""
        found = _STEP.match(line)
        return found is not None and int(found[1]) <= self._last

    def _open(self, config: dict[str, Any]) -> None:
        state = _stored(self._state_path)
        id = str(state.get("id") or uuid.uuid4().hex[:12])
        logger, given = self._logger, self._given
        folder = Path(given.folder)
        shared = folder.parent != self._run / LOGS
        known = str(state.get("name", ""))
        own = folder / (known if is_plain_name(known) else self._free(folder)) if shared else folder
        run = LoggedRun(self._run.name, id, folder, own, given.process, config, state)
        logger.state = {**state, "id": id, **({"name": own.name} if shared else {}), "closed": False}
        self._store()  # before the log exists: a killed process must not leave one without a name
        self._last = logger.open(run)
        self._config = config
        self._store()
        self._messages.send(open=logger.place)

    def _free(self, folder: Path) -> str:
        """A name for this run's files in a folder that it shares with other runs."""
        names = itertools.chain([self._run.name], (f"{self._run.name}-{number}" for number in itertools.count(2)))
        return next(name for name in names if not (folder / name).exists())

    def _store(self) -> None:
        write_whole(self._state_path, json.dumps(self._logger.state, indent=2))

    def _log(self, steps: list[LoggedStep]) -> None:
        if self._config is None:
            return
        if self._steps.config is not None and self._steps.config != self._config:
            self._config = dict(self._steps.config)
            self._logger.change_config(self._config)
        if steps:
            self._logger.add(steps)
            self._last = steps[-1].step
        if self._steps.notes != self._notes:
            self._notes = self._steps.notes
            self._logger.set_notes(self._notes)

    def _report(self) -> tuple[str, str]:
        """report.md, and the verdict in words; empty without one."""
        try:
            data, page = (read_plain(self._run / name) for name in REPORTS)
            verdict = json.loads(data).get("verdict")
            lines = verdict_lines(verdict, self._given.language) if isinstance(verdict, dict) else []
            return page.decode("utf-8", "replace"), "\n".join(lines)
        except (OSError, ValueError, KeyError, TypeError):
            return "", ""


def _stored(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(read_plain(path))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _wait_for_the_end(descriptor: int, asked: threading.Event, ended: threading.Event) -> None:
    while os.read(descriptor, 1024):
        asked.set()
    ended.set()
    asked.set()
    take_the_processor()
    since, longest, used = time.monotonic(), time.monotonic() + _LONGEST_END, time.process_time()
    while time.monotonic() < min(longest, since + _IDLE_END):
        time.sleep(1.0)
        if time.process_time() > used + _LEAST_SECONDS:  # slow, but not waiting for something that never comes
            since, used = time.monotonic(), time.process_time()
    end_with_children()


def main(given: Assignment) -> int:
    # The library may print, and may read answers: neither reaches the process that trains.
    messages, commands = _Messages(os.dup(1)), os.dup(0)
    os.dup2(2, 1)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    yield_the_processor()
    asked, ended = threading.Event(), threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(commands, asked, ended), daemon=True).start()
    try:
        with locked(log_state(Path(given.run), given.name).with_suffix(".lock")):
            _Follower(given, messages, asked, ended).follow()
    except BaseException as error:
        traceback.print_exc()
        messages.send(broken=first_line(error, _MOST_REASON, typed=True))
        return 1
    messages.send(closed=True)
    return 0


if __name__ == "__main__":
    code = main(Assignment(**json.loads(sys.argv[1])))
    sys.stderr.flush()
    os._exit(code)  # without the library's own work at exit, which may hang
