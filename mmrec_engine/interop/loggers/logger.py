"""What a logger does. Each has a file of its own (`*_logger.py`); `available.py` lists them.

A logger is called in a process of its own (`logger_process.py`), so it may take its time, and raise.
"""

from __future__ import annotations

import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrec_engine.events import Status
from mmrec_engine.storage import file_lock
from mmrec_engine.storage.files import open_descriptor

# Name of the project (W&B, trackio) or the experiment (MLflow), unless the library's environment names one.
PROJECT = "mmrec"
SAMPLE, FINDINGS, SETTINGS, REPORT = "sample", "findings", "settings", "report"  # names of texts
_LOCK_SECONDS = 40.0


@dataclass(frozen=True)
class LoggedRun:
    """The run that is logged.

    id: the same for each process that continues the run, and of no other run. folder: of this logger's files; it may be
    shared with other runs (`--log-dir`). own_folder: of this run's files alone. process: the id of the process that trains.
    config: the settings and facts of the run, flat. state: what the logger stored when it was opened before; empty the
    first time.
    """

    name: str
    id: str
    folder: Path
    own_folder: Path
    process: int
    config: Mapping[str, Any]
    state: Mapping[str, Any]


@dataclass
class LoggedStep:
    """All of one step: its values by name (`train/loss`), and its texts by name (SAMPLE, REPORT, ...), as Markdown but for
    the sample.

    time: seconds since the epoch.
    """

    step: int
    time: float
    values: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a run ended. summary: its results by name."""

    status: Status
    step: int
    summary: Mapping[str, Any]


class Logger(ABC):
    """state: what `LoggedRun.state` has to be when the log is continued. place: where a person finds the log."""

    state: dict[str, Any]
    place: str

    @abstractmethod
    def open(self, run: LoggedRun) -> int:
        """Begin the log, or continue it. Returns the last step that it holds; -1 if there is none.

        The log itself is asked: after a kill it may hold more than what was acknowledged.
        """

    @abstractmethod
    def add(self, steps: Sequence[LoggedStep]) -> None:
        """Add steps, each once, in their order. They are in the log on return, as far as the library promises that."""

    def change_config(self, config: Mapping[str, Any]) -> None:  # noqa: B027  # not every log can change it
        """The settings changed. config: all of it, as it is now."""

    def set_notes(self, notes: str) -> None:  # noqa: B027  # not every log has notes
        """The findings so far, as Markdown; replaces the earlier notes."""

    @abstractmethod
    def close(self, ending: Ending | None) -> None:
        """Leave the log. ending: None if the run was interrupted, and may be continued."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time comes here with this file. Waits for the other one. Raises OSError if that takes too long."""
    descriptor = open_descriptor(path, os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                file_lock.lock(descriptor)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield
    finally:
        file_lock.close(descriptor)
