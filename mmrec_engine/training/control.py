"""Requests to a run during training: pause, continue, save, stop, change. From a signal, a screen, or a line in a file."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

Command = Literal["pause", "resume", "save", "stop", "change"]
DETACH = "detach"  # the reason of a stop after which another process continues
_POLL_SECONDS = 0.25
_READ_BYTES = 2**20
_MOST_REASON = 80  # characters
_MOMENT_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """id: of the line in the control file; empty for a request of this process. settings: the changes."""

    command: str
    reason: str = ""
    id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return self.command in get_args(Command)


class Control:
    """A queue of requests, safe to fill from any thread and from signal handlers.

    lock: after a run that was handed over has ended, a descriptor of its folder's lock, still held. The caller has to pass
    it on (to `train` as `held_lock`, here or in a process that inherits it) and to close it. None after every other end.
    waited: seconds that runs with these requests were paused.
    """

    def __init__(self) -> None:
        self.lock: int | None = None
        self.waited = 0.0
        self._requests: deque[Request] = deque()
        self._file: _ControlFile | None = None

    def ask(self, command: Command, reason: str = "", settings: Mapping[str, Any] | None = None) -> None:
        """settings: the changes, for "change"; changes that are not possible in a running training are refused."""
        self._requests.append(Request(command, reason, settings=settings or {}))

    def hand_over(self) -> None:
        """Ask the run to save and end without releasing its lock, so that no other process takes it before the run continues.

        A run that was stopped before, or has nothing to save yet, ends as usual, and `lock` stays None.
        """
        self.ask("stop", DETACH)

    def listen_to(self, path: Path) -> None:
        """Read requests from the lines of a file too; lines written before now are ignored."""
        self._file = _ControlFile(path)

    @property
    def stop_asked(self) -> bool:
        self._read_file()
        return any(request.command == "stop" for request in tuple(self._requests))

    def take(self) -> Iterator[Request]:
        """The requests since the last call."""
        self._read_file()
        while self._requests:
            yield self._requests.popleft()

    def wait(self) -> float:
        """Sleep for a moment of a pause, until the next request may have come. Returns its seconds."""
        began = time.monotonic()
        time.sleep(_POLL_SECONDS)
        moment = time.monotonic() - began
        self.waited += moment
        return moment

    def _read_file(self) -> None:
        if self._file is not None:
            self._requests.extend(self._file.new_requests())


class _ControlFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._since = time.time()
        self._offset = path.stat().st_size if path.exists() else 0
        self._polled = 0.0

    def _is_new(self, asked: float) -> bool:
        """Whether a request is not from before this process; if the clock was set back meanwhile, recent ones count as new
        too."""
        return asked >= self._since or abs(time.time() - asked) < _MOMENT_SECONDS

    def new_requests(self) -> Iterator[Request]:
        if time.monotonic() - self._polled < _POLL_SECONDS:
            return
        self._polled = time.monotonic()
        try:
            size = self._path.stat().st_size
            if size < self._offset:
                self._offset = 0  # the file was replaced
            if size == self._offset:
                return
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(_READ_BYTES)
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1] or (data if len(data) == _READ_BYTES else b"")  # no request is that long
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                value = json.loads(line)
                if self._is_new(float(value["time"])):
                    settings = value.get("settings")
                    reason = str(value.get("reason") or "control")[:_MOST_REASON]
                    if reason == DETACH:  # the lock is handed over within this process only
                        reason = "control"
                    changes = settings if isinstance(settings, dict) else {}
                    yield Request(str(value["command"]), reason, str(value["id"]), changes)
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                continue
