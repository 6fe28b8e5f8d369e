"""Facts about each document of a corpus, in one array, so that millions of documents fit in memory."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SplitName = Literal["train", "validation"]
SPLITS: tuple[SplitName | None, ...] = (None, "train", "validation")
FINGERPRINT_BYTES = 16
_ROW = np.dtype(
    [
        ("fingerprint", f"V{FINGERPRINT_BYTES}"),
        ("characters", "<i8"),
        ("bytes", "<i8"),
        ("side", "i1"),
        ("source", "<i2"),
    ]
)
_BLOCK = 2**14


class DocumentTable:
    """A row of 35 bytes for each document, in the order of the text."""

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.void]] = []
        self._newest: list[tuple[bytes, int, int, int, int]] = []
        self._full = 0

    def __len__(self) -> int:
        return self._full + len(self._newest)

    def add(self, fingerprint: bytes, characters: int, size: int, split: SplitName | None, source: int = 0) -> None:
        """size: bytes of the document in UTF-8. split: its split, if the text came with one. source: number of its corpus."""
        self._newest.append((fingerprint, characters, size, SPLITS.index(split), source))
        if len(self._newest) == _BLOCK:
            self._put(np.array(self._newest, dtype=_ROW))
            self._newest = []

    def extend(self, other: DocumentTable) -> None:
        """Append the documents of another table."""
        self._put(np.array(self._newest, dtype=_ROW))
        self._newest = []
        self._put(other._rows())

    @property
    def characters(self) -> npt.NDArray[np.int64]:
        """Shape (documents,)."""
        return np.ascontiguousarray(self._rows()["characters"])

    @property
    def bytes(self) -> npt.NDArray[np.int64]:
        """In UTF-8. Shape (documents,)."""
        return np.ascontiguousarray(self._rows()["bytes"])

    def fingerprints(self, documents: slice) -> npt.NDArray[np.uint64]:
        """The high and the low half of each fingerprint. Shape (documents, 2)."""
        halves = np.array(self._rows()["fingerprint"][documents]).view(">u8").reshape(-1, 2)  # a copy, swapped in place
        return halves.byteswap(inplace=True).view(np.uint64) if sys.byteorder == "little" else halves.view(np.uint64)

    @property
    def sources(self) -> npt.NDArray[np.int16]:
        """The number of each document's corpus, in rising order. Shape (documents,)."""
        return np.ascontiguousarray(self._rows()["source"])

    @property
    def splits(self) -> npt.NDArray[np.int8]:
        """The given split of each document: 0 none, 1 training, 2 validation. Shape (documents,)."""
        return np.ascontiguousarray(self._rows()["side"])

    def fingerprint(self, several: bool = False) -> str:
        """Of the whole text. several: with several corpora, the digest includes which document belongs to which."""
        digest, between = hashlib.blake2b(digest_size=FINGERPRINT_BYTES), ""
        rows = self._rows()
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            names, width = block["fingerprint"].tobytes().hex(), 2 * FINGERPRINT_BYTES
            splits, sources = block["side"].tolist(), block["source"].tolist()
            lines = [
                f"{names[width * number : width * (number + 1)]} {SPLITS[split]}" + (f" {source}" if several else "")
                for number, (split, source) in enumerate(zip(splits, sources, strict=True))
            ]
            digest.update((between + "\n".join(lines)).encode())
            between = "\n"
        return digest.hexdigest()

    def write(self, path: Path) -> None:
        np.save(path, self._rows(), allow_pickle=False)

    @classmethod
    def read(cls, path: Path) -> DocumentTable:
        """Raises OSError or ValueError if the file is not a document table."""
        rows = np.load(path, allow_pickle=False)
        if rows.dtype != _ROW:
            raise ValueError("no table of documents")
        table = cls()
        table._put(rows)
        return table

    def _put(self, rows: npt.NDArray[Any]) -> None:
        if len(rows):
            self._blocks.append(rows)
            self._full += len(rows)

    def _rows(self) -> npt.NDArray[np.void]:
        """All rows; blocks are joined on demand."""
        if self._newest or len(self._blocks) != 1:
            newest = np.array(self._newest, dtype=_ROW)
            self._newest, self._full = [], self._full + len(newest)
            self._blocks = [np.concatenate([*self._blocks, newest])]
        return self._blocks[0]
