"""The lock of a run folder: which process trains in it.

If the file system has locks, it is one on the open file `lock` (`file_lock`), which ends with its process and so is never
stale. Some have none (NFS without its lock service, some FUSE and cluster file systems): there it is a claim, a file beside
the lock that only one process can create. A claim names its process. On the same machine that process is looked up; a claim
of another machine is refreshed by its owner every few seconds, and is void if it has not been for two minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mmrec_engine.errors import RequestError
from mmrec_engine.storage import file_lock
from mmrec_engine.storage.file_lock import WITHOUT_LOCKS
from mmrec_engine.storage.files import BINARY, open_descriptor, read_plain, replace
from mmrec_engine.storage.run_files import CLAIM, LOCK

_LOCK_SECONDS = 0.6
_LOOK_SECONDS = 0.05
_BEAT_SECONDS = 10.0
_DEAD_SECONDS = 120.0  # without a refresh


class RunLock:
    """The lock of a folder, held by this process. descriptor: of the lock's file; a process that inherits it can take over the
    lock."""

    def __init__(self, folder: Path, adopted: int | None = None) -> None:
        """Take the lock. adopted: a descriptor that held it in the process that handed the run over; one that does not is
        closed, and the lock taken as usual.

        Raises RequestError if another process holds it, OSError if the folder cannot be written.
        """
        self._folder = folder
        self._ended = threading.Event()
        self._claimed = False
        self.is_new = False  # whether there was no file before
        descriptor = None if adopted is None else self._adopt(adopted)
        self.descriptor = self._take() if descriptor is None else descriptor

    def sign(self) -> None:
        """Write who trains here, for readers."""
        os.truncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.write(self.descriptor, f"{os.getpid()}\n".encode())

    def release(self, *, remove: bool = False) -> None:
        """remove: also remove the file, if this process created it."""
        removed = remove and self.is_new
        if removed and sys.platform != "win32":  # while it is locked, so that it is not another's
            (self._folder / LOCK).unlink(missing_ok=True)
        self._ended.set()
        if self._claimed:
            with contextlib.suppress(OSError):
                if _read(self._folder / CLAIM) == _signature().encode():  # it may be another's by now
                    (self._folder / CLAIM).unlink(missing_ok=True)
        close_descriptor(self.descriptor)
        if removed and sys.platform == "win32":  # which removes no open file, so not the one of another either
            with contextlib.suppress(OSError):
                (self._folder / LOCK).unlink(missing_ok=True)

    def _take(self) -> int:
        """A reader that tests whether the run is live holds the lock for a moment: try again shortly."""
        path = self._folder / LOCK
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            self.is_new = not path.exists()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o666)
            try:
                self._hold(descriptor)
                # Not one that its owner has just removed, which Windows does not allow while it is open here.
                if sys.platform == "win32" or path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(descriptor)
                    raise RequestError("run-locked", path=self._folder) from None
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(descriptor)
                if self.is_new:
                    path.unlink(missing_ok=True)
                raise
            os.close(descriptor)
            time.sleep(_LOOK_SECONDS)

    def _hold(self, descriptor: int) -> None:
        """Raises BlockingIOError if another process holds it."""
        try:
            file_lock.lock(descriptor)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
            _create_claim(self._folder / CLAIM)
            self._beat()

    def _adopt(self, descriptor: int) -> int | None:
        """flock belongs to the open file, so this process got it with the descriptor; locking again has no effect then. On
        Windows a lock stays with its process, and nothing is adopted.

        A claim is written again with this process: whoever has the descriptor was given the run.
        """
        try:
            given, there = os.fstat(descriptor), (self._folder / LOCK).stat()
            if (given.st_dev, given.st_ino) == (there.st_dev, there.st_ino):
                try:
                    file_lock.lock(descriptor)
                except OSError as error:
                    if error.errno not in WITHOUT_LOCKS:
                        raise
                    temporary = self._folder / f"{CLAIM}.{os.getpid()}.tmp"
                    temporary.write_text(_signature(), encoding="utf-8")
                    replace(temporary, self._folder / CLAIM)
                    self._beat()
                os.set_inheritable(descriptor, False)
                return descriptor
        except OSError:
            pass
        close_descriptor(descriptor)
        return None

    def _beat(self) -> None:
        self._claimed = True
        threading.Thread(target=self._beat_on, name="mmrec-lock", daemon=True).start()

    def _beat_on(self) -> None:
        while not self._ended.wait(_BEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self._folder / CLAIM)

    def leave(self) -> int:
        """The descriptor, for the process that continues the run; the claim stays until that process writes its own."""
        self._ended.set()
        return self.descriptor


def is_live(folder: Path) -> bool:
    """Whether a process holds the run's lock now."""
    try:
        descriptor = open_descriptor(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        file_lock.lock(descriptor, shared=True)
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        return error.errno in WITHOUT_LOCKS and _claim_is_live(folder / CLAIM)
    finally:
        file_lock.close(descriptor)


@contextlib.contextmanager
def held_at_rest(folder: Path) -> Iterator[None]:
    """Lock a run without a training process. Raises RequestError if another process does, OSError if it cannot be locked."""
    descriptor = open_descriptor(folder / LOCK, os.O_RDWR | os.O_CREAT)
    claim = folder / CLAIM
    try:
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                file_lock.lock(descriptor)
                break
            except BlockingIOError:  # perhaps a reader that tests for a moment whether the run is live
                if time.monotonic() > until:
                    raise RequestError("run-is-live", path=folder) from None
                time.sleep(_LOOK_SECONDS)
            except OSError as error:
                if error.errno not in WITHOUT_LOCKS:
                    raise
                try:
                    _create_claim(claim)
                except BlockingIOError:
                    raise RequestError("run-is-live", path=folder) from None
                break
        yield
        claim.unlink(missing_ok=True)
    finally:
        file_lock.close(descriptor)


def close_descriptor(descriptor: int | None) -> None:
    """Close a descriptor that may be invalid, or closed already."""
    if descriptor is not None:
        with contextlib.suppress(OSError):
            file_lock.close(descriptor)


def _create_claim(path: Path) -> None:
    """Raises BlockingIOError if a living process has claimed the folder."""
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o666)
        except FileExistsError:
            stale = _read(path)
            if stale is None:
                continue
            if _claim_is_live(path):
                raise BlockingIOError from None
            aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            with contextlib.suppress(FileNotFoundError):
                path.rename(aside)
                if _read(aside) != stale:  # another process was faster, and this is its own claim
                    with contextlib.suppress(FileExistsError):
                        os.link(aside, path)
                    aside.unlink(missing_ok=True)
                    raise BlockingIOError from None
                aside.unlink(missing_ok=True)
            continue
        try:
            os.write(descriptor, _signature().encode())
        finally:
            os.close(descriptor)
        return


def _claim_is_live(path: Path) -> bool:
    try:
        text, beat = _read(path), path.stat().st_mtime
    except OSError:
        return False
    silent = time.time() - beat > _DEAD_SECONDS
    try:
        claim = json.loads(text or b"")
        if claim["machine"] == _machine():
            return bool(_began(int(claim["process"])) == claim["began"])
    except (ValueError, TypeError, KeyError):  # its owner is about to write it
        pass
    return not silent


def _read(path: Path) -> bytes | None:
    """None if it was removed."""
    try:
        return read_plain(path)
    except FileNotFoundError:
        return None


def _signature() -> str:
    return json.dumps({"machine": _machine(), "process": os.getpid(), "began": _began(os.getpid())})


def _machine() -> str:
    """The scope in which process ids are valid: this boot of this machine, and this container."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{platform.node()} {start} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def _began(process: int) -> str | None:
    """Start time of a process of this machine: in clock ticks since boot, or elsewhere than on Linux in seconds. Empty if the
    system does not report it, None if there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        if Path("/proc/self/stat").exists():
            return None
    import psutil

    try:
        return str(psutil.Process(process).create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return ""
