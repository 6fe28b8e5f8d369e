"""Sources of text: files, folders and built-in corpora, as one stream of documents.

A file is a document, or each row of a structured one; so is a file within a zip archive. Unusable files are listed in
`skipped`, never silently dropped.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from mmrec_engine.data.document_table import SplitName
from mmrec_engine.data.sources.compressed_files import Unusable, is_archive, members, open_bytes, opened_member
from mmrec_engine.data.sources.given_split import GivenSplit, given_split
from mmrec_engine.data.sources.legacy_encodings import Candidate
from mmrec_engine.data.sources.structured import Found, Lost, TextReader
from mmrec_engine.errors import RequestError
from mmrec_engine.storage.run_files import files_of_a_run

_MOST_TOLD = 20  # files


@dataclass(frozen=True)
class Skipped:
    """A file, or lines of it, that was skipped: reason is one of `messages.REASONS`.

    candidates: the likely encodings, if it is not UTF-8.
    """

    name: str
    reason: str
    hint: str = ""
    size: int = 0  # bytes
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Document:
    """One text in clean blocks. `split` is its split, if the text came with one. `done`: bytes before it.

    size: bytes of the file, if the document is a file.
    """

    name: str
    pieces: Iterator[str]
    split: SplitName | None = None
    done: int = 0
    size: int = 0


@dataclass(frozen=True)
class Reading:
    """How the text of a corpus was read.

    splits: for each corpus that came with a split, its training and validation files. fields: those that hold the text of
    structured files, each with the unused ones. converted: number of files converted to text, by kind. dropped_bytes: that
    were not UTF-8.
    """

    splits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    converted: tuple[tuple[str, int], ...] = ()
    dropped_bytes: int = 0

    def __add__(self, other: Reading) -> Reading:
        return Reading(
            self.splits + other.splits,
            tuple(dict.fromkeys(self.fields + other.fields)),
            self.converted + other.converted,
            self.dropped_bytes + other.dropped_bytes,
        )

    def describe(self) -> dict[str, Any]:
        """For run.json; empty if there is nothing to report."""
        splits = [
            {"train": list(train[:_MOST_TOLD]), "validation": list(validation[:_MOST_TOLD])}
            for train, validation in self.splits
        ]
        fields = [{"field": name, "others": list(others[:_MOST_TOLD])} for name, others in self.fields[:_MOST_TOLD]]
        as_written = {"splits": splits, "text_fields": fields, "converted": dict(self.converted)}
        return {name: value for name, value in (*as_written.items(), ("dropped_bytes", self.dropped_bytes)) if value}


@dataclass(frozen=True)
class Entry:
    """A file, or one within an archive. name: relative to the root; member: in the archive."""

    name: str
    path: Path
    size: int
    member: str | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Raises Unusable or OSError."""
        if self.member is None:
            with open_bytes(self.path) as file:
                yield file
            return
        with self.path.open("rb") as packed, opened_member(packed, self.member) as file:
            yield file


