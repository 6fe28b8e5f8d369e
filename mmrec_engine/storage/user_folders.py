"""The folders of caches, notes of runs and preferences on this system, with a fallback.

A container without a home folder, or with one that cannot be written, must not fail: then they are in a temporary folder
that only this user can open. If the user named a folder (XDG_CACHE_HOME and the like), there is no
fallback.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

_NAME = "mmrec"
Kind = Literal["cache", "state", "config"]
_VARIABLES: dict[Kind, str] = {"cache": "XDG_CACHE_HOME", "state": "XDG_STATE_HOME", "config": "XDG_CONFIG_HOME"}

_listeners: list[Callable[[Path], None]] = []
_reported: list[Path] = []


def on_stand_in(listener: Callable[[Path], None]) -> None:
    """Register a callback that is called once with the fallback folder, as soon as it is used."""
    _listeners[:] = [listener]


def cache_folder() -> Path:
    return _folder("cache")


def state_folder() -> Path:
    return _folder("state")


def config_folder() -> Path:
    return _folder("config")


def expanded(path: Path) -> Path:
    """The path with a leading ~ expanded; unchanged if the home folder is unknown."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _folder(kind: Kind) -> Path:
    variable = os.environ.get(_VARIABLES[kind], "").strip()
    home = os.environ.get("HOME", "")
    found, stands_in = _chosen(kind, variable, home)
    if stands_in and not _reported:
        _reported.append(found.parent)
        for listener in _listeners:
            listener(found.parent)
    return found


@cache
def _chosen(kind: Kind, variable: str, home: str) -> tuple[Path, bool]:
    """The folder, and whether it is the fallback. The environment is part of the cache key."""
    import platformdirs  # imported here because not every command needs it

    usual: Path | None
    try:
        if Path(variable).is_absolute():  # also on systems without such variables of their own
            usual = Path(variable) / _NAME
        else:
            usual = {"cache": platformdirs.user_cache_path, "state": platformdirs.user_state_path,
                     "config": platformdirs.user_config_path}[kind](_NAME)  # fmt: skip
    except RuntimeError:  # neither HOME nor an entry in the list of users
        usual = None
    if usual is not None and ((variable and usual.is_relative_to(variable)) or _can_be_written(usual)):
        return usual, False
    private = _private_folder()
    if private is None:
        return (usual or Path(os.devnull)), False  # writing there will report what is wrong
    return private / kind, True


def _can_be_written(folder: Path) -> bool:
    """Whether this process could create files in it, or create it. Creates nothing."""
    if not folder.is_absolute():
        return False
    for one in (folder, *folder.parents):
        if os.path.lexists(one):
            return one.is_dir() and os.access(one, os.W_OK | os.X_OK)
    return False


def _private_folder() -> Path | None:
    """A private folder of this user among the temporary ones; None if somebody else created something in its place."""
    if sys.platform == "win32":
        user = os.environ.get("USERNAME", "user")
    else:
        user = str(os.getuid())
    folder = Path(tempfile.gettempdir()) / f"{_NAME}-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(status.st_mode)
    if sys.platform != "win32":  # where each user has a temporary folder
        own = own and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return folder if own else None
