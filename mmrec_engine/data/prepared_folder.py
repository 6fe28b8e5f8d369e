"""A folder of prepared tokens in the cache: opened as a corpus, put in place when it is complete, removed when abandoned."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmrec_engine.data.corpus import Corpus
from mmrec_engine.data.document_table import SplitName
from mmrec_engine.data.mixture import Source
from mmrec_engine.data.parts import Counts, Split, parts_of
from mmrec_engine.data.token_files import DESCRIPTION
from mmrec_engine.tokenizer import tokenizer_from_dict

STREAMING = "streaming-"  # beginning of the names of working folders of data sets
_DAY = 86_400  # seconds


def open_prepared(folder: Path, sources: Sequence[Source]) -> Corpus | None:
    """The corpus prepared in `folder`; None if it is missing or incomplete.

    All parts have a share of 1 and no tag.
    """
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tokenizer = tokenizer_from_dict(described["tokenizer"])
        splits: dict[SplitName, Split] = {
            split: Split(
                np.memmap(folder / f"{split}.bin", dtype=tokenizer.dtype, mode="r")
                if (folder / f"{split}.bin").stat().st_size
                else np.zeros(0, dtype=tokenizer.dtype),
                described["characters"][split],
                described["unknown"][split],
            )
            for split in ("train", "validation")
        }
        if any(len(split.tokens) != described["tokens"][name] for name, split in splits.items()):
            return None
        # Without parts it was prepared by a version for single corpora.
        counts = described.get("parts") or [{name: described[name] for name in ("characters", "tokens", "unknown")}]
        return Corpus(
            " + ".join(source.name for source in sources),
            described["fingerprint"],
            described["documents"],
            tokenizer,
            splits["train"],
            splits["validation"],
            (),
            parts=parts_of(sources, [Counts(**one) for one in counts], splits),
            folder=folder,
            torn=int(described.get("torn", 0)),
            unknown_characters=tuple(map(str, described.get("unknown_characters", ()))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def put_in_place(prepared: Path, place: Path, sources: Sequence[Source]) -> None:
    """Rename the finished folder; if another process was faster, its files are the same."""
    for path in prepared.iterdir():
        with path.open("r+b") as file:  # Windows syncs no file that is open for reading alone
            os.fsync(file.fileno())
    try:
        prepared.rename(place)
    except OSError:
        if open_prepared(place, sources) is None:
            shutil.rmtree(place, ignore_errors=True)
            prepared.rename(place)


def remove_abandoned(folder: Path) -> None:
    """Remove what killed processes left: working folders older than a day, and abandoned streamed text."""
    for pattern, seconds in (("preparing-*", _DAY), (f"{STREAMING}*", 7 * _DAY)):
        for path in folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # another process may be cleaning up too
                if time.time() - path.stat().st_mtime > seconds:
                    shutil.rmtree(path, ignore_errors=True)
