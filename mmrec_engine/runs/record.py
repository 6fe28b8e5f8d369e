"""The record of a run, `events.jsonl`, as bytes: complete lines of a growing file, and fast searches in a file of any size.

Blocks are read, not mapped: the pages of a mapping would count as memory of this process. events/ knows the meaning of a
line; here a line has a kind, recognised by its first bytes as `events.to_line` writes them.
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
    """Appends lines to a file. Lines that the disk does not accept wait in memory, in order, and are written with later ones.

    failure: why lines wait; None while everything flushed is written.
    """

    def __init__(self, path: Path, *, append: bool) -> None:
        """Raises OSError if the file cannot be opened; without `append` it begins empty."""
        self._file = path.open("ab" if append else "wb", buffering=0)
        self._waiting = bytearray()
        self.failure: OSError | None = None

    def add(self, line: bytes) -> None:
        """Raises OSError once too much waits in memory."""
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
        """Make all lines survive a crash of the machine. Raises OSError if they cannot be written."""
        self.flush()
        if self.failure is not None:
            raise self.failure
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self.flush()
        self._file.close()


class WholeLines:
    """Cuts a file, block after block, at its line ends. Too long lines are skipped."""

    def __init__(self) -> None:
        self._incomplete = b""
        self._skipping = False  # inside a line that is too long

    def feed(self, data: bytes) -> bytes:
        """The complete lines that end in this block; the rest waits for the next one."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._keep(data)
            return b""
        if self._skipping:
            lines = data[data.find(b"\n") + 1 : end]
        else:
            lines = self._incomplete + data[:end]
            if len(self._incomplete) + data.find(b"\n") > LONGEST_LINE:
                lines = data[data.find(b"\n") + 1 : end]
        self._incomplete, self._skipping = b"", False
        self._keep(data[end:])
        return lines

    def _keep(self, data: bytes) -> None:
        if not self._skipping:
            self._incomplete += data
            if len(self._incomplete) > LONGEST_LINE:
                self._incomplete, self._skipping = b"", True


def blocks(file: io.FileIO, end: int) -> Iterator[tuple[int, bytes]]:
    """Complete lines of the first `end` bytes, in blocks of about 1 MiB, each with its approximate start (to within a
    line)."""
    lines = WholeLines()
    position = 0
    while position < end and (data := file.read(min(_BLOCK, end - position))):
        yield position, lines.feed(data)
        position += len(data)


def starts(block: bytes, *kinds: str) -> list[int]:
    """Positions of the lines of these kinds in a block of complete lines."""
    words = b"|".join(kind.encode() for kind in kinds)
    # The line end and the literal prefix make this search fast, so the first line is tested separately.
    first = [0] if re.match(rb'\{"event": "(?:%s)"' % words, block) else []
    return first + [match.start() + 1 for match in re.finditer(rb'\n\{"event": "(?:%s)"' % words, block)]


def line_at(block: bytes, start: int) -> bytes:
    """The line at this position, without its end."""
    end = block.find(b"\n", start)
    return block[start:] if end < 0 else block[start:end]


def newest_lines(file: io.FileIO, *kinds: str) -> Iterator[bytes]:
    """Lines of these kinds, the last one first; reads no further back than its caller iterates."""
    end = file.seek(0, os.SEEK_END)
    rest = b""  # the end of a line that began before this block
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
