"""Small files: atomic writes, and reads that follow no links and do not block."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from pathlib import Path

_MOST_BYTES = 64 * 2**20


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
            self._temporary.replace(self._path)
        except OSError:
            self.drop()
            raise

    def drop(self) -> None:
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def open_plain(path: os.PathLike[str]) -> io.FileIO:
    """The file, opened for reading.

    Raises OSError, also if it is not a plain file: a pipe would block, and a link could lead out of the folder.
    """
    # Opened without blocking: a pipe may have no writer.
    file = io.FileIO(
        path, opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    )
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
