"""Follows the record of a run that another process writes: a first view at once, then all of it in time slices.

Reads only; must not know: screens, locks. A record that was cut, replaced or removed is read again.
"""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from mmrec_engine import events
from mmrec_engine.runs.history import History
from mmrec_engine.runs.record import WholeLines, blocks, line_at, starts
from mmrec_engine.storage.files import open_plain
from mmrec_engine.storage.folder_lock import is_live
from mmrec_engine.storage.run_files import events_file

_SMALL = 2 * 2**20  # bytes that can be read whole about as fast as the first view
_HEAD, _TAIL = 2**18, 2**19
_SAMPLES = 1000
_RARE = ("run_started", "resumed", "settings_changed", "run_finished")
# May come with every step, on request.
_DENSE = ("state", "validation", "checkpoint", "check", "finding", "finding_update")
_MOST_LINES = 50_000  # of these; more would take too long for a first view
_SLICE = 2**16  # bytes between two readings of the clock
_MARK = 256  # bytes at both ends of the part read so far, by which the file is recognised


class RunReader:
    """history: the fold of the part read so far, a new one when the record was replaced. complete: whether all of
    the record has been read at least once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin()

    @property
    def _path(self) -> Path:
        return events_file(self._folder, live=is_live(self._folder))

    def _begin(self) -> None:
        self.history = History()
        self.complete = False
        self._lines = WholeLines()
        self._position = 0
        self._identity = (0, 0)  # device, inode
        self._first = self._last = b""  # bytes at both ends of the part read so far

    def first_view(self) -> History:
        """A first view of a record of any size: its ends, some of its steps, and the important events in between.

        A small record is read whole, and this is `history` itself. Otherwise it is separate: curves are thinner, the log
        and the samples are only those of the ends.
        """
        try:
            with open_plain(self._path) as file:
                size = os.fstat(file.fileno()).st_size
                if size > _SMALL:
                    return _first_view(file, size)
        except OSError:
            return self.history
        self.read(float("inf"))
        return self.history

    def read(self, seconds: float) -> bool:
        """Fold lines written since the last call, for about `seconds` at most. Returns whether more is waiting.

        An incomplete line waits for its end; a line that is no event is skipped. Raises nothing.
        """
        until = time.monotonic() + seconds
        try:
            with open_plain(self._path) as file:
                if not self._is_the_same(file):
                    self._begin()
                    self._identity = _identity(file)
                file.seek(self._position)
                while data := file.read(_SLICE):
                    self._take(data)
                    if time.monotonic() >= until and os.fstat(file.fileno()).st_size > self._position:
                        return True
        except (FileNotFoundError, NotADirectoryError):
            if self._position and self._folder.exists():  # else the part read so far is kept
                self._begin()
        except OSError:
            return False  # it may become readable later
        self.complete = True
        return False

    def _take(self, data: bytes) -> None:
        if len(self._first) < _MARK:
            self._first = (self._first + data)[:_MARK]
        self._last = (self._last + data[-_MARK:])[-_MARK:]
        self._position += len(data)
        _fold(self.history, self._lines.feed(data))

    def _is_the_same(self, file: io.FileIO) -> bool:
        """Whether the file is the one that was read, possibly longer.

        A restarted run overwrites the old bytes in place, so its bytes are compared too; a shorter file is another one.
        """
        if _identity(file) != self._identity:
            return False
        last_at = self._position - len(self._last)
        return (
            _read_at(file, 0, len(self._first)) == self._first
            and _read_at(file, last_at, len(self._last)) == self._last
        )


def _read_at(file: io.FileIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def _identity(file: io.FileIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino


def _fold(history: History, lines: bytes) -> None:
    for line in lines.split(b"\n"):
        if line and (event := events.from_line(line)) is not None:
            history.add(event)


def _first_view(file: io.FileIO, size: int) -> History:
    history = History()
    most = max(16, _MOST_LINES * 2**20 // size)  # lines of a block
    sample_at = 0
    for begin, block in blocks(file, size):
        if begin < _HEAD:
            head = block.find(b"\n", _HEAD) + 1 or len(block)
            _fold(history, block[:head])
            begin, block = begin + head, block[head:]
        tail = len(block)
        if begin + tail > size - _TAIL:
            tail = block.rfind(b"\n", 0, max(0, size - _TAIL - begin)) + 1
        middle = block[:tail]
        chosen = _telling(middle, most)
        while (offset := sample_at - begin) < tail:
            step = middle.find(b'\n{"event": "step"', max(0, offset))
            if step >= 0:
                chosen.append(step + 1)
            sample_at += size // _SAMPLES
        for start in sorted(set(chosen)):
            _fold(history, line_at(middle, start))
        _fold(history, block[tail:])
    return history


def _telling(block: bytes, most: int) -> list[int]:
    """Positions of lines for a first view, about `most`: the necessary ones, and some of a dense record."""
    found = starts(block, *_RARE, *_DENSE)
    if len(found) <= most:
        return found
    some = set(starts(block, *(kind for kind in _DENSE if kind != "state"))[:: len(found) // most + 1])
    some.update(start for start in starts(block, "validation") if b'"best": true' in line_at(block, start))
    return [*some, *starts(block, *_RARE)]
