"""The record of a run, `events.jsonl`, as bytes: whole lines of a file that grows, and quick searches in one of any size.

Blocks are read, not mapped: the pages of a mapping would count as memory of this process. What a line means is for events.py;
here a line has a kind, by its first bytes as `events.to_line` writes them.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 4 * 2**20  # bytes; no event is that long
MOST_WAITING = 4 * 2**20  # bytes; some ten thousand steps
_BLOCK = 2**20


class LineWriter:
    """Writes lines at the end of a file. What the disk does not take waits in memory, in order, and goes out with later lines.

    failure: why something waits; None while all that was flushed is written.
    """

    def __init__(self, path: Path, *, append: bool) -> None:
        """Raises OSError where the file cannot be opened; one that is not `append`ed to begins empty."""
        self._file = path.open("ab" if append else "wb", buffering=0)
        self._waiting = bytearray()
        self.failure: OSError | None = None

    def add(self, line: bytes) -> None:
        """Raises OSError once more waits than memory should hold."""
        self._waiting += line
        if len(self._waiting) > MOST_WAITING:
            self.flush()
            if self.failure is not None:
                raise self.failure

    def flush(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: self._file.write(self._waiting)]
            self.failure = None
        except OSError as error:
            self.failure = error

    def sync(self) -> None:
        """Make all lines last through a crash of the machine. Raises OSError where they cannot even be written."""
        self.flush()
        if self.failure is not None:
            raise self.failure
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self.flush()
        self._file.close()


class WholeLines:
    """Cuts what is read of a file, piece after piece, at its line ends. Lines that are too long are passed over."""

    def __init__(self) -> None:
        self._torn = b""
        self._skipping = False  # inside a line that is too long

    def feed(self, data: bytes) -> bytes:
        """The whole lines that end in this piece; what is left waits for the next one."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._keep(data)
            return b""
        if self._skipping:
            lines = data[data.find(b"\n") + 1 : end]
        else:
            lines = self._torn + data[:end]
            if len(self._torn) + data.find(b"\n") > LONGEST_LINE:
                lines = data[data.find(b"\n") + 1 : end]
        self._torn, self._skipping = b"", False
        self._keep(data[end:])
        return lines

    def _keep(self, data: bytes) -> None:
        if not self._skipping:
            self._torn += data
            if len(self._torn) > LONGEST_LINE:
                self._torn, self._skipping = b"", True


def blocks(file: io.FileIO, end: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines of the first `end` bytes, in pieces of about 1 MiB, each with about where it begins (to within a line)."""
    lines = WholeLines()
    position = 0
    while position < end and (data := file.read(min(_BLOCK, end - position))):
        yield position, lines.feed(data)
        position += len(data)


def starts(block: bytes, *kinds: str) -> list[int]:
    """Where in a block of whole lines those of these kinds begin."""
    words = b"|".join(kind.encode() for kind in kinds)
    # The line end before it and the literal start are what makes this search quick, so the first line is looked at apart.
    first = [0] if re.match(rb'\{"event": "(?:%s)"' % words, block) else []
    return first + [match.start() + 1 for match in re.finditer(rb'\n\{"event": "(?:%s)"' % words, block)]


def line_at(block: bytes, start: int) -> bytes:
    """The line that begins there, without its end."""
    end = block.find(b"\n", start)
    return block[start:] if end < 0 else block[start:end]


def newest_lines(file: io.FileIO, *kinds: str) -> Iterator[bytes]:
    """Lines of these kinds, the last one first; reads no further back than its caller asks."""
    end = file.seek(0, os.SEEK_END)
    rest = b""  # the end of a line that began before what is read
    while end:
        begin = max(0, end - _BLOCK)
        file.seek(begin)
        block = file.read(end - begin) + rest
        cut = block.find(b"\n") + 1 if begin else 0
        rest = (block[:cut] if cut else block) if begin else b""
        if len(rest) > LONGEST_LINE:
            rest = b""
        if cut or not begin:
            for start in reversed(starts(block[cut:], *kinds)):
                yield line_at(block, cut + start)
        end = begin
