"""Python imports this at its start if this folder is in PYTHONPATH: mmrec then finds a system like Windows.

Its modules alone see it, because libraries need the real system: `sys.platform` is "win32"; modules, functions and flags of
POSIX are missing; an open file can be neither removed nor replaced; a folder cannot be opened; text has another default
encoding than UTF-8; starting processes refuses what Windows refuses. Calls of Windows itself are replaced by a form of the
same rules here. So it shows that the code for Windows is complete and follows those rules, not that Windows does.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import fcntl
import os
import pathlib
import select
import signal
import subprocess
import sys
from types import ModuleType
from typing import Any

MISSING = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty", "posix"}
_BINARY = 2**40  # a flag that this system does not know
_BREAK = signal.SIGUSR1


class _Without(ModuleType):
    """A module with some names missing, and others replaced."""

    def __init__(self, whole: ModuleType, missing: set[str], given: dict[str, Any]) -> None:
        super().__init__(whole.__name__)
        object.__setattr__(self, "_parts", (whole, missing, given))

    def __getattribute__(self, name: str) -> Any:
        whole, missing, given = object.__getattribute__(self, "_parts")
        if name in missing:
            raise AttributeError(f"module {whole.__name__!r} of Windows has no attribute {name!r}")
        return given[name] if name in given else getattr(whole, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(object.__getattribute__(self, "_parts")[0], name, value)


def _open(path: Any, flags: int, mode: int = 0o777) -> int:
    if os.path.isdir(path):  # noqa: PTH112
        raise PermissionError(errno.EACCES, "a folder", os.fspath(path))
    if not flags & _BINARY and not flags & os.O_CLOEXEC and os.fspath(path) != os.devnull:  # FileIO passes O_CLOEXEC
        raise AssertionError(f"{path} is opened as text, and its line ends would be translated")
    return os.open(path, flags & ~_BINARY, mode)


def _fsync(descriptor: int) -> None:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "open for reading alone")
    os.fsync(descriptor)


def _kill(process: int, number: int) -> None:
    raise AssertionError("os.kill ends the process on Windows, whatever the signal")


def _select(*_: object) -> None:
    raise OSError(errno.EBADF, "no socket")


def _popen(*words: Any, pass_fds: tuple[int, ...] = (), creationflags: int = 0, **how: Any) -> Any:
    if pass_fds or how.get("start_new_session") or how.get("preexec_fn"):
        raise ValueError("not supported on Windows")
    if how.get("text") and not how.get("encoding"):
        raise AssertionError("text in the encoding of the system")
    return subprocess.Popen(*words, start_new_session=bool(creationflags), **how)


def _is_open(path: pathlib.Path) -> bool:
    """Whether a process has the file open, or this one has it mapped; of a folder, a file in it."""
    within = os.path.realpath(path) + ("/" if path.is_dir() else "")
    for process in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208
        try:
            for name in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208
                there = os.readlink(f"/proc/{process}/fd/{name}")  # noqa: PTH115
                if there == within or (there.startswith(within) and within.endswith("/")):
                    return True
        except OSError:
            continue
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123
        return any(line.rstrip().endswith(within) or (within.endswith("/") and within in line) for line in maps)


def _refuse_open(path: pathlib.Path) -> None:
    if path.name.endswith("-trace"):
        return
    if sys._getframe(2).f_globals.get("__name__", "").startswith("mmrec") and _is_open(path):
        raise PermissionError(errno.EACCES, "another process uses the file", os.fspath(path))


def _watched(name: str) -> None:
    """Let a method of paths refuse open files: the path, and that at the target."""
    real = getattr(pathlib.Path, name)

    def method(self: pathlib.Path, *arguments: Any, **how: Any) -> Any:
        _refuse_open(self)
        if arguments and isinstance(arguments[0], pathlib.Path):
            _refuse_open(arguments[0])
            if name == "rename" and arguments[0].exists():
                raise FileExistsError(errno.EEXIST, "exists", os.fspath(arguments[0]))
        return real(self, *arguments, **how)

    setattr(pathlib.Path, name, method)


class _Call:
    """A function of kernel32."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)


_last_error = [0]


