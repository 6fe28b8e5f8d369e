"""Where caches, notes of runs and preferences belong on this system, and where they go if there is no such place.

A container without a home folder, or one whose home cannot be written, is no reason to fail: then they stand in a folder of the
system's temporary ones that only this user can open. Of a place that the person named (XDG_CACHE_HOME and the like) nothing
else is taken.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

_NAME = "mmrec"
Kind = Literal["cache", "state", "config"]
_VARIABLES: dict[Kind, str] = {"cache": "XDG_CACHE_HOME", "state": "XDG_STATE_HOME", "config": "XDG_CONFIG_HOME"}

_listeners: list[Callable[[Path], None]] = []
_told: list[Path] = []


def on_stand_in(listener: Callable[[Path], None]) -> None:
    """Call it once with the folder that is used in place of the usual ones, as soon as one is."""
    _listeners[:] = [listener]


def cache_folder() -> Path:
    return _folder("cache")


def state_folder() -> Path:
    return _folder("state")


def config_folder() -> Path:
    return _folder("config")


def expanded(path: Path) -> Path:
    """The path with a leading ~ as the home folder that it means; as it is where nobody knows that folder."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _folder(kind: Kind) -> Path:
    variable = os.environ.get(_VARIABLES[kind], "").strip()
    home = os.environ.get("HOME", "")
    found, stands_in = _chosen(kind, variable, home)
    if stands_in and not _told:
        _told.append(found.parent)
        for listener in _listeners:
            listener(found.parent)
    return found


@cache
def _chosen(kind: Kind, variable: str, home: str) -> tuple[Path, bool]:
    """The folder, and whether it stands in for the usual one. The environment is in the key."""
    import platformdirs  # where a place is asked for; not every command does

    try:
        usual = {"cache": platformdirs.user_cache_path, "state": platformdirs.user_state_path,
                 "config": platformdirs.user_config_path}[kind](_NAME)  # fmt: skip
    except RuntimeError:  # neither HOME nor an entry in the list of users
        usual = None
    if usual is not None and ((variable and usual.is_relative_to(variable)) or _can_be_written(usual)):
        return usual, False
    private = _private_folder()
    if private is None:
        return (usual or Path(os.devnull)), False  # whoever writes there says what is wrong
    return private / kind, True


def _can_be_written(folder: Path) -> bool:
    """Whether this process could make files in it, or make it. Makes nothing."""
    if not folder.is_absolute():
        return False
    for one in (folder, *folder.parents):
        if os.path.lexists(one):
            return one.is_dir() and os.access(one, os.W_OK | os.X_OK)
    return False


def _private_folder() -> Path | None:
    """A folder of this user's own among the temporary ones; none where somebody else has put something in its place."""
    folder = Path(tempfile.gettempdir()) / f"{_NAME}-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return folder if own else None
