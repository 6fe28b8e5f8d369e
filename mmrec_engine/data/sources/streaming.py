"""A streamed data set written to disk once, in parts, so that a process that is killed loses one part at most.

    rows ──► clean documents ──► a part of some 64 MiB, its documents shuffled ──► text, table, and the position after it

The documents of a part and their order are a function of the data set alone, so the text does not depend on interruptions.
This shuffling replaces a shuffle buffer, whose content could not be restored. It uses no seed of the run,
so that runs with different seeds have the same split.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmrec_engine.data.document_table import FINGERPRINT_BYTES, SPLITS, DocumentTable, SplitName
from mmrec_engine.data.sources.hub import HubDocuments, Place
from mmrec_engine.data.sources.hub_source import HubSource
from mmrec_engine.data.sources.mojibake import Repair
from mmrec_engine.data.text_store import TextStore
from mmrec_engine.errors import RequestError
from mmrec_engine.events import Progress
from mmrec_engine.randomness import hash64, permuted
from mmrec_engine.storage.files import write_whole
from mmrec_engine.storage.folder_lock import RunLock

PART_BYTES = 64 * 2**20  # of text
FORMAT = 2  # increased whenever the same data set would give other text
_HELD_OUT = 0.1  # of the text limit, for the data set's own validation split
_MIXING = 5  # key
_BYTES_BETWEEN_REPORTS = 2**20


@dataclass(frozen=True)
class Streamed:
    """A data set on disk. empty: skipped rows without text; repaired_words: repaired while reading.

    held_out: its own validation split, which is then used. left_out: other splits that were
    not read. field: that holds the text; others: the unused fields.
    """

    store: TextStore
    empty: int
    repaired_words: int
    held_out: str | None = None
    field: str | None = None
    others: Sequence[str] = ()
    left_out: Sequence[str] = ()


def key_of(source: HubSource, most_bytes: int | None, repair: bool) -> str:
    """The cache key of the text of a data set. For a local one it includes the files' sizes and times."""
    files: list[str] = []
    if source.local:
        root = Path(source.path)
        found = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        files = [f"{path.relative_to(root)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in found]
    what = json.dumps([FORMAT, PART_BYTES, asdict(source), most_bytes, repair, files])
    return hashlib.blake2b(what.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def locked(folder: Path) -> Generator[Progress, None, contextlib.AbstractContextManager[None]]:
    """Create the folder and lock it until the context ends; waits while another process holds the lock."""
    while True:
        folder.mkdir(exist_ok=True)
        try:
            lock = RunLock(folder)
        except RequestError:
            yield Progress(task="waiting", done=0, total=0)
        except FileNotFoundError:  # its owner has just removed it
            pass
        else:
            os.utime(folder)
            return _held(lock)


@contextlib.contextmanager
def _held(lock: RunLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


def begun(folder: Path) -> bool:
    """Whether it contains anything to continue from."""
    return any(folder.glob("part-*.json"))


def streamed(
    source: HubSource, name: str, folder: Path, most_bytes: int | None, repair: Repair | None
) -> Generator[Progress, None, Streamed]:
    """Write the data set to the folder, or the rest of it; at most the given number of bytes, in whole documents.

    Raises RequestError as `HubDocuments` does. What was read until then is kept.
    """
    parts = _Parts(folder)
    if repair:
        repair.words = parts.last.repaired
    if not parts.last.ended:
        yield Progress(task="reading", done=parts.bytes, total=0)
        if parts.last.side != "validation":
            yield from _read_split(source, name, parts, most_bytes, repair)
        if parts.last.held_out is not None:
            other = replace(source, split=parts.last.held_out, column=parts.last.field)
            yield from _read_split(other, name, parts, most_bytes, repair)
    last = parts.last
    return Streamed(parts.store(), last.empty, last.repaired, last.held_out, last.field, last.others, last.left_out)


def _read_split(
    source: HubSource, name: str, parts: _Parts, most_bytes: int | None, repair: Repair | None
) -> Generator[Progress, None, None]:
    """The rest of one split: the training split, or the data set's own validation split.

    most_bytes: of the whole text.
    """
    last = parts.last
    validates = source.split is not None and source.split == last.held_out
    documents = HubDocuments(source, name, last.revision, Place(**last.place))
    held_out = last.held_out if validates else documents.held_out
    split: SplitName | None = "validation" if validates else "train" if held_out is not None else None
    before = parts.validating if validates else parts.bytes
    if most_bytes is not None and held_out is not None:
        most_bytes = max(1, int(most_bytes * (_HELD_OUT if validates else 1 - _HELD_OUT)))
    known = [size for size in (documents.total_bytes, most_bytes) if size]
    total = min(known) if known else 0
    yield Progress(task="reading", done=_below(before, total), total=total)  # it exists, and can be read
    texts, ended = iter(documents), False
    while not ended:
        part = _Part(before, parts.last.empty, most_bytes)
        for text in texts:
            if text is not None and repair:
                text = "".join(repair.pieces((text,)))
            if not part.take(text):
                ended = True
                break
            if part.whole:
                break
            if part.tell:
                yield Progress(task="reading", done=_below(before + part.bytes, total), total=total)
        else:
            ended = True
        repaired, all_read = repair.words if repair else 0, ended and split != "train"
        as_written, others = (
            (last.field, last.others) if validates else (documents.field.as_written, documents.field.others)
        )
        left_out = last.left_out if validates else documents.left_out
        place = asdict(documents.place)
        kept = _Kept(
            part.empty, repaired, all_read, documents.revision, place, held_out, split, as_written, others, left_out
        )
        before += part.bytes
        if ended and split == "train":  # the next split starts at its beginning
            kept = replace(kept, side="validation", place=asdict(Place()))
        parts.add(part, kept, split)


def _below(done: int, total: int) -> int:
    return min(done, total) if total else done


@dataclass(frozen=True)
class _Kept:
    """The note written after a part. empty, repaired: totals up to here; place: of a `Place`.

    held_out: the validation split, if the data set has one; side: the split of the position, None if there is only one.
    """

    empty: int
    repaired: int
    ended: bool
    revision: str | None
    place: dict[str, Any]
    held_out: str | None = None
    side: SplitName | None = None
    field: str | None = None
    others: Sequence[str] = ()
    left_out: Sequence[str] = ()


class _Part:
    """Documents collected in memory until they fill a part."""

    def __init__(self, before: int, empty: int, most: int | None) -> None:
        """before: bytes of the earlier parts; empty: rows without text so far."""
        self._before, self._most = before, most
        self._documents: list[bytes] = []
        self._characters: list[int] = []
        self._reported = 0
        self.bytes, self.empty = 0, empty

    def take(self, text: str | None) -> bool:
        """Whether it was within the limit. A first document that alone is larger is cut there."""
        if not text:
            self.empty += 1
            return True
        data = text.encode("utf-8", "replace")
        over = self._most is not None and self._before + self.bytes + len(data) > self._most
        if over and (self._before or self.bytes):
            return False
        if over:
            text = data[: self._most].decode("utf-8", "ignore")
            data = text.encode()
        if text:
            self._documents.append(data)
            self._characters.append(len(text))
            self.bytes += len(data)
        return not over

    @property
    def whole(self) -> bool:
        return self.bytes >= PART_BYTES

    @property
    def tell(self) -> bool:
        """Whether enough was added since the last report of progress."""
        due = self.bytes - self._reported >= _BYTES_BETWEEN_REPORTS
        self._reported = self.bytes if due else self._reported
        return due

    def mixed(self, number: int) -> Iterator[tuple[bytes, int]]:
        """The documents and their characters in the shuffled order of the part with this number."""
        count = len(self._documents)
        for index in permuted(np.arange(count), count, hash64(_MIXING, number)) if count else ():
            yield self._documents[index], self._characters[index]


class _Parts:
    """The parts in a folder. A part is complete once its note, which is written last, has its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table = DocumentTable()
        self.last = _Kept(0, 0, False, None, asdict(Place()))
        self.bytes = self.validating = self.count = 0
        with contextlib.suppress(OSError, ValueError, TypeError):
            while True:
                kept = _Kept(**json.loads(self._path("json").read_text(encoding="utf-8")))
                table = DocumentTable.read(self._path("npy"))
                size = self._path("text").stat().st_size
                if size != int(table.bytes.sum()):
                    break
                self._table.extend(table)
                self._note(kept, size, SPLITS[int(table.splits[0])] if size else None)
        self._remove_others()

    def _note(self, kept: _Kept, size: int, split: SplitName | None) -> None:
        self.last, self.bytes, self.count = kept, self.bytes + size, self.count + 1
        self.validating += size if split == "validation" else 0

    def add(self, part: _Part, kept: _Kept, split: SplitName | None) -> None:
        table = DocumentTable()
        with self._path("text").open("wb") as file:
            for data, characters in part.mixed(self.count):
                digest = hashlib.blake2b(data, digest_size=FINGERPRINT_BYTES).digest()
                table.add(digest, characters, len(data), split)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        table.write(self._path("npy"))
        write_whole(self._path("json"), json.dumps(asdict(kept)), sync=True)
        self._table.extend(table)
        self._note(kept, part.bytes, split)

    def store(self) -> TextStore:
        return TextStore(tuple(self._path("text", number) for number in range(self.count)), self._table)

    def _path(self, kind: str, number: int | None = None) -> Path:
        return self._folder / f"part-{self.count if number is None else number:05d}.{kind}"

    def _remove_others(self) -> None:
        """Remove parts without a note, and token files that were made from less text."""
        known = {self._path(kind, number).name for kind in ("text", "npy", "json") for number in range(self.count)}
        for path in self._folder.glob("part-*"):
            if path.name not in known:
                path.unlink(missing_ok=True)
        if not self.last.ended:
            for prepared in self._folder.glob("prepared*"):
                shutil.rmtree(prepared, ignore_errors=True)
