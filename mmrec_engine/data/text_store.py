"""Clean text before it is encoded: all documents of a corpus, one after the other in files, and read again in blocks."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.document_table import FINGERPRINT_BYTES, DocumentTable, SplitName
from mmrec_engine.data.sources.documents import Document, Skipped
from mmrec_engine.data.sources.mojibake import Repair
from mmrec_engine.data.sources.text import PIECE_BYTES, Unusable
from mmrec_engine.events import Progress


class Documents(Protocol):
    """A source of text. Files skipped while reading are listed in `skipped`."""

    skipped: list[Skipped]
    total_bytes: int

    def __iter__(self) -> Iterator[Document]: ...


_MOST_COMPARED = 100_000  # files


@dataclass(frozen=True)
class Piece:
    """source: the number of its corpus."""

    split: SplitName
    source: int
    text: str
    ends_document: bool  # the last block of its document in this split


@dataclass(frozen=True)
class TextStore:
    """The text of all documents in UTF-8, in files of whole documents; the table has a row for each document."""

    files: tuple[Path, ...]
    table: DocumentTable
    copies: tuple[str, str] | None = None  # the first two files with the same text

    def pieces(self, points: npt.NDArray[np.int64], first: int = 0, behind: int | None = None) -> Iterator[Piece]:
        """The text again, each document cut at its point: first the training split, then the validation split.

        points: one for each document. first, behind: of the files, as in a slice.
        """
        for number in range(len(self.files))[first:behind]:
            with self.files[number].open("rb") as file:
                for document in range(self._starts[number], self._starts[number + 1]):
                    size, point = int(self._sizes[document]), int(points[document])
                    yield from _pieces_of(file, size, point, int(self._sources[document]))

    @cached_property
    def _sizes(self) -> npt.NDArray[np.int64]:
        return self.table.bytes

    @cached_property
    def _sources(self) -> npt.NDArray[np.int16]:
        return self.table.sources

    @cached_property
    def _starts(self) -> list[int]:
        """The first document of each file, and the end of the last."""
        ends = np.cumsum([0, *(path.stat().st_size for path in self.files)])
        return [int(start) for start in np.searchsorted(np.append(0, np.cumsum(self._sizes)), ends)]


def _pieces_of(file: BinaryIO, size: int, point: int, source: int) -> Iterator[Piece]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    left, position = size, 0
    while left:
        data = file.read(min(PIECE_BYTES, left))
        left -= len(data)
        text = decoder.decode(data)
        first, rest = text[: max(0, point - position)], text[max(0, point - position) :]
        position += len(text)
        if first:
            yield Piece("train", source, first, position >= point)
        if rest:
            yield Piece("validation", source, rest, not left)


def written(
    sources: Sequence[Documents], path: Path, repair: Repair | None, most_bytes: int | None
) -> Generator[Progress, None, TextStore]:
    """Write all clean text to one file, corpus after corpus, repaired if requested; an unusable document is removed again.

    most_bytes: whole documents within this limit; a first document that alone is larger is cut there.
    """
    table, limit = DocumentTable(), _Limit(most_bytes)
    files: dict[bytes, str] = {}
    copies: tuple[str, str] | None = None
    in_all = sum(documents.total_bytes for documents in sources)
    total = max(1, min(in_all, most_bytes or in_all))
    with path.open("wb") as store:
        for number, document, before in _documents_of(sources):
            start, repaired_before = store.tell(), repair.words if repair else 0
            digest, characters = hashlib.blake2b(digest_size=FINGERPRINT_BYTES), 0
            try:
                pieces = _readable(document.pieces)
                for piece in repair.pieces(pieces) if repair else pieces:
                    data = limit.within(piece.encode("utf-8", "replace"), store.tell())
                    digest.update(data)
                    store.write(data)
                    characters += len(data.decode()) if limit.reached else len(piece)
                    if limit.reached:
                        break
                    if characters > PIECE_BYTES // 2:
                        done = min(total, before + document.done + store.tell() - start)
                        yield Progress(task="reading", done=done, total=total)
                if not characters:
                    raise Unusable("empty")
            except Unusable as error:
                found = Skipped(document.name, error.reason, error.hint, document.size, error.candidates)
                sources[number].skipped.append(found)
                _remove(store, start, repair, repaired_before)
                continue
            if limit.reached and len(table):
                _remove(store, start, repair, repaired_before)
                break
            if document.size and copies is None and len(files) < _MOST_COMPARED:
                first = files.setdefault(digest.digest(), document.name)
                copies = None if first is document.name else (first, document.name)
            table.add(digest.digest(), characters, store.tell() - start, document.split, number)
            if len(table) % 1000 == 1:
                yield Progress(task="reading", done=min(total, before + document.done), total=total)
            if limit.reached:
                break
    return TextStore((path,), table, copies)


def _documents_of(sources: Sequence[Documents]) -> Iterator[tuple[int, Document, int]]:
    """Each document with the number of its corpus and the bytes of those before that one."""
    before = 0
    for number, documents in enumerate(sources):
        for document in documents:
            yield number, document, before
        before += documents.total_bytes


class _Limit:
    """How many bytes of text may be read."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.reached = False

    def within(self, data: bytes, before: int) -> bytes:
        """As much of the data as may be read, in whole characters; `before`: bytes read so far."""
        if self._most is None or before + len(data) <= self._most:
            return data
        self.reached = True
        return data[: max(0, self._most - before)].decode("utf-8", "ignore").encode()


def _remove(store: BinaryIO, start: int, repair: Repair | None, repaired: int) -> None:
    store.seek(start)
    store.truncate()
    if repair:
        repair.words = repaired


def _readable(pieces: Iterator[str]) -> Iterator[str]:
    """A file that fails while it is read is unusable; a disk that cannot store the text is another error."""
    try:
        yield from pieces
    except OSError as error:
        raise Unusable("unreadable", error.strerror or str(error)) from None
