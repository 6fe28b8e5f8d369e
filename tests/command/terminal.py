"""A simulated terminal and user: the installed command as a process in a pseudo-terminal, and its visible screen.

Screen ── keys, size, hang-up ──►  pseudo-terminal  ◄── draws ── mmrec-tui
   ▲                                     │
   └────── pyte (what is seen) ◄─────────┘ read all the time, so that the app never waits for it
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pyte
import pytest

from mmrec_engine.storage.run_files import EVENTS
from tests.conftest import COMMAND, PLANTED, Command, may_be_forked

SECONDS = 90.0  # on an idle machine the events come within one or two
KEYS = {
    "ctrl+c": "\x03", "ctrl+q": "\x11", "ctrl+s": "\x13", "escape": "\x1b", "enter": "\r", "f2": "\x1bOQ", "space": " ",
}  # fmt: skip
COLUMNS, LINES = 120, 36
_TERM = "xterm-256color"
_SPARE = 300  # columns right of the terminal's own, into which a too long line would spill
_POLL_SECONDS = 0.02
_DIALECT = re.compile(rb"\x1b\[<\d*u")  # leaves the keyboard protocol; pyte would show its letter
_BEGUN = re.compile(rb"\x1b(\[(<\d*)?)?$")


class _Seen(pyte.Screen):
    """The two screens of a terminal: the normal content is restored when an app leaves the alternate one."""

    alternate = False
    cursor_shown = True
    _other: tuple[Any, int, int] | None = None

    def set_mode(self, *modes: int, **how: Any) -> None:
        if how.get("private") and 1049 in modes and not self.alternate:
            self.alternate, self._other = True, (self.buffer.copy(), self.cursor.y, self.cursor.x)
            self.buffer.clear()
        self.cursor_shown = self.cursor_shown or (bool(how.get("private")) and 25 in modes)
        super().set_mode(*modes, **how)

    def reset_mode(self, *modes: int, **how: Any) -> None:
        if how.get("private") and 1049 in modes and self._other is not None:
            self.alternate = False
            self.buffer.clear()
            lines, self.cursor.y, self.cursor.x = self._other
            self.buffer.update(lines)
        if how.get("private") and 25 in modes:
            self.cursor_shown = False
        super().reset_mode(*modes, **how)


def _may_be_forked(given: Mapping[str, str | None]) -> bool:
    """Code of `planted` below is allowed: the project's packages are loaded after it."""
    usual = {name: value for name, value in given.items() if name not in ("COLORTERM", "PYTHONPATH")}
    place = given.get("PYTHONPATH")
    planted = place is None or (place != str(PLANTED) and (Path(place) / "sitecustomize.py").exists())
    return usual.pop("TERM") == _TERM and planted and may_be_forked(usual)


