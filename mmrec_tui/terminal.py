"""The edges of the terminal: text made safe to show, and streams that may be gone."""

from __future__ import annotations

import contextlib
import json
import os
import select
import stat
import sys
from pathlib import Path
from typing import Any, TextIO

_PATIENCE_SECONDS = 5.0

# Line end and tab; and the invisible signs that scripts and emoji are written with.
_KEPT = frozenset("\n\t\u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060")


def printable(text: str) -> str:
    """The text with control characters and terminal escapes shown as codes instead of acting."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str) -> str:
    """As `printable`, with line ends and tabs shown as spaces."""
    return printable(" ".join(text.split("\n")).replace("\t", " "))


def print_json(value: dict[str, Any]) -> None:
    """A result on stdout, in one line. What a terminal would act on is escaped, which is the same to a reader of JSON."""
    from mmrec_engine.events import finite

    text = json.dumps(finite(value), ensure_ascii=False)
    if not text.isprintable():
        text = "".join(one if one in _KEPT or one.isprintable() else json.dumps(one)[1:-1] for one in text)
    print(text, flush=True)


def prepare_streams() -> None:
    """Let neither a character that a terminal cannot show nor a stream that is closed end the program."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115, open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def silence(stream: TextIO) -> None:
    """Let what is still written to a stream that nobody reads vanish, so that the exit is quiet too."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Narration:
    """Lines on stderr. A stream that is gone only silences it; training goes on."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._silent = quiet
        self._bar_shown = False
        self.is_terminal = self._stream.isatty()
        self._pipe = _pipe_behind(self._stream)
        self._clogged = False

    @property
    def columns(self) -> int:
        """Characters that a line has room for; without a terminal as many as it likes."""
        try:
            return max(1, os.get_terminal_size(self._stream.fileno()).columns - 1) if self.is_terminal else 1000
        except (OSError, ValueError):
            return 79

    def line(self, text: str = "") -> None:
        self._write(("\r\x1b[K" if self._bar_shown else "") + printable(text) + "\n")
        self._bar_shown = False

    def bar(self, text: str) -> None:
        """Redraw the one line that changes in place; only sensible on a terminal."""
        self._write("\r\x1b[K" + one_line(text)[: self.columns])
        self._bar_shown = True

    def clear(self) -> None:
        """Take the line away that changes in place."""
        if self._bar_shown:
            self._write("\r\x1b[K")
        self._bar_shown = False

    def _has_room(self) -> bool:
        """Whether a pipe takes a line now. One that nobody empties is waited for once; then it is told nothing."""
        if self._pipe is None:
            return True
        ready = bool(select.select([], [self._pipe], [], 0.0 if self._clogged else _PATIENCE_SECONDS)[1])
        self._clogged = not ready
        return ready

    def _write(self, text: str) -> None:
        if self._silent or not self._has_room():
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._silent = True
            silence(self._stream)


def _pipe_behind(stream: TextIO) -> int | None:
    """The descriptor of a stream that goes into a pipe."""
    try:
        descriptor = stream.fileno()
        return descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else None
    except (OSError, ValueError):
        return None


def _shown(character: str) -> str:
    if character in _KEPT or character.isprintable():
        return character
    if character.isspace() and ord(character) >= 0x2000:
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
