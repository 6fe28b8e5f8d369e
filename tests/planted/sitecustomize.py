"""Code that Python runs before the installed command when a test puts this folder on its path: a fault at a chosen moment.

MMREC_PLANTED is a JSON object:

log   a file that gets a line for each thing done to files: number, operation, name
faults  a list of {"operation": ..., "name": a pattern of file names, "nth": which of these, from 1, "do": ...}; do is
      kill: SIGKILL to this process, just before the operation; or an errno's name (ENOSPC, EIO): the operation fails with it
fresh   true: the process is never forked (docs/testing.md)
code  Python to run once the package named by `after` has been imported (or at once)

Operations: open (for writing), fsync, rename, remove, mkdir, truncate. Only this process is meant, none that it starts.
"""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

_AUDITED = {"os.rename": "rename", "os.remove": "remove", "os.mkdir": "mkdir", "os.truncate": "truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Planted:
    def __init__(self, log: str = "", faults: list[dict[str, Any]] | None = None) -> None:
        self._faults = [{**fault, "met": 0} for fault in faults or []]
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None
        self._number = 0
        self._fsync = os.fsync
        os.fsync = self._synced
        sys.addaudithook(self._audited)

    def _audited(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = values
            if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
                self._done("open", path)
        elif event in _AUDITED:
            self._done(_AUDITED[event], values[1] if event == "os.rename" else values[0])

    def _synced(self, file: Any) -> None:
        number = file if isinstance(file, int) else file.fileno()
        self._done("fsync", Path(f"/proc/self/fd/{number}").readlink())
        self._fsync(number)

    def _done(self, operation: str, path: Any) -> None:
        name = Path(os.fsdecode(path)).name if not isinstance(path, int) else str(path)
        self._number += 1
        if self._log is not None:
            os.write(self._log, f"{self._number} {operation} {name}\n".encode())
        for fault in self._faults:
            if operation == fault["operation"] and fnmatch.fnmatch(name, fault["name"]):
                fault["met"] += 1
                if fault["met"] == fault["nth"]:
                    self._harm(fault["do"], path)

    def _harm(self, what: str, path: Any) -> None:
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = getattr(errno, what)
        raise OSError(number, os.strerror(number), os.fsdecode(path))


class _After:
    """Runs code once a module has been imported."""

    def __init__(self, module: str, code: str) -> None:
        self._module, self._code = module, code

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._module:
            return None
        import importlib.util

        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def executed(module: Any) -> None:
            execute(module)
            exec(compile(self._code, "planted", "exec"), {"module": module})

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


_given = os.environ.pop("MMREC_PLANTED", "")
if _given:
    _planted = json.loads(_given)
    _planted.pop("fresh", None)
    _code, _module = _planted.pop("code", ""), _planted.pop("after", "")
    if _code and _module:
        sys.meta_path.insert(0, _After(_module, _code))  # type: ignore[arg-type]
    elif _code:
        exec(compile(_code, "planted", "exec"), {})
    if _planted:
        Planted(**_planted)
