"""How fast this machine trains a candidate: a few real steps, measured once and remembered in the cache."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmrec_engine.settings import Settings
from mmrec_engine.storage import user_folders
from mmrec_engine.storage.files import read_plain, write_whole

_FILE = "throughput.json"
_MOST_REMEMBERED = 500


@dataclass(frozen=True)
class Speed:
    """Tokens a second; trusted: whether the machine had so little else to do that the figure may be remembered."""

    tokens_per_second: float
    trusted: bool = True


# Of settings and ids of the vocabulary, in about so many seconds; None where they would not fit into memory.
Measure = Callable[[Settings, int, float], Speed | None]


class Speeds:
    """machine: what names it, so that another machine's figures are not taken; measure: makes the steps."""

    def __init__(self, machine: str, measure: Measure, path: Path | None = None) -> None:
        self._machine, self._measure = machine, measure
        self._path = path or user_folders.cache_folder() / _FILE

    def of(self, settings: Settings, vocabulary: int, seconds: float) -> float | None:
        """Tokens a second, remembered or measured for about `seconds`."""
        key = self._key(settings, vocabulary)
        known = self._all()
        found = known.get(key)
        if isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 1e12:
            return float(found)
        measured = self._measure(settings, vocabulary, seconds)
        if measured is None:
            return None
        if measured.trusted:
            kept = dict(list(known.items())[-_MOST_REMEMBERED:])
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._path, json.dumps({**kept, key: round(measured.tokens_per_second, 1)}, indent=2))
        return measured.tokens_per_second

    def _key(self, settings: Settings, vocabulary: int) -> str:
        shape = (
            settings.config, settings.arch, settings.optimizer, settings.precision, settings.seq_len, settings.batch_size,
            settings.accumulate, settings.microbatch, settings.gradient_checkpointing, settings.dropout > 0,
        )  # fmt: skip
        # A vocabulary twice as large is clearly slower, one of 1,010 ids instead of 1,000 is not.
        return f"{self._machine}: {' '.join(map(str, shape))}, about {2 ** vocabulary.bit_length()} ids"

    def _all(self) -> dict[str, object]:
        try:
            stored = json.loads(read_plain(self._path))
        except (OSError, ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}
