"""The lock of an open file, which ends with the process that holds it: flock(2), and LockFileEx on Windows.

The libraries for it (filelock, portalocker) lock the first bytes of a file, which nobody else can read on Windows then; here
the file says who holds it. Nor do they have a lock that a reader can share, or that goes on with an inherited descriptor.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from mmrec_engine.storage.files import open_descriptor

# Errors of a file system that has no locks
WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL})

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _FAIL_IMMEDIATELY, _EXCLUSIVE = 1, 2
    _LOCK_VIOLATION = 33
    _NOT_SUPPORTED = frozenset({1, 50})  # ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.LockFileEx.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.c_void_p)
    _kernel.UnlockFileEx.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 3, ctypes.c_void_p)

    def _place() -> _Overlapped:
        """Byte 2³²: behind the content, because a locked byte can be read by its owner alone."""
        return _Overlapped(offset=0, offset_high=1)

    def lock(descriptor: int, *, shared: bool = False) -> None:
        """Lock the open file, or raise BlockingIOError if it is locked elsewhere. Other OSErrors: see WITHOUT_LOCKS."""
        flags = _FAIL_IMMEDIATELY | (0 if shared else _EXCLUSIVE)
        handle = msvcrt.get_osfhandle(descriptor)
        if not _kernel.LockFileEx(handle, flags, 0, 1, 0, ctypes.byref(_place())):
            code = ctypes.get_last_error()
            if code == _LOCK_VIOLATION:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            raise OSError(errno.ENOLCK if code in _NOT_SUPPORTED else errno.EIO, f"LockFileEx: error {code}")

    def close(descriptor: int) -> None:
        """Close the file, and so release its lock. Windows also releases that of a closed file, but takes its time."""
        _kernel.UnlockFileEx(msvcrt.get_osfhandle(descriptor), 0, 1, 0, ctypes.byref(_place()))
        os.close(descriptor)

else:
    import fcntl

    def lock(descriptor: int, *, shared: bool = False) -> None:
        """Lock the open file, or raise BlockingIOError if it is locked elsewhere. Other OSErrors: see WITHOUT_LOCKS."""
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def close(descriptor: int) -> None:
        """Close the file, and so release its lock, unless a process that inherited the descriptor holds it too."""
        os.close(descriptor)


def append(path: Path, data: bytes) -> None:
    """Append to a file in one write, so that the lines of several processes do not mix. Raises OSError, also for a link."""
    descriptor = open_descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        if sys.platform == "win32":  # where appending is seeking and writing
            _wait_for(descriptor)
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        close(descriptor)


def _wait_for(descriptor: int) -> None:
    import time

    until = time.monotonic() + 5.0
    with contextlib.suppress(OSError):
        while time.monotonic() < until:
            try:
                lock(descriptor)
                return
            except BlockingIOError:
                time.sleep(0.01)
