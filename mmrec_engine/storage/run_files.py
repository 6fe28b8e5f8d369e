"""The files of a run folder: their names, and which exist. Opens none of them, and does not load torch."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mmrec_engine.storage.files import remove

EVENTS, DESCRIPTION, CONTROL, LOCK, LOG, TICKS, SPLIT = (
    "events.jsonl",
    "run.json",
    "control.jsonl",
    "lock",
    "log.txt",
    "ticks.json",
    "split.npz",
)
CLAIM = "lock.claim"  # the lock on file systems that have none (folder_lock.py)
PREPARATION = "preparing.jsonl"  # events before the first step of a new or resumed run
BEST, FINAL = "best_model.pt", "final_checkpoint.pt"
REPORTS = ("report.json", "report.md")
WEIGHTS = "model.safetensors"  # of an exported model
LOGS = "logs"  # folder of the loggers: their state, and their files unless these are elsewhere
OWN = frozenset(
    {EVENTS, DESCRIPTION, CONTROL, LOCK, CLAIM, PREPARATION, LOG, TICKS, SPLIT, *REPORTS}
)  # beside the checkpoints
_WRITTEN = re.compile(r"writing-\d+\.txt")  # with its model, and saved beside it
_STEP_NAME = re.compile(r"checkpoint_step_(\d+)\.pt")


def writing_name(number: int) -> str:
    return f"writing-{number}.txt"


def files_of_a_run(names: list[str]) -> set[str]:
    """Those of the files in a folder that belong to a run, with what its model wrote; empty if the folder is none of a run."""
    if LOCK not in names:
        return set()
    own = {name for name in names if name in OWN or name.endswith((".pt", ".tmp")) or _WRITTEN.fullmatch(name)}
    return own if {EVENTS, PREPARATION} & own or len(own) == len(names) else set()


def step_name(step: int) -> str:
    return f"checkpoint_step_{step}.pt"


def step_checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """Step checkpoints of a run folder, oldest first."""
    found = ((_STEP_NAME.fullmatch(path.name), path) for path in folder.glob("checkpoint_step_*.pt"))
    return sorted((int(match[1]), path) for match, path in found if match)


def usual_model(folder: Path) -> Path | None:
    """The checkpoint that is used where no file is named: the best, else the final, else the newest. None without any, or
    if the folder cannot be read."""
    try:
        candidates = [folder / BEST, folder / FINAL, *(step for _, step in reversed(step_checkpoints(folder)))]
        return next((one for one in candidates if one.is_file()), None)
    except OSError:
        return None


def prune(folder: Path, keep: int) -> None:
    """Remove all but the newest `keep` step checkpoints."""
    for _, path in step_checkpoints(folder)[:-keep]:
        remove(path)


def holds_run(folder: Path) -> bool:
    try:
        return (folder / DESCRIPTION).exists() or bool(step_checkpoints(folder)) or (folder / BEST).exists()
    except OSError:
        return False


def events_file(folder: Path, *, live: bool) -> Path:
    """The events of a run; while a process prepares to resume or replace it, those of the preparation."""
    preparation = folder / PREPARATION
    return preparation if live and preparation.exists() else folder / EVENTS


def is_temporary(name: str) -> bool:
    """Whether a run uses this name for a file before its rename."""
    own = name.removesuffix(".tmp")
    return own != name and (own.endswith(".pt") or own.rstrip("0123456789").rstrip(".") in OWN)


def log_state(folder: Path, logger: str) -> Path:
    """The file with the state of a logger of this run: the id under which its log is continued."""
    return folder / LOGS / f"{logger}.json"


def linked_file(folder: Path) -> Path | None:
    """The first of a run's own files that is not a plain file, if any: it could lead out of the folder, or block."""
    for entry in _entries(folder):
        own = entry.name in OWN or entry.name.endswith((".pt", ".tmp"))
        if own and not entry.is_file(follow_symlinks=False):
            return folder / entry.name
        if entry.name == LOGS and not entry.is_dir(follow_symlinks=False):
            return folder / LOGS
    return next((Path(entry.path) for entry in _entries(folder / LOGS) if entry.is_symlink()), None)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:
        return []  # no folder, or an unreadable one; opening a file in it will report that


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power failure, if the system can. Windows opens no folder: its file system records
    renames in their order, with no call to wait for."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
