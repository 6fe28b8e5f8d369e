"""The run folder for its owner: created, locked, written. One process at a time; anybody may read (catalog.py).

run.json          the settings, with the source of each value, and the machine
events.jsonl      the run's events, one a line
preparing.jsonl   events before the first step, if an earlier run must not be changed yet
control.jsonl     requests from outside
*.pt              checkpoints (checkpoints.py)
split.npz         which documents it trained on, for follow-up runs (data/split_record.py)
lock, log.txt
logs/             those of --log (interop/loggers)
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmrec_engine import events
from mmrec_engine.errors import RequestError
from mmrec_engine.runs.record import LONGEST_LINE, LineWriter
from mmrec_engine.storage.files import Staged, remove, replace
from mmrec_engine.storage.folder_lock import RunLock
from mmrec_engine.storage.run_files import (
    BEST,
    CLAIM,
    CONTROL,
    DESCRIPTION,
    EVENTS,
    FINAL,
    LOCK,
    LOG,
    LOGS,
    PREPARATION,
    REPORTS,
    SPLIT,
    TICKS,
    holds_run,
    is_temporary,
    linked_file,
    step_checkpoints,
    sync_folder,
)

if TYPE_CHECKING:  # it imports numpy, which the first screen does not need
    from mmrec_engine.data.split_record import SplitRecord

_FLUSH_SECONDS = 0.5
_COPY_BYTES = 2**20
Mode = Literal["new", "overwrite", "resume"]


class RunFolder:
    """The folder of the run that this process trains, locked until it is left.

    In mode "new" events are written from the start. In the other modes they are held back until the first step (`begin`) or
    until a run is resumed (`continue_after`), so that a refused request changes nothing; meanwhile they are in a file of their
    own for those who watch.

    held_lock: a descriptor of this folder's lock that is held already (`hand_over`, in this process or the one before it). It
    belongs to this object from now on; one that is not this folder's is closed, and the lock taken as usual.
    """

    def __init__(self, path: Path, mode: Mode, held_lock: int | None = None) -> None:
        self.path, self.mode = path, mode
        self._begins_anew = False  # a new run in a folder without one
        self._made: list[Path] = []
        self._lock: RunLock | None = None
        self._events: LineWriter | None = None
        self._preparation: LineWriter | None = None
        self._held: list[bytes] | None = None if mode == "new" else []
        self._flushed = time.monotonic()
        try:
            self._make_folders()
            self._lock = RunLock(path, held_lock)
            self._check_contents(mode)
            if self._lock.is_new:
                self._lock.sign()
            remove(path / PREPARATION)  # of a process that was killed
            if mode == "new":
                self._begins_anew = True
                self._events = LineWriter(path / EVENTS, append=False)
            else:
                with contextlib.suppress(OSError):  # for those who watch; nothing depends on it
                    self._preparation = LineWriter(path / PREPARATION, append=False)
        except OSError as error:
            self.abandon()
            raise RequestError("run-unwritable", path=path, reason=error.strerror or error) from None
        except RequestError:
            self.abandon()
            raise

    def record(self, event: events.Event) -> None:
        """Append one event. It is synced at a checkpoint and at the end.

        Raises OSError if a checkpoint's event cannot be synced; other events wait until the disk accepts them (`failure`).
        """
        line = events.to_line(event).encode("utf-8", "backslashreplace") + b"\n"
        if self._held is not None:
            self._held.append(line)
            if self._preparation is not None:
                with contextlib.suppress(OSError):
                    self._preparation.add(line)
                    self._preparation.flush()
            return
        assert self._events is not None
        self._events.add(line)
        if isinstance(event, events.Checkpoint):
            self.sync()
        elif isinstance(event, events.RunFinished):
            with contextlib.suppress(OSError):
                self.sync()
        elif not isinstance(event, events.Step) or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            # Only steps are frequent; after any other event the next one may take long.
            self._events.flush()
            self._flushed = time.monotonic()

    @property
    def failure(self) -> OSError | None:
        """Why events wait in memory to be written; None if none do."""
        return None if self._events is None else self._events.failure

    def sync(self) -> None:
        """Raises OSError."""
        if self._events is not None:
            self._events.sync()
            self._flushed = time.monotonic()

    def begin(self, description: dict[str, Any], split: SplitRecord | None = None) -> None:
        """The first step is made: write the description, and replace an old run. split: of the documents.

        The new files are on disk before anything of the old run is removed. Its checkpoints are removed first: a process that
        is killed here never leaves them beside the description of another run.
        """
        assert self._lock is not None
        staged = [Staged(self.path / DESCRIPTION, _described(description), sync=True)]
        try:
            if split is not None:
                staged.append(Staged(self.path / SPLIT, split.content(), sync=True))
            if self._held is not None:
                self._remove_old_run()
            remove(self.path / SPLIT)
            for file in staged:
                file.put_in_place()
        except OSError:
            for file in staged:
                file.drop()
            raise
        self._lock.sign()
        if self._held is None:
            return
        self._remove_half_written()
        self._events = LineWriter(self.path / EVENTS, append=False)
        self._release_held()

    def _remove_old_run(self) -> None:
        for _, path in reversed(step_checkpoints(self.path)):
            remove(path)
        for name in (FINAL, BEST, LOG, TICKS, *REPORTS):
            remove(self.path / name)
        shutil.rmtree(self.path / LOGS, ignore_errors=True)

    def continue_after(
        self,
        checkpoint: str,
        step: int,
        description: dict[str, Any],
        split: Callable[[], SplitRecord | None] = lambda: None,
    ) -> None:
        """Resume the run from one of its checkpoints: the record keeps its lines through that checkpoint's event.

        Checkpoints of later steps are damaged, or this one would not have been chosen; they are removed. split: of the
        documents, which a run of an older version did not write.
        """
        assert self._lock is not None
        if not (self.path / SPLIT).exists() and (record := split()) is not None:
            record.write(self.path / SPLIT)
        self.describe(description)
        self._lock.sign()
        self._remove_half_written()
        for later, path in step_checkpoints(self.path):
            if later > step:
                remove(path)
        for name in REPORTS:  # of an end that is no longer one
            remove(self.path / name)
        kept = self.path / (EVENTS + ".tmp")
        left = _length_through(self.path / EVENTS, checkpoint, step)
        with (self.path / EVENTS).open("ab+") as old, kept.open("wb") as file:
            old.seek(0)
            while left:
                data = old.read(min(left, _COPY_BYTES))
                file.write(data)
                left -= len(data)
            file.flush()
            os.fsync(file.fileno())
        replace(kept, self.path / EVENTS)
        sync_folder(self.path)
        self._events = LineWriter(self.path / EVENTS, append=True)
        self._release_held()

    def _remove_half_written(self) -> None:
        """Remove what a killed process left."""
        for path in [path for path in self.path.iterdir() if is_temporary(path.name)]:
            remove(path)

    def describe(self, description: dict[str, Any]) -> None:
        """Write run.json atomically."""
        Staged(self.path / DESCRIPTION, _described(description), sync=True).put_in_place()

    def log(self, error: BaseException) -> None:
        """Store an error's traceback in the log."""
        with (
            contextlib.suppress(OSError),
            (self.path / LOG).open("a", encoding="utf-8", errors="backslashreplace") as file,
        ):
            file.write(time.strftime("%Y-%m-%d %H:%M:%S ") + "".join(traceback.format_exception(error)))

    def abandon(self) -> None:
        """Restore the state of the disk: nothing was trained here."""
        if self._events is not None:
            with contextlib.suppress(OSError):
                self._events.close()
            if self._begins_anew:  # the other files are those that `begin` may have written before it failed
                remove(self.path / EVENTS)
                remove(self.path / DESCRIPTION)
                remove(self.path / SPLIT)
        self._end_preparation()
        if self._lock is not None:
            self._lock.release(remove=True)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def close(self) -> None:
        """Leave a run that was trained: sync everything that can be, and release the lock."""
        assert self._lock is not None
        try:
            self.hand_over()
        finally:
            self._lock.release()

    def hand_over(self) -> int:
        """Leave a run that was trained without releasing its lock: the descriptor is the caller's from now on."""
        assert self._lock is not None
        with contextlib.suppress(OSError):
            self.sync()
        if self._events is not None:
            with contextlib.suppress(OSError):
                self._events.close()
        return self._lock.leave()

    def _release_held(self) -> None:
        assert self._held is not None and self._events is not None
        self._events.add(b"".join(self._held))
        self._events.flush()
        self._held = None
        self._end_preparation()

    def _end_preparation(self) -> None:
        if self._preparation is not None:
            with contextlib.suppress(OSError):
                self._preparation.close()
            with contextlib.suppress(OSError):
                remove(self.path / PREPARATION)
            self._preparation = None

    def _make_folders(self) -> None:
        missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._made.append(folder)

    def _check_contents(self, mode: Mode) -> None:
        found = holds_run(self.path)
        if mode == "new" and found:
            raise RequestError("run-exists", path=self.path)
        if not found and not _is_vacant(self.path):
            raise RequestError("run-folder-foreign", path=self.path)