@dataclass
class FileDocuments:
    """The documents of a file or folder, in the order of their relative paths.

    prepared: the folder of prepared tokens, which is skipped if it is within the root.
    """

    root: Path
    encoding: str | None = None
    prepared: Path | None = None
    text_field: str | None = None
    skip_invalid: bool = False
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
                codecs.getincrementaldecoder(self.encoding)
            except (LookupError, ValueError):
                raise RequestError("corpus-encoding-unknown", encoding=self.encoding) from None
        self.reader = TextReader(self.encoding, self.text_field, self.skip_invalid)
        self._found = Found()
        self._entries = [entry for path, size in self._find() for entry in self._entries_of(path, size)]
        self.total_bytes = sum(entry.size for entry in self._entries)
        alone = self.root.is_file() and not any(entry.member for entry in self._entries)
        self.split: GivenSplit | None = None if alone else given_split(entry.name for entry in self._entries)

    def __iter__(self) -> Iterator[Document]:
        done = 0
        for entry in self._entries:
            split = self.split_of(entry.name)
            if self.split is not None and split is None:
                reason = "test-left-out" if self.split.roles.get(entry.name) == "test" else "split-given"
                self.skipped.append(Skipped(entry.name, reason, self._split_found(), entry.size))
                continue
            yield from self._read(entry, split, done)
            done += entry.size

    @property
    def reading(self) -> Reading:
        """How the text was read from the files; complete once all documents have been yielded."""
        splits = () if self.split is None else ((tuple(self.split.training), tuple(self.split.validating)),)
        fields = tuple((one.as_written, one.others) for one in self._found.fields)
        return Reading(splits, fields, tuple(self._found.converted.items()), self._found.dropped_bytes)

    def split_of(self, name: str) -> SplitName | None:
        """The split of a file in a given split; None without a given split, or if the file is in neither."""
        role = None if self.split is None else self.split.roles.get(name)
        if self.split is None or role is None:
            return None
        return "train" if role == "train" else "validation" if role == self.split.held_out else None

    def _split_found(self) -> str:
        """A training file and a validation file, as the name of the split."""
        return "" if self.split is None else f"{self.split.training[0]}, {self.split.validating[0]}"

    def _read(self, entry: Entry, split: SplitName | None, done: int) -> Iterator[Document]:
        try:
            before = entry.path.stat()
            yield from self._documents(entry, split, done)
            after = entry.path.stat()
        except FileNotFoundError:
            raise RequestError("corpus-changed-while-read", path=entry.path) from None
        except OSError as error:
            self.skipped.append(Skipped(entry.name, "unreadable", error.strerror or str(error)))
            return
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise RequestError("corpus-changed-while-read", path=entry.path)

    def _documents(self, entry: Entry, split: SplitName | None, done: int) -> Iterator[Document]:
        given = 0
        try:
            with entry.opened() as file:
                for text in self.reader.texts(file, PurePosixPath(entry.name).name, self._found):
                    if isinstance(text, Lost):
                        self.skipped.append(Skipped(entry.name, text.reason, text.hint, candidates=text.candidates))
                        continue
                    name, size = (f"{entry.name}:{given}", 0) if text.in_row else (entry.name, entry.size)
                    yield Document(name, text.pieces, split, done, size)
                    given += 1
        except Unusable as error:
            self.skipped.append(Skipped(entry.name, error.reason, error.hint, entry.size, error.candidates))

    def _entries_of(self, path: Path, size: int) -> Iterator[Entry]:
        """The file itself, or those in it."""
        name = self.root.name if path == self.root else path.relative_to(self.root).as_posix()
        try:
            inner = members(path) if is_archive(path) else None
        except OSError:
            inner = None  # reported when it is read
        except Unusable as error:
            self.skipped.append(Skipped(name, error.reason, error.hint, size))
            return
        if inner is None:
            yield Entry(name, path, size)
            return
        for member, length in inner:
            yield Entry(f"{name}/{member}", path, length, member)

    def _find(self) -> list[tuple[Path, int]]:
        """Regular files below the root with their sizes, without hidden ones and links that lead out of the root."""
        try:
            mode = self.root.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            raise RequestError("corpus-missing", path=self.root) from None
        except (OSError, ValueError) as error:
            raise RequestError("corpus-unreadable", path=self.root, reason=getattr(error, "strerror", error)) from None
        if stat.S_ISREG(mode):
            return [(self.root, self.root.stat().st_size)]
        if not stat.S_ISDIR(mode):
            raise RequestError("corpus-missing", path=self.root)
        found: list[tuple[Path, int]] = []
        real_root = self.root.resolve()
        prepared = None if self.prepared is None else self.prepared.resolve()
        for folder, folders, names in os.walk(self.root, onerror=self._unreadable_folder):
            place = real_root / Path(folder).relative_to(self.root)
            folders[:] = sorted(name for name in folders if not name.startswith(".") and place / name != prepared)
            for name in folders:
                self._note_link(Path(folder) / name, real_root)
            # A run folder may be in the folder that it trains on. What its model wrote is no text to train on.
            for name in sorted({*names} - files_of_a_run(names)):
                path = Path(folder) / name
                if name.startswith(".") or self._note_link(path, real_root):
                    continue
                try:
                    status = path.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append((path, status.st_size))
        return sorted(found, key=lambda item: item[0].relative_to(self.root).as_posix())

    def _note_link(self, path: Path, real_root: Path) -> bool:
        """Record a link that leads out of the root, or nowhere; returns whether it is one."""
        if not path.is_symlink() or _inside(path, real_root):
            return False
        self.skipped.append(Skipped(path.relative_to(self.root).as_posix(), "link-outside"))
        return True

    def _unreadable_folder(self, error: OSError) -> None:
        if Path(error.filename) == self.root:
            raise RequestError("corpus-unreadable", path=self.root, reason=error.strerror)
        self.skipped.append(
            Skipped(str(Path(error.filename).relative_to(self.root)), "unreadable", error.strerror or "")
        )


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False