def _lock_file(handle: int, flags: int, reserved: int, low: int, high: int, place: Any) -> int:
    """LockFileEx, of one byte behind the content."""
    assert (reserved, low, high) == (0, 1, 0) and place._obj.offset_high > 0 and flags & 1, "it would wait"
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if flags & 2 else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        _last_error[0] = 33  # ERROR_LOCK_VIOLATION
        return 0
    return 1


def _unlock_file(handle: int, reserved: int, low: int, high: int, place: Any) -> int:
    try:
        fcntl.flock(handle, fcntl.LOCK_UN)
    except OSError:
        return 0
    return 1


class _Kernel32:
    def __init__(self, name: str = "kernel32", use_last_error: bool = True) -> None:
        assert name == "kernel32" and use_last_error
        self.LockFileEx, self.UnlockFileEx = _Call(_lock_file), _Call(_unlock_file)
        self.GetUserDefaultUILanguage = _Call(lambda: 0x041F)  # Turkish


class _Libraries:
    kernel32 = _Kernel32()


def _descriptor_alone(name: Any) -> Any:
    if name is None:
        raise TypeError("LoadLibrary() argument 1 must be str, not None")
    return ctypes.CDLL(name)


_msvcrt = ModuleType("msvcrt")
_msvcrt.get_osfhandle = lambda descriptor: descriptor  # type: ignore[attr-defined]

_SEEN = {
    "sys": _Without(sys, set(), {"platform": "win32"}),
    "os": _Without(
        os,
        {
            "fork", "forkpty", "getuid", "geteuid", "getgid", "getpgrp", "getpgid", "setsid", "setpgid", "killpg", "nice",
            "pread", "pwrite", "sched_getaffinity",
            "sched_setscheduler", "sched_param", "SCHED_IDLE", "getloadavg", "sysconf", "uname",
            "statvfs", "fchmod", "chown", "mkfifo", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "wait", "waitpid",
            "WNOHANG", "posix_fadvise", "set_blocking", "fdatasync",
        },
        {"open": _open, "fsync": _fsync, "kill": _kill, "O_BINARY": _BINARY, "name": "nt"},
    ),
    "signal": _Without(
        signal,
        {"SIGHUP", "SIGKILL", "SIGQUIT", "SIGTSTP", "SIGCONT", "SIGSTOP", "SIGWINCH", "SIGUSR1", "SIGUSR2", "SIGPIPE",
         "SIGALRM", "alarm", "setitimer", "pthread_sigmask", "sigwait", "pthread_kill"},
        {"SIGBREAK": _BREAK},
    ),
    "select": _Without(select, {"poll", "epoll", "kqueue"}, {"select": _select}),
    "subprocess": _Without(
        subprocess, set(), {"Popen": _popen, "CREATE_NEW_PROCESS_GROUP": 0x200, "CREATE_NO_WINDOW": 0x08000000}
    ),
    "ctypes": _Without(
        ctypes,
        set(),
        {"WinDLL": _Kernel32, "windll": _Libraries, "CDLL": _descriptor_alone, "get_last_error": lambda: _last_error[0]},
    ),
    "msvcrt": _msvcrt,
}  # fmt: skip


def _psutil() -> _Without:
    import psutil

    class Process(psutil.Process):  # type: ignore[misc]
        def nice(self, value: int | None = None) -> Any:
            assert value in (0x20, 0x40)

    given = {"Process": Process, "NORMAL_PRIORITY_CLASS": 0x20, "IDLE_PRIORITY_CLASS": 0x40}
    return _Without(psutil, set(), given)


_real_import = builtins.__import__


def _import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    importer = str((globals or {}).get("__name__", ""))
    if level == 0 and (importer.startswith(("mmrec_engine", "mmrec_tui")) or importer == "__main__"):
        if name in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in _SEEN and not (name == "ctypes" and fromlist and "wintypes" in fromlist):
            return _SEEN[name]
        if name == "psutil":
            return _psutil()
    return _real_import(name, globals, locals, fromlist, level)


if os.environ.get("MMREC_TEST_SYSTEM") == "windows":
    builtins.__import__ = _import
    for _name in ("unlink", "replace", "rename"):
        _watched(_name)
