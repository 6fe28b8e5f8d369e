"""Commands started by fork from a process that has imported torch and the engine already: a start of 20 ms instead of 1.3 s.

Of the 3.5 s of CPU that `train` of three steps takes, 2.4 are imports: its own, and those of the process that reloads its best
model. After its imports a forked process runs the same code, with its own streams, folder and environment. Nothing
has been computed in the server before, and no thread was started there. Tests of the start itself (what is imported when,
limits, environment variables that are read then) use fresh processes; `Command` decides.

    client ── request, three descriptors ──► server ── fork ──► child: mmrec_tui.cli.run(), or a module as with `python -m`
           ◄── process id, later how it ended ──┘

A child with planted code imports the project's own packages again after the code has run, so that the code comes before
them as in a fresh process. The processes that a command starts itself (the reloaded best model, other ranks, the runs of a
race) are forked as well.

In one thing a child differs from a fresh process: its samples are shorter. Those of usual length take half of the 1.6 s of a
training of three steps. With `WHOLE_SAMPLE` in its environment it draws them all.

This file is run as the server, and imported as its client. Linux only: elsewhere torch does not support forking.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_OURS = ("mmrec_engine", "mmrec_tui")
# Modules that a command starts itself with `python -m`; the empty name is the command.
_BY_FORK = {
    "mmrec_tui": "",
    "mmrec_engine.checks.postrun.reload": "mmrec_engine.checks.postrun.reload",
    "mmrec_engine.training.rank_worker": "mmrec_engine.training.rank_worker",
}
_PLANTED = str(Path(__file__).parent / "planted")
WHOLE_SAMPLE = "MMREC_TESTS_WHOLE_SAMPLE"
_SHORT = {"SAMPLE_TOKENS": 60, "FINAL_SAMPLE_TOKENS": 100}
_WHOLE = {"SAMPLE_TOKENS": 120, "FINAL_SAMPLE_TOKENS": 400}
# The modules that have these numbers: the first defines them.
_SAMPLING = (
    "mmrec_engine.runs.run_time", "mmrec_engine.checks.postrun.all_checks", "mmrec_engine.evaluation.validation",
    "mmrec_engine.planning.run_costs",
)  # fmt: skip
_STREAMS = 3


# The client


class ForkedProcess:
    """The parts of `subprocess.Popen[str]` that the tests use. args: the words after the program's name."""

    def __init__(
        self,
        server: str,
        request: Mapping[str, Any],
        *,
        stdin: int | IO[Any] | None = subprocess.DEVNULL,
        stdout: int | IO[Any] | None = subprocess.PIPE,
        stderr: int | IO[Any] | None = subprocess.PIPE,
    ) -> None:
        self.args = request["words"]
        self.returncode: int | None = None
        theirs, ours = zip(*(_stream(number, what) for number, what in enumerate((stdin, stdout, stderr))), strict=True)
        self.stdin, self.stdout, self.stderr = ours
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.connect(server)
        socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], theirs)
        for descriptor in theirs:
            if descriptor >= _STREAMS:
                os.close(descriptor)
        self._told = self._connection.makefile("rb")
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._told.readline())
            self._told.close()
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        until = None if timeout is None else time.monotonic() + timeout
        read: dict[str, str] = {}

        def drain(name: str, stream: IO[str]) -> None:
            read[name] = stream.read()
            stream.close()

        streams = {name: getattr(self, name) for name in ("stdout", "stderr")}
        readers = [
            threading.Thread(target=drain, args=(name, stream), daemon=True)
            for name, stream in streams.items()
            if stream is not None and not stream.closed
        ]
        for reader in readers:
            reader.start()
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.write(input or "")
                self.stdin.close()
        for reader in readers:
            reader.join(None if until is None else max(0.0, until - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return read.get("stdout", ""), read.get("stderr", "")


def _stream(number: int, what: int | IO[Any] | None) -> tuple[int, IO[str] | None]:
    """The descriptor for the child, and the other end of it if it is a pipe."""
    if what is None:
        return number, None
    if not isinstance(what, int):
        what = what.fileno()
    if what >= 0:
        return os.dup(what), None
    if what == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    reads, writes = os.pipe()
    theirs, ours = (reads, writes) if number == 0 else (writes, reads)
    return theirs, os.fdopen(ours, "w" if number == 0 else "r", encoding="utf-8", errors="replace")


class ForkServer:
    """The process that forks; it ends with the one that created it."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="mmrec-fork-")
        self._address = f"{self._place.name}/server"
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(self._address)
        listening.listen(64)
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._address, str(listening.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            env={**os.environ, "PYTHONPATH": ""},
            start_new_session=True,
        )
        listening.close()

    def start(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        own_group: bool = False,
        terminal: int | None = None,
    ) -> ForkedProcess:
        """`mmrec-tui WORDS` in this folder, with this environment and no other. terminal: a descriptor of one that becomes the
        process' own, in a session of its own."""
        request = {"module": "", "words": list(words), "folder": str(folder), "environment": dict(environment)}
        if terminal is not None:
            request |= {"session": True, "terminal": True}
            return ForkedProcess(self._address, request, stdin=terminal, stdout=terminal, stderr=terminal)
        return ForkedProcess(self._address, request | ({"group": 0} if own_group else {}))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._place.cleanup()


# The server


def _serve(address: str, listening: socket.socket) -> dict[str, Any] | None:
    """Fork for each request. Returns the request in the child, and None in the server once the client is gone."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([0, listening, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_ended(running)
        if 0 in ready:
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            return None
        if listening in ready:
            connection, _ = listening.accept()
            request, descriptors = _received(connection)
            with warnings.catch_warnings(action="ignore"):  # of threads that libraries have, idle
                pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number, descriptor in enumerate(descriptors):
                    os.dup2(descriptor, number)
                for taken in (connection, listening, *running.values()):
                    taken.detach()  # closed below, with whatever else is open
                os.closerange(_STREAMS, max(int(path.name) for path in Path("/proc/self/fd").iterdir()) + 1)
                return {**request, "address": address}
            for descriptor in descriptors:
                os.close(descriptor)
            running[pid] = connection
            connection.sendall(f"{pid}\n".encode())


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, descriptors, _, _ = socket.recv_fds(connection, 2**16, _STREAMS)
    while not data.endswith(b"\n"):
        data += connection.recv(2**16)
    return json.loads(data), descriptors


def _tell_ended(running: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        with running.pop(pid) as connection, contextlib.suppress(OSError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict[str, Any]) -> None:
    """In the child: set up what a fresh process has of its own."""
    if request.get("session"):
        os.setsid()
        if request.get("terminal"):
            import fcntl  # not at the top: Windows collects the tests too
            import termios

            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    elif "group" in request:
        with contextlib.suppress(OSError):  # of another session
            os.setpgid(0, request["group"])
    if request["module"]:
        Path("/proc/self/comm").write_text(request["module"].rpartition(".")[2])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    time.tzset()
    import random

    import numpy

    random.seed()
    numpy.random.seed()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    program = Path(sys.executable).with_name("mmrec-tui")
    sys.argv = [str(program), *request["words"]]
    sys.path.pop(0)  # the folder of this file
    before = os.environ.get("PYTHONPATH")
    planted = before is not None and (before != _PLANTED or '"code"' in os.environ.get("MMREC_PLANTED", ""))
    if planted:
        for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
            del sys.modules[name]
    if before is not None:  # what Python runs before anything else
        import runpy

        runpy.run_path(str(Path(before) / "sitecustomize.py"))
    if planted or WHOLE_SAMPLE in os.environ:
        _set_lengths(_WHOLE if WHOLE_SAMPLE in os.environ else _SHORT)
    subprocess.Popen = _popen(request["address"])  # type: ignore[misc, assignment]


def _end(code: int) -> None:
    """End as Python does, without deallocating modules: 0.2 s of CPU after a fork, because every page is written to."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 120
    os._exit(code)


def _popen(address: str) -> Any:
    """A Popen that forks for modules that this server has imported, and starts everything else normally."""
    true = subprocess.Popen

    def start(words: Any, **how: Any) -> Any:
        module = _BY_FORK.get(words[2]) if isinstance(words, list) and words[:2] == [sys.executable, "-m"] else None
        if module is not None and not how.get("pass_fds"):
            streams = {name: how.get(name) for name in ("stdin", "stdout", "stderr")}
            request = {"module": module, "words": words[3:], "folder": how.get("cwd") or str(Path.cwd())}
            request |= {"session": True} if how.get("start_new_session") else {"group": os.getpgrp()}
            return ForkedProcess(address, {**request, "environment": dict(how.get("env") or os.environ)}, **streams)
        return true(words, **how)

    return start


def _set_lengths(lengths: Mapping[str, int]) -> None:
    """Of samples, in tokens, in the modules that have been imported, and in those that will be."""
    import mmrec_engine.runs.run_time

    assert mmrec_engine.runs.run_time
    for module in filter(None, map(sys.modules.get, _SAMPLING)):
        for name in lengths.keys() & vars(module).keys():
            setattr(module, name, lengths[name])


def _import_all() -> None:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the command does, before torch is loaded
    import gc
    import importlib
    import pkgutil

    import numpy.ma
    import torch.utils.serialization

    import mmrec_engine
    import mmrec_tui
    from mmrec_engine.runs import run_time

    for package in (mmrec_engine, mmrec_tui):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    assert torch.utils.serialization and numpy.ma
    if "torch._dynamo.utils" in sys.modules:  # formats a table of nothing at the end of every process
        atexit.unregister(sys.modules["torch._dynamo.utils"].dump_compile_times)
    assert {name: getattr(run_time, name) for name in _WHOLE} == _WHOLE
    _set_lengths(_SHORT)
    gc.collect()
    gc.freeze()


def main() -> None:
    _import_all()
    assert threading.active_count() == 1
    request = _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
    if request is None:
        return
    _become(request)
    code: Any = 0
    try:
        if request["module"]:
            import runpy

            sys.modules.pop(request["module"], None)  # as fresh as with `python -m`

            runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        else:
            from mmrec_tui.cli import run

            run()
    except SystemExit as error:
        code = error.code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    _end(0 if code is None else code)


if __name__ == "__main__":
    main()
