"""Runs as seen from outside: described, listed, found, sent requests; live, ended or dead; deleted.

Writes requests to a run; everything else in its folder is written by its owner (run_folder.py).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrec_engine import events
from mmrec_engine.errors import RequestError, UnusableError, reason_of
from mmrec_engine.runs.noted_runs import noted_runs
from mmrec_engine.runs.record import blocks, newest_lines
from mmrec_engine.runs.run_folder import refuse_links
from mmrec_engine.settings import FIELDS, parse
from mmrec_engine.settings.declaration import check
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.storage import file_lock
from mmrec_engine.storage.files import open_plain, read_plain, remove
from mmrec_engine.storage.folder_lock import held_at_rest, is_live
from mmrec_engine.storage.run_files import (
    CLAIM,
    CONTROL,
    DESCRIPTION,
    EVENTS,
    LOCK,
    LOGS,
    OWN,
    WEIGHTS,
    events_file,
    holds_run,
    usual_model,
)

_REMOVED_LAST = {DESCRIPTION: 1, CLAIM: 2, LOCK: 3}
_TABLES = ("sources", "corpus", "origin")


def read_description(folder: Path) -> dict[str, Any] | None:
    """run.json of a run folder; None if there is none. Raises RequestError if it is damaged."""
    try:
        return check_description(json.loads(read_plain(folder / DESCRIPTION)))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RequestError("run-description-damaged", path=folder, reason=error.strerror or error) from None
    except (ValueError, RecursionError) as error:
        raise RequestError("run-description-damaged", path=folder, reason=reason_of(error)) from None


def described(folder: Path) -> dict[str, Any]:
    """As `read_description`, but empty for a folder without one, or with a damaged one."""
    try:
        return read_description(folder) or {}
    except RequestError:
        return {}


def check_description(description: Any) -> dict[str, Any]:
    """The description. Raises ValueError for one from which a run cannot be resumed; parts may be missing."""
    if not isinstance(description, dict) or not isinstance(description.get("settings"), dict):
        raise UnusableError("no-settings")
    for name in _TABLES:
        if not isinstance(description.get(name, {}), dict):
            raise UnusableError("no-table", name=name)
    for name in ("device", "precision", "threads", "compile", "kernel"):
        value = description.get(name, FIELDS[name].default)
        if name in description and (value in (None, "auto") or parse(name, value) != value):
            raise UnusableError("no-value", name=name)
        check(FIELDS[name], value)
    return description


def read_events(folder: Path) -> Iterator[events.Event]:
    """The events recorded so far; lines that are torn, unknown or longer than any event are skipped."""
    try:
        with open_plain(folder / EVENTS) as file:
            for _, block in blocks(file, os.fstat(file.fileno()).st_size):
                yield from _parsed(block.split(b"\n"))
    except FileNotFoundError:
        return


@dataclass(frozen=True)
class RunSummary:
    """A line in the list of runs. state: the last state word, DIED if the process is gone without having ended the run.

    best_loss, best_bits_per_character: of the best model on the validation split; only the latter can be compared between
    tokenizers.
    """

    name: str
    path: Path
    state: str
    step: int
    best_loss: float | None
    changed: float  # seconds since the epoch
    best_bits_per_character: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "path": str(self.path)}


def known_runs() -> list[RunSummary]:
    """Every run noted in the user's state folder that still exists, and those in checkpoints/ of the working folder, whoever
    made them, newest first; also one that is being prepared."""
    folders = dict.fromkeys([*noted_runs(), *_folders_here()])
    return sorted(filter(None, map(summarised, folders)), key=lambda summary: -summary.changed)


def _folders_here() -> list[Path]:
    """The folders of checkpoints/, by the names under which runs are noted; none that a link leads to."""
    try:
        return [path.resolve() for path in Path("checkpoints").iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return []


def newest_live_run() -> Path | None:
    """The run that a process works on now, the newest if there are several."""
    return next((summary.path for summary in known_runs() if is_live(summary.path)), None)


def training_now(folder: Path) -> list[str]:
    """The names of the noted runs, and of those in this folder, that a process trains or prepares now. A paused one does not
    compute."""
    try:
        here = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        here = []
    folders = dict.fromkeys(path.resolve() for path in [*noted_runs(), *here] if is_live(path))
    return [found.name for found in filter(None, map(summarised, folders)) if found.state != "PAUSED"]


def summarise(folder: Path) -> RunSummary | None:
    """The result of a run, from its events; None if the folder holds no run and none is being prepared in it."""
    live = is_live(folder)
    if not live and not holds_run(folder):
        return None
    step, state, finished = 0, "PREPARING", False
    best: events.Validation | None = None
    try:
        with open_plain(folder / EVENTS) as file:
            # Each is the newest line of its kind: a search from the end finds it soon in a record of any size.
            last_step = next(_parsed(newest_lines(file, "step")), None)
            step = last_step.step if last_step else 0
            bests = (line for line in newest_lines(file, "validation") if b'"best": true' in line)
            best = next((event for event in _parsed(bests) if isinstance(event, events.Validation)), None)
        record = events_file(folder, live=live)
        with open_plain(record) as file:
            match next(_parsed(newest_lines(file, "state", "run_finished")), None):
                case events.State(state=word):
                    state, finished = word, word in ("FINISHED", "STOPPED", "FAILED")
                case events.RunFinished() as ending:
                    state, finished = ending.state_word, True
        changed = record.stat().st_mtime
    except OSError:
        changed = folder.stat().st_mtime
    if not finished and not live:
        state = "DIED"
    loss, bits = (None, None) if best is None else (best.loss, best.bits_per_character)
    return RunSummary(folder.name, folder, state, step, loss, changed, bits)


def find_run(name: str) -> Path:
    """The run folder that a user names: a path, a name under checkpoints/, or a noted run. Raises RequestError.

    A run may still be in preparation there.
    """
    for candidate in (Path(name), Path("checkpoints") / name):
        if holds_run(candidate) or is_live(candidate):
            refuse_links(candidate)
            return candidate
    named = [folder for folder in noted_runs() if folder.name == name]
    summaries = sorted(filter(None, map(summarised, named)), key=lambda summary: -summary.changed)
    if summaries:
        refuse_links(summaries[0].path)
        return summaries[0].path
    raise RequestError("run-missing", path=name)


def locate(name: str) -> Path:
    """The checkpoint, exported folder or pretrained model that a user names: a path, or a run, of which the best is used.

    Raises RequestError."""
    if is_pretrained(name):
        from mmrec_engine.pretrained.source import place_of  # loads NumPy

        return place_of(name)
    path = Path(name)
    if os.path.isfile(path) or os.path.isfile(path / WEIGHTS):  # noqa: PTH113, a name may be too long to ask for
        return path
    found = usual_model(find_run(name))
    if found is None:
        raise RequestError("run-missing", path=name)
    return found


def recorded_ending(folder: Path) -> events.RunFinished | None:
    """How the run ended, if its record says so and nothing came after."""
    ending = None
    for event in read_events(folder):
        if isinstance(event, events.RunFinished):
            ending = event
        elif isinstance(event, events.Step | events.Resumed):
            ending = None
    return ending


def ask(folder: Path, command: str, **more: Any) -> str:
    """Ask something of the process that trains in this folder (training/control.py says what there is to ask).

    more: what belongs to the command, as JSON. Returns the id that its acknowledgement, a `control` event, will have. Raises
    RequestError where it cannot be asked.
    """
    request = {"id": uuid.uuid4().hex, "time": time.time(), "command": command, **more}
    path = folder / CONTROL
    try:
        # One write at the end of the file: requests of several processes do not mix. A link would lead out of the folder,
        # and a pipe without a reader would wait for one.
        file_lock.append(path, (json.dumps(request) + "\n").encode())
    except OSError as error:
        raise RequestError("run-unwritable", path=path, reason=error.strerror or error) from None
    return str(request["id"])


def pid_of(folder: Path) -> int | None:
    """The process that trains in this folder, as it signed the lock; None where none does, or it has not made a step yet."""
    try:
        return (int(read_plain(folder / LOCK)[:32]) or None) if is_live(folder) else None
    except (OSError, ValueError):
        return None


def free_name(output_dir: Path, name: str) -> str:
    """`name`, or with the first number from 2 on that gives an unused folder."""
    candidates = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if _is_free(output_dir / candidate))


def size_on_disk(folder: Path) -> int:
    """Bytes of all files in the folder; what cannot be read counts nothing."""
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += (Path(root) / name).lstat().st_size
    return size


def delete_run(folder: Path) -> None:
    """Remove a run's files, and its folder unless something else is in it. Raises RequestError where it is live or no run."""
    if is_live(folder):
        raise RequestError("run-is-live", path=folder)
    if not holds_run(folder):
        raise RequestError("run-missing", path=folder)
    try:
        with held_at_rest(folder):
            if not (folder / LOGS).is_symlink():
                shutil.rmtree(folder / LOGS, ignore_errors=True)
            # The description goes next to last: a folder that could be cleared in part only is still a run.
            for path in sorted(
                filter(_is_of_a_run, folder.iterdir()), key=lambda path: _REMOVED_LAST.get(path.name, 0)
            ):
                if path.name != LOCK or sys.platform != "win32":  # which removes no open file
                    remove(path)
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                remove(folder / LOCK)
            folder.rmdir()
    except OSError as error:
        raise RequestError("run-unwritable", path=folder, reason=error.strerror or error) from None


def _is_of_a_run(path: Path) -> bool:
    name = path.name.removesuffix(".tmp")
    return (name in OWN or name.endswith(".pt")) and (path.is_symlink() or path.is_file())


def _is_free(folder: Path) -> bool:
    try:
        return not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir()))
    except OSError:
        return False


def _parsed(lines: Iterable[bytes]) -> Iterator[events.Event]:
    return filter(None, map(events.from_line, lines))


def newest_step_time(folder: Path) -> float:
    """When a run made its newest step, in seconds since the epoch; infinity without one."""
    return _newest_time(folder, "step")


def newest_end_time(folder: Path) -> float:
    """When a run ended last, in seconds since the epoch; infinity if it never did."""
    return _newest_time(folder, "run_finished")


def _newest_time(folder: Path, kind: str) -> float:
    try:
        with open_plain(folder / EVENTS) as file:
            newest = next(_parsed(newest_lines(file, kind)), None)
    except OSError:
        newest = None
    return math.inf if newest is None else newest.time


def summarised(folder: Path) -> RunSummary | None:
    """As `summarise`, but None for an unreadable folder, which must not hide the other runs."""
    try:
        return summarise(folder)
    except (OSError, ValueError):
        return None
