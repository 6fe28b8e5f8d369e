"""Input and output of the terminal: escaping of control characters, and streams that may be closed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import stat
import sys
import textwrap
from pathlib import Path
from typing import Any, TextIO

_PATIENCE_SECONDS = 5.0

# Line end and tab; and invisible characters that scripts and emoji need.
_KEPT = frozenset("\n\t\u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060")


def printable(text: str) -> str:
    """The text with control characters and terminal escapes shown as codes."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str) -> str:
    """As `printable`, with line ends and tabs shown as spaces."""
    return printable(" ".join(text.split("\n")).replace("\t", " "))


_QUOTED = re.compile("`[^`]*`")
_JOINED = "\x00"  # a space at which no line ends; in no text, which is printable

# The colour of a line on a terminal, by its beginning: ANSI codes, which need no library.
_COLOURS = {
    "⚠": "33",
    "!": "33",
    "✖": "31",
    "✗": "31",
    "ℹ": "36",
    "→": "36",
    "•": "36",
    "✓": "32",
    "🏁": "1",
    "📊": "1",
    "🚀": "1",
}


def shows_colour(stream: Any) -> bool:
    """Whether output to the stream may be coloured (https://no-color.org)."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def laid_out(text: str, columns: int, colour: bool) -> str:
    """A line for a terminal: wrapped between words with indented continuation, coloured by its first character.

    A line with a command is not changed, so that it can be copied; a command in backquotes is kept whole.
    """
    lines = [text]
    if len(text) > columns and "mmrec-tui " not in _QUOTED.sub("", text):
        whole = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _JOINED), text)
        first = text.lstrip()[:1]
        begins_with_sign = not first.isalpha() or first == "ℹ" or text.lstrip()[1:2] == " "
        indent = " " * (len(text) - len(text.lstrip()) + (3 if begins_with_sign else 0))
        how = {"subsequent_indent": indent, "break_long_words": False, "break_on_hyphens": False}
        wrapped = textwrap.wrap(whole, columns, drop_whitespace=True, **how)  # type: ignore[arg-type]
        lines = [line.replace(_JOINED, " ") for line in wrapped] or [text]
    code = _COLOURS.get(text.lstrip()[:1]) if colour else None
    return "\n".join(lines) if code is None else "\n".join(f"\x1b[{code}m{line}\x1b[0m" for line in lines)


def columns_of(stream: TextIO) -> int:
    """Width of this terminal in characters."""
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns - 1)
    except (OSError, ValueError):
        return 79


def print_json(value: dict[str, Any]) -> None:
    """A result on stdout, in one line. Control characters are escaped, which is equivalent for a reader of JSON."""
    from mmrec_engine.events import finite

    text = json.dumps(finite(value), ensure_ascii=False)
    if not text.isprintable():
        text = "".join(one if one in _KEPT or one.isprintable() else json.dumps(one)[1:-1] for one in text)
    print(text, flush=True)


def prepare_streams() -> None:
    """Characters that a terminal cannot show, and closed streams, do not end the program."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115, open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Windows' own encoding of a file or a pipe lacks most characters; a terminal gets UTF-8 anyway.
            own = "utf-8" if sys.platform == "win32" else None
            stream.reconfigure(encoding=own, errors="backslashreplace")


def silence(stream: TextIO) -> None:
    """Discard what is still written to a closed stream, so that the exit is quiet too."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Narration:
    """Lines on stderr. A closed stream only silences it; training goes on."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._silent = quiet
        self._bar_shown = False
        self.is_terminal = self._stream.isatty()
        self._colour = shows_colour(self._stream)
        self._pipe = _pipe_behind(self._stream)
        self._clogged = False

    @property
    def columns(self) -> int:
        """Width of a line in characters; without a terminal unlimited."""
        try:
            return max(1, os.get_terminal_size(self._stream.fileno()).columns - 1) if self.is_terminal else 1000
        except (OSError, ValueError):
            return 79

    def line(self, text: str = "") -> None:
        shown = one_line(text)  # a name in it may contain line ends
        if self.is_terminal:
            shown = laid_out(shown, self.columns, self._colour)
        self._write(("\r\x1b[K" if self._bar_shown else "") + shown + "\n")
        self._bar_shown = False

    def bar(self, text: str) -> None:
        """Redraw the progress line in place; only useful on a terminal."""
        shown = one_line(text)
        if len(shown) > self.columns:
            shown = (
                shown[: self.columns - 1].rpartition(" ")[0] + "…"
                if " " in shown[: self.columns]
                else shown[: self.columns]
            )
        self._write("\r\x1b[K" + shown)
        self._bar_shown = True

    def signal(self, codes: str) -> None:
        """Invisible control codes for a terminal; without one nothing."""
        if self.is_terminal and os.environ.get("TERM", "dumb") != "dumb":
            self._write(codes)

    def clear(self) -> None:
        """Remove the progress line."""
        if self._bar_shown:
            self._write("\r\x1b[K")
        self._bar_shown = False

    def _has_room(self) -> bool:
        """Whether a pipe accepts a line now. A full one is waited for once; then nothing is written until it has space."""
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
    """The descriptor of a stream that goes into a pipe; None on Windows, which cannot tell whether one accepts a line."""
    if sys.platform == "win32":
        return None
    else:
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