def _described(description: dict[str, Any]) -> bytes:
    """The content of run.json."""
    text = json.dumps(events.finite(description), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def refuse_links(folder: Path) -> None:
    """Raises RequestError if one of a run's own files is not a plain file: a folder from someone else may hold anything."""
    if (path := linked_file(folder)) is not None:
        raise RequestError("run-linked", path=path)


def _is_vacant(folder: Path) -> bool:
    """Empty, or with only the files that a process killed before its first step left behind."""
    try:
        left_behind = {EVENTS, LOCK, CLAIM, PREPARATION, LOG, CONTROL, TICKS, SPLIT}
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else {"none"}
        return all(name in left_behind or is_temporary(name) for name in names)
    except OSError as error:
        raise RequestError("run-unwritable", path=folder, reason=error.strerror or error) from None


def _length_through(path: Path, checkpoint: str, step: int) -> int:
    """Bytes up to the end of this checkpoint's event; without such an event up to the last complete line of the step."""
    end = through_step = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                event = events.from_line(line)
                if not line.endswith(b"\n") or (event is not None and event.step > step):
                    break
                through_step += len(line)
                if isinstance(event, events.Checkpoint) and event.path == checkpoint and event.step == step:
                    end = through_step
    except FileNotFoundError:
        pass
    return end or through_step
