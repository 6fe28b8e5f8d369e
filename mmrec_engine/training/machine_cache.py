"""Measurements of this machine, cached in a small file so that each is made once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Generic, TypeVar

from mmrec_engine.storage import user_folders
from mmrec_engine.storage.files import read_plain, write_whole

Value = TypeVar("Value")


class MachineCache(Generic[Value]):
    """Values by what they depend on. A file that cannot be read or written, or is invalid, counts as empty.

    name: of the file; parsed: returns a stored value, or None if it is invalid; most: how many of the newest are kept.
    """

    def __init__(self, name: str, parsed: Callable[[object], Value | None], most: int = 500) -> None:
        self._path, self._parsed, self._most = user_folders.cache_folder() / name, parsed, most

    def get(self, key: str) -> Value | None:
        return self._parsed(self._all().get(key))

    def put(self, key: str, value: Value) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            kept = dict(list({**self._all(), key: value}.items())[-self._most :])
            write_whole(self._path, json.dumps(kept, indent=2))

    def _all(self) -> dict[str, object]:
        try:
            stored = json.loads(read_plain(self._path))
        except (OSError, ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}
