"""Small files: atomic writes, and reads that follow no links and do not block.

Windows neither replaces nor removes a file that a process has open, if only for a moment: `replace` and `remove` try again.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mmrec_engine.errors import RequestError

_MOST_BYTES = 64 * 2**20
_PATIENCE_SECONDS = 2.0 if sys.platform == "win32" else 0.0
_LOOK_SECONDS = 0.02
# Windows alone translates line ends unless told not to; it lacks the others. No descriptor of Python's is inherited.
BINARY: int = getattr(os, "O_BINARY", 0)
_PLAIN: int = BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def write_whole(path: Path, text: str, *, sync: bool = False) -> None:
    """Write `text` in UTF-8, or leave the old content. sync: make it survive a crash of the machine. Raises OSError."""
    Staged(path, text.encode("utf-8", "backslashreplace"), sync=sync).put_in_place()


class Staged:
    """A file's new content, on disk under another name until it replaces the old one.

    So several files can be changed together: a full disk is noticed before any of them is changed.
    """

    def __init__(self, path: Path, data: bytes | memoryview, *, sync: bool = False) -> None:
        """sync: make it survive a crash of the machine. Raises OSError, and leaves nothing then."""
        self._path, self._temporary = path, path.with_name(f"{path.name}.{os.getpid()}.tmp")
        try:
            with self._temporary.open("wb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError:
            self.drop()
            raise

    def put_in_place(self) -> None:
        """Raises OSError; then the old content is kept."""
        try:
            replace(self._temporary, self._path)
        except OSError:
            self.drop()
            raise

    def drop(self) -> None:
        with contextlib.suppress(OSError):
            remove(self._temporary)


def replace(new: Path, path: Path) -> None:
    """Give `new` the name `path`, in place of a file that has it. Raises OSError."""
    _patiently(lambda: new.replace(path))


def remove(path: Path) -> None:
    """Remove the file, if there is one. Raises OSError."""
    _patiently(lambda: path.unlink(missing_ok=True))


def _patiently(act: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            act()
            return
        except PermissionError:
            if time.monotonic() >= until:
                raise
        time.sleep(_LOOK_SECONDS)


def open_descriptor(path: os.PathLike[str] | str, flags: int) -> int:
    """`os.open` in bytes, for this process alone. Raises OSError, also for a link; does not wait for the reader of a pipe."""
    if sys.platform == "win32" and Path(path).is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
    return os.open(path, flags | _PLAIN, 0o666)


def open_plain(path: os.PathLike[str]) -> io.FileIO:
    """The file, opened for reading.

    Raises OSError, also if it is not a plain file: a pipe would block, and a link could lead out of the folder.
    """
    # Opened without blocking: a pipe may have no writer.
    file = io.FileIO(path, opener=open_descriptor)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a plain file", os.fspath(path))
    return file


def read_plain(path: os.PathLike[str]) -> bytes:
    """All of a small plain file. Raises OSError, also if it is not small."""
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
        return file.readall()


def refuse_used(folder: Path) -> None:
    """Of an export: it must be new or empty. Raises RequestError, OSError."""
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise RequestError("export-exists", path=folder)
