"""From spooled text to token files: split, vocabulary of the training side, ids. What is done is kept where that is asked for.

Many documents go to the tokenizer at once, because the libraries share texts out over their threads, and most documents are
too small to be shared out by themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mmrec_engine.corpus.ledger import Ledger, SideName
from mmrec_engine.corpus.split import split_points
from mmrec_engine.corpus.spool import Piece, Spool
from mmrec_engine.corpus.text import PIECE_BYTES
from mmrec_engine.corpus.vocabulary import learn_tokenizer
from mmrec_engine.events import Progress
from mmrec_engine.files import write_whole
from mmrec_engine.settings import Settings
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict

DESCRIPTION = "corpus.json"
_DONE = "done.json"  # what is encoded already
_AT_ONCE = PIECE_BYTES // 4  # characters


def encode(
    spool: Spool, settings: Settings, tokenizer: Tokenizer | None, fingerprint: str, target: Path
) -> Generator[Progress, None, None]:
    """Token files and their description in `target`. tokenizer: as in `prepare_corpus`.

    Where `target` holds what a killed process had made of the same spool, the work goes on after the last whole file of it.
    """
    ledger = spool.ledger
    points, total = _points(ledger, settings, tokenizer is not None), int(ledger.characters.sum())
    done = _Done.of(target)
    if tokenizer is None:
        tokenizer = tokenizer_from_dict(done.tokenizer) if done.tokenizer else None
    if tokenizer is None:
        training = (piece.text for piece in spool.pieces(points) if piece.side == "train")
        tokenizer = yield from learn_tokenizer(training, int(points.sum()), settings, len(ledger) > 1)
    done.tokenizer = tokenizer.to_dict()
    end = np.array([tokenizer.end_of_document or 0], dtype=tokenizer.dtype)
    with contextlib.ExitStack() as stack:
        files = {side: stack.enter_context(_opened(target / f"{side}.bin", done.sizes[side])) for side in done.sizes}
        for number in range(done.files, len(spool.files)):
            for pieces in _together(spool.pieces(points, number, number + 1)):
                for piece, ids in zip(pieces, tokenizer.encode_each([piece.text for piece in pieces]), strict=True):
                    done.characters[piece.side] += len(piece.text)
                    if tokenizer.unknown is not None:
                        done.unknown[piece.side] += int(np.count_nonzero(ids == tokenizer.unknown))
                    files[piece.side].write(ids.data)
                    if piece.ends_document and tokenizer.end_of_document is not None:
                        files[piece.side].write(end.data)
                yield Progress(task="encoding", done=sum(done.characters.values()), total=total)
            if number + 1 < len(spool.files):
                done.write(target, files, number + 1)
    description = {
        "fingerprint": fingerprint,
        "documents": len(ledger),
        "tokenizer": tokenizer.to_dict(),
        "characters": done.characters,
        "tokens": {side: (target / f"{side}.bin").stat().st_size // end.itemsize for side in done.characters},
        "unknown": done.unknown,
    }
    (target / DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
    (target / _DONE).unlink(missing_ok=True)


def _points(ledger: Ledger, settings: Settings, all_validate: bool) -> npt.NDArray[np.int64]:
    if all_validate:
        return np.zeros(len(ledger), dtype=np.int64)
    given = ledger.given_to_train
    if given is not None:
        return np.where(given, ledger.characters, 0)
    return split_points(ledger.fingerprints, ledger.characters, settings.val_split)


def _together(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    """As many pieces at once as make work for some threads."""
    gathered: list[Piece] = []
    characters = 0
    for piece in pieces:
        gathered.append(piece)
        characters += len(piece.text)
        if characters >= _AT_ONCE:
            yield gathered
            gathered, characters = [], 0
    if gathered:
        yield gathered


class _Done:
    """How far the token files are: whole files of the spool, and how large they were then."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self.files: int = stored.get("files", 0)
        self.tokenizer: dict[str, Any] = stored.get("tokenizer", {})
        self.sizes: dict[SideName, int] = stored.get("sizes", {"train": 0, "validation": 0})
        self.characters: dict[SideName, int] = stored.get("characters", {"train": 0, "validation": 0})
        self.unknown: dict[SideName, int] = stored.get("unknown", {"train": 0, "validation": 0})

    @classmethod
    def of(cls, target: Path) -> _Done:
        try:
            return cls(json.loads((target / _DONE).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return cls({})

    def write(self, target: Path, files: dict[SideName, BinaryIO], whole: int) -> None:
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
        self.files, self.sizes = whole, {side: file.tell() for side, file in files.items()}
        write_whole(target / _DONE, json.dumps(vars(self), ensure_ascii=False))


@contextlib.contextmanager
def _opened(path: Path, size: int) -> Iterator[BinaryIO]:
    """A file to write on behind its first `size` bytes."""
    with path.open("ab") as file:
        file.truncate(size)
        yield file
