"""Prepared tokens by their data set, so that they are found without reading the data set or using a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mmrec_engine.storage.files import write_whole


@dataclass(frozen=True)
class TokenCacheIndex:
    """prepared: name of the folder of token files. The rest is as in `streaming.Streamed`."""

    prepared: str
    empty: int
    repaired_words: int
    held_out: str | None = None
    field: str | None = None
    others: Sequence[str] = ()
    left_out: Sequence[str] = ()

    @classmethod
    def read(cls, folder: Path, key: str) -> TokenCacheIndex | None:
        try:
            found = cls(**json.loads((folder / "sources" / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        plain = isinstance(found.prepared, str) and found.prepared.isalnum()
        plain = plain and isinstance(found.held_out, str | None) and isinstance(found.field, str | None)
        lists = (found.others, found.left_out)
        plain = plain and all(isinstance(one, list | tuple) for one in lists)
        plain = plain and all(isinstance(name, str) for one in lists for name in one)
        return found if plain and isinstance(found.empty, int) and isinstance(found.repaired_words, int) else None

    def write(self, folder: Path, key: str) -> None:
        (folder / "sources").mkdir(exist_ok=True)
        write_whole(folder / "sources" / f"{key}.json", json.dumps(asdict(self)))
