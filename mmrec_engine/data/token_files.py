"""From stored text to token files: split, vocabulary of the training split, ids. Finished files can be kept for a restart.

Many documents are given to the tokenizer at once, because the libraries distribute texts over their threads, and most documents
are too small to be divided.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.document_table import DocumentTable, SplitName
from mmrec_engine.data.parts import Counts
from mmrec_engine.data.sources.text import PIECE_BYTES
from mmrec_engine.data.split import kept_points, split_points
from mmrec_engine.data.split_record import SplitRecord
from mmrec_engine.data.text_store import Piece, TextStore
from mmrec_engine.data.tokenizer_training import learn_tokenizer
from mmrec_engine.events import Progress
from mmrec_engine.settings import Settings
from mmrec_engine.storage.files import write_whole
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict, unknown_characters
from mmrec_engine.tokenizer.vocabulary import special_ids

DESCRIPTION = "corpus.json"
_DONE = "done.json"  # what is encoded already
_AT_ONCE = PIECE_BYTES // 4  # characters
_MOST_TOLD = 20  # unknown characters, the most frequent ones
_MOST_NOTED = 500  # different unknown characters; of more, those that come later are not counted
_MOST_COMPARED = 4_000_000  # characters that are decoded again

Points = npt.NDArray[np.int64]


def encode(
    store: TextStore,
    points: Points,
    settings: Settings,
    tokenizer: Tokenizer | None,
    beside: tuple[str, ...],
    fingerprint: str,
    target: Path,
) -> Generator[Progress, None, None]:
    """Write token files and their description to `target`.

    points: how many characters of each document are in the training split. tokenizer: None if one is to be learnt; beside: its
    special ids.

    If `target` has files of a killed process for the same text, the work continues after the last complete one.
    """
    documents = store.table
    total = int(documents.characters.sum())
    done = _Done.of(target, int(documents.sources[-1]) + 1)
    if tokenizer is None:
        tokenizer = tokenizer_from_dict(done.tokenizer) if done.tokenizer else None
    if tokenizer is None:
        training = (piece.text for piece in store.pieces(points) if piece.split == "train")
        tokenizer = yield from learn_tokenizer(
            training, int(points.sum()), settings, (*special_ids(len(documents) > 1), *beside)
        )
    done.tokenizer = tokenizer.to_dict()
    end = np.array([tokenizer.end_of_document or 0], dtype=tokenizer.dtype)
    with contextlib.ExitStack() as stack:
        files = {
            split: stack.enter_context(_opened(target / f"{split}.bin", done.sizes[split])) for split in done.sizes
        }
        for number in range(done.files, len(store.files)):
            for turn, pieces in enumerate(_batched(store.pieces(points, number, number + 1))):
                compared = turn % max(1, total // _MOST_COMPARED) == 0
                for piece, ids in zip(pieces, tokenizer.encode_each([piece.text for piece in pieces]), strict=True):
                    done.torn += compared and _differs(tokenizer, piece.text, ids)
                    here, split = done.counts[piece.source], piece.split
                    here.characters[split] += len(piece.text)
                    here.tokens[split] += len(ids)
                    if tokenizer.unknown is not None and (unknown := int(np.count_nonzero(ids == tokenizer.unknown))):
                        here.unknown[split] += unknown
                        done.note_unknown(tokenizer, piece.text)
                    files[split].write(ids.data)
                    if piece.ends_document and tokenizer.end_of_document is not None:
                        files[split].write(end.data)
                        here.tokens[split] += 1
                read = sum(sum(here.characters.values()) for here in done.counts)
                yield Progress(task="encoding", done=read, total=total)
            if number + 1 < len(store.files):
                done.write(target, files, number + 1)
    description = {
        "fingerprint": fingerprint,
        "documents": len(documents),
        "tokenizer": tokenizer.to_dict(),
        **asdict(Counts.of(done.counts)),
        "parts": [asdict(one) for one in done.counts],
        "torn": done.torn,
        "unknown_characters": sorted(done.unknown, key=lambda one: (-done.unknown[one], one))[:_MOST_TOLD],
    }
    (target / DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
    for path in target.glob(f"{_DONE}*"):  # a killed process may have left an incomplete one
        path.unlink()


def points_of(documents: DocumentTable, share: float, record: SplitRecord | None = None) -> Points:
    """How many characters of each document are in the training split; each corpus is split by itself, unless it came with a
    split.

    record: of an earlier run, whose documents keep their split.
    """
    points = np.zeros(len(documents), dtype=np.int64)
    splits, characters, sources = documents.splits, documents.characters, documents.sources
    for source in range(int(sources[-1]) + 1):
        of_one = slice(*np.searchsorted(sources, [source, source + 1]).tolist())
        fingerprints = documents.fingerprints(of_one)
        if splits[of_one].any():
            points[of_one] = np.where(splits[of_one] == 1, characters[of_one], 0)
        elif record is not None:
            points[of_one] = kept_points(fingerprints, characters[of_one], share, record)
        else:
            points[of_one] = split_points(fingerprints, characters[of_one], share)
    return points


def _batched(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    """Enough blocks at once to occupy several threads."""
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


def _differs(tokenizer: Tokenizer, text: str, ids: npt.NDArray[np.unsignedinteger[Any]]) -> bool:
    """Whether the ids decode to another text; characters outside the vocabulary are ignored."""
    if tokenizer.unknown is not None and bool((ids == tokenizer.unknown).any()):
        unknown = set(unknown_characters(tokenizer, "".join(set(text))))
        text = "".join(character for character in text if character not in unknown)
        ids = ids[ids != tokenizer.unknown]
    return tokenizer.decode(ids.tolist()) != text


class _Done:
    """Progress of the token files: encoded files of the text store, and the token files' sizes at that point."""

    def __init__(self, stored: dict[str, Any], corpora: int) -> None:
        self.files: int = stored.get("files", 0)
        self.tokenizer: dict[str, Any] = stored.get("tokenizer", {})
        self.sizes: dict[SplitName, int] = stored.get("sizes", {"train": 0, "validation": 0})
        self.torn: int = stored.get("torn", 0)  # blocks that do not round-trip
        self.counts = [Counts(**one) for one in stored.get("counts", [{}] * corpora)]
        self.unknown: dict[str, int] = stored.get("unknown", {})  # characters without a token, and how often they occur

    @classmethod
    def of(cls, target: Path, corpora: int) -> _Done:
        try:
            return cls(json.loads((target / _DONE).read_text(encoding="utf-8")), corpora)
        except (OSError, ValueError, TypeError):
            return cls({}, corpora)

    def note_unknown(self, tokenizer: Tokenizer, text: str) -> None:
        for character in unknown_characters(tokenizer, "".join(set(text))):
            if character in self.unknown or len(self.unknown) < _MOST_NOTED:
                self.unknown[character] = self.unknown.get(character, 0) + text.count(character)

    def write(self, target: Path, files: dict[SplitName, BinaryIO], whole: int) -> None:
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
        self.files, self.sizes = whole, {split: file.tell() for split, file in files.items()}
        described = {**vars(self), "counts": [asdict(one) for one in self.counts]}
        write_whole(target / _DONE, json.dumps(described, ensure_ascii=False))


@contextlib.contextmanager
def _opened(path: Path, size: int) -> Iterator[BinaryIO]:
    """A file to append to after its first `size` bytes."""
    with path.open("ab") as file:
        file.truncate(size)
        yield file
