"""Items that only a person can judge: the user's ticks on the guide's items, stored in the run folder."""

from __future__ import annotations

import json
from pathlib import Path

from mmrec_engine.errors import RequestError
from mmrec_engine.locales.guide import ITEMS
from mmrec_engine.storage.files import read_plain, write_whole
from mmrec_engine.storage.run_files import TICKS

_MOST_BYTES = 65_536


def read_ticks(folder: Path) -> dict[str, bool]:
    """Ticks by item id; a missing or damaged file means none."""
    known = {item.id for item in ITEMS}
    try:
        stored = json.loads(read_plain(folder / TICKS)[:_MOST_BYTES])
        return {name: value for name, value in stored.items() if name in known and isinstance(value, bool)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def write_ticks(folder: Path, ticks: dict[str, bool]) -> None:
    """Written atomically. Raises RequestError if the folder cannot be written."""
    try:
        write_whole(folder / TICKS, json.dumps(ticks))
    except OSError as error:
        raise RequestError("run-unwritable", path=folder, reason=error.strerror or error) from None