class Screen:
    """`mmrec-tui WORDS` in a terminal of this size. `written`: every byte it wrote there."""

    def __init__(
        self,
        command: Command,
        *words: object,
        columns: int = COLUMNS,
        lines: int = LINES,
        redirected: dict[str, Any] | None = None,  # stdin, stdout, stderr, if they are not this terminal
        **environment: str | None,
    ) -> None:
        given = {**command.environment, "TERM": _TERM, "COLORTERM": "truecolor", **environment}
        self.columns, self.lines = columns, lines
        self.written = b""
        self._seen = _Seen(columns + _SPARE, lines)
        self._stream = pyte.ByteStream(self._seen)
        self._lock = threading.Lock()
        self._changes, self._rest = 0, b""
        self._ours, theirs = pty.openpty()
        self._own_side = os.dup(theirs)  # keeps the terminal's settings readable when the process has gone
        self._set_size()
        self.settings = termios.tcgetattr(self._own_side)
        self.began = time.monotonic()
        self.process: Any
        if command.fork_server is not None and not redirected and _may_be_forked(given):
            variables = {name: value for name, value in given.items() if value is not None}
            self.process = command.fork_server.start([*map(str, words)], command.folder, variables, terminal=theirs)
        else:
            self.process = subprocess.Popen(
                [str(COMMAND), *map(str, words)],
                cwd=command.folder,
                env={name: value for name, value in given.items() if value is not None},
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),  # its controlling terminal
                **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **(redirected or {})},
            )
        os.close(theirs)
        self._ending = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # Actions of the user

    def press(self, *keys: str) -> None:
        """Keys by name or as characters, one after the other."""
        for key in keys:
            os.write(self._ours, KEYS.get(key, key).encode())
            if key == "escape":
                time.sleep(0.2)  # else it would begin the code of another key

    def send(self, data: bytes) -> None:
        """Bytes as they are, of any encoding."""
        os.write(self._ours, data)

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self.columns, self.lines = columns, lines
            self._seen.resize(lines, columns + _SPARE)
            self._seen.erase_in_display(2)  # a terminal may change the old content in any way
            self._set_size()

    def hang_up(self) -> None:
        """The terminal's window is closed."""
        self._stop_reading()
        os.close(self._own_side)
        os.close(self._ours)
        self._ours = self._own_side = -1

    # What the user sees

    def text(self) -> str:
        with self._lock:
            rows = (self._seen.buffer[y] for y in range(self.lines))
            return "\n".join("".join(row[x].data for x in range(self._seen.columns)).rstrip() for row in rows)

    def lines_of_text(self) -> list[str]:
        return [line.strip() for line in self.text().splitlines() if line.strip()]

    def spilled(self) -> list[str]:
        """Content right of the terminal's last column."""
        return [line[self.columns :] for line in self.text().splitlines() if line[self.columns :].strip()]

    def forget_spilled(self) -> None:
        """A frame drawn for the old size may still arrive after the size has changed."""
        with self._lock:
            for row in self._seen.buffer.values():
                for x in [x for x in row if x >= self.columns]:
                    del row[x]

    @property
    def restored(self) -> bool:
        """Whether the terminal has a shell's settings again."""
        settings = termios.tcgetattr(self._own_side)
        return not self._seen.alternate and self._seen.cursor_shown and settings == self.settings

    def wait_for(self, wanted: str | Callable[[str], object], seconds: float = SECONDS) -> str:
        """Wait until a text is visible, or the screen meets a condition. Returns the screen."""
        until = time.monotonic() + seconds
        looked_at = -1
        while True:
            ended, late = self.process.poll() is not None, time.monotonic() > until
            if ended or late:
                time.sleep(2 * _POLL_SECONDS)  # for the last that was written
            changes = self._changes
            if changes != looked_at:
                looked_at, shown = changes, self.text()
                if wanted in shown if isinstance(wanted, str) else wanted(shown):
                    return shown
            if ended or late:
                why = f"the process ended with {self.process.returncode}" if ended else f"not within {seconds:.0f} s"
                pytest.fail(f"{wanted!r} was not seen: {why}\n{shown}")
            time.sleep(_POLL_SECONDS)

    def wait_for_end(self, seconds: float = SECONDS) -> int:
        """The exit code; all output has been read by then."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the process did not end within {seconds:.0f} s\n{self.text()}")
        self._stop_reading()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._stop_reading()
        if self._ours >= 0:
            os.close(self._own_side)
            os.close(self._ours)
            self._ours = self._own_side = -1

    # Reading and writing

    def _set_size(self) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))

    def _stop_reading(self) -> None:
        self._ending.set()
        self._reader.join()

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._ours], [], [], _POLL_SECONDS)
            if not ready:
                if self._ending.is_set():
                    return
                continue
            try:
                data = os.read(self._ours, 2**16)
            except OSError:
                return
            with self._lock:
                self.written += data
                self._show(data)
                self._changes += 1

    def _show(self, data: bytes) -> None:
        data = self._rest + data
        begun = _BEGUN.search(data)
        data, self._rest = (data[: begun.start()], data[begun.start() :]) if begun else (data, b"")
        self._stream.feed(_DIALECT.sub(b"", data))


# Runs in the app


def plan(command: Command, text_file: Path, **settings: object) -> None:
    """Store a small plan in the app's preferences, as if it had been chosen before."""
    small = {"data_dir": str(text_file), "batch_size": 2, "seq_len": 32, "threads": 1, "precision": "fp32"}
    endless = {"epochs": 1_000_000, "early_stopping_patience": 1_000_000, "eval_every": 50, "checkpoint_every": 50}
    path = Path(command.environment["XDG_CONFIG_HOME"]) / "mmrec" / "app.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"plan": {**small, **endless, **settings}}), encoding="utf-8")


def planted(command: Command, code: str) -> dict[str, str]:
    """An environment in which Python runs this code before the command."""
    place = command.folder.parent / "planted"
    place.mkdir()
    (place / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(place)}


def a_state_word(shown: str) -> bool:
    """Whether the screen shows a running training."""
    return any(word in shown for word in ("TRAINING", "VALIDATING", "SAVING"))


def _has_begun(shown: str) -> bool:
    return a_state_word(shown) or "FINISHED" in shown


def start_training(screen: Screen, checked: bool = False) -> None:
    """From the first screen to a run that trains, by keys. checked: wait for the checks before it; otherwise confirm that the
    training begins without them."""
    screen.wait_for("What now?")
    screen.press("n")
    screen.wait_for("first validation")
    screen.press("ctrl+s")
    screen.wait_for("Ready:" if checked else "space ticks one")
    screen.press("s")
    shown = screen.wait_for(lambda shown: _has_begun(shown) or "press s again" in shown)
    if not _has_begun(shown):
        screen.press("s")
        screen.wait_for(_has_begun)


def newest_step(folder: Path) -> int:
    """The last recorded step."""
    steps = re.findall(r'"event": "step", "time": [\d.]+, "step": (\d+)', _record(folder))
    return int(steps[-1]) if steps else 0


def wait_until(true: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            pytest.fail(f"not within {seconds:.0f} s: {what}")
        time.sleep(_POLL_SECONDS)


def wait_for_steps(folder: Path, more: int = 20) -> None:
    """Wait until the run has made some more steps."""
    first = newest_step(folder)
    wait_until(lambda: newest_step(folder) >= first + more, f"{more} steps after step {first}")


def end_all_in(folder: Path) -> None:
    """Kill processes that work in this folder, including detached ones."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder.resolve()):
                process.send_signal(signal.SIGKILL)
                process.wait(10)


def _record(folder: Path) -> str:
    try:
        return (folder / EVENTS).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
