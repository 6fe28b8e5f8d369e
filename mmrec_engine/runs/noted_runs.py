"""The list of the folders in which runs were made or are being prepared, so that they are found from any working folder."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from mmrec_engine.storage import user_folders
from mmrec_engine.storage.files import read_plain
from mmrec_engine.storage.folder_lock import is_live

_NOTE_SECONDS = 60.0


@contextlib.contextmanager
def noted_while_preparing(folder: Path) -> Iterator[None]:
    """Make the folder findable while a run is prepared in it. The note is removed afterwards.

    Each note is a file of its own, because several processes cannot remove lines from one.
    """
    notes, made = _preparing(), []
    try:
        for parent in reversed([parent for parent in (notes, *notes.parents) if not parent.exists()]):
            parent.mkdir()
            made.append(parent)
        note = notes / uuid.uuid4().hex
        note.write_bytes(os.fsencode(folder.resolve()))
    except OSError:
        note = None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if note is not None:
                note.unlink(missing_ok=True)
            for parent in reversed(made):
                parent.rmdir()


def note_run(folder: Path) -> None:
    """Note where a run was made, so that it is found from any working folder. An unwritable state folder is ignored."""
    try:
        register = _register()
        register.parent.mkdir(parents=True, exist_ok=True)
        line = os.fsencode(folder.resolve()) + b"\n"
        with register.open("ab+") as file:
            file.seek(0)
            if line not in file and line.count(b"\n") == 1:  # a name with a line end would note other folders
                file.write(line)
    except OSError:
        pass


def noted_runs() -> list[Path]:
    """The folders of all runs that were noted, also those that are gone."""
    lines: list[bytes] = []
    with contextlib.suppress(OSError):
        lines = _register().read_bytes().split(b"\n")
    noted = [Path(os.fsdecode(line)) for line in lines if line and b"\0" not in line]
    return list(dict.fromkeys([*noted, *_noted_as_preparing()]))


def _noted_as_preparing() -> Iterator[Path]:
    try:
        notes = list(_preparing().iterdir())
    except OSError:
        return
    for note in notes:
        with contextlib.suppress(OSError, ValueError):
            folder = Path(os.fsdecode(read_plain(note)))
            if is_live(folder):
                yield folder
            elif time.time() - note.stat().st_mtime > _NOTE_SECONDS:  # its process was killed
                note.unlink(missing_ok=True)


def _register() -> Path:
    return user_folders.state_folder() / "runs.txt"


def _preparing() -> Path:
    return user_folders.state_folder() / "preparing"
