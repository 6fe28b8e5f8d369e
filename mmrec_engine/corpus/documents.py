"""Where text comes from: files and folders, and the built-in corpora, all as one stream of documents.

A file is a document; each line of a `.jsonl` file is one. What cannot be used is named in `skipped`, never silently dropped.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mmrec_engine.corpus.given_split import GivenSplit, given_split
from mmrec_engine.corpus.ledger import SideName
from mmrec_engine.corpus.text import clean, clean_pieces, marked_encoding, open_bytes
from mmrec_engine.errors import RequestError
from mmrec_engine.run_files import LOCK, OWN

_MOST_TOLD = 20  # files


@dataclass(frozen=True)
class Skipped:
    """A file, or lines of it, left out: reason is one of `messages.REASONS`."""

    name: str
    reason: str
    hint: str = ""
    size: int = 0  # bytes


@dataclass(frozen=True)
class Document:
    """One text in clean pieces. `side` is set where the person has split the text already. `done`: bytes before it.

    size: bytes of the file, where the document is a file.
    """

    name: str
    pieces: Iterator[str]
    side: SideName | None = None
    done: int = 0
    size: int = 0


@dataclass(frozen=True)
class Reading:
    """How the text of a corpus was taken from what was there.

    splits: of each corpus that came split, the files that train and those that validate.
    """

    splits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.splits + other.splits)

    def describe(self) -> dict[str, Any]:
        """For run.json; empty where there is nothing to tell."""
        splits = [
            {"train": list(train[:_MOST_TOLD]), "validation": list(validation[:_MOST_TOLD])}
            for train, validation in self.splits
        ]
        return {"splits": splits} if splits else {}


@dataclass
class FileDocuments:
    """The documents of a file or folder, in the order of their relative paths.

    prepared: where prepared tokens are kept; a folder that lies in the root and is no text of its.
    """

    root: Path
    encoding: str | None = None
    prepared: Path | None = None
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
                codecs.getincrementaldecoder(self.encoding)
            except (LookupError, ValueError):
                raise RequestError("corpus-encoding-unknown", encoding=self.encoding) from None
        self._files = self._find()
        self.total_bytes = sum(size for _, size in self._files)
        self.split: GivenSplit | None = None if self.root.is_file() else given_split(map(self._name, self.paths))

    @property
    def paths(self) -> list[Path]:
        """Of all files, those too that a given split leaves out."""
        return [path for path, _ in self._files]

    def __iter__(self) -> Iterator[Document]:
        done = 0
        for path, size in self._files:
            name, side = self._name(path), self._side(path)
            if self.split is not None and side is None:
                reason = "test-left-out" if self.split.roles.get(name) == "test" else "split-given"
                self.skipped.append(Skipped(name, reason, self._told_split(), size))
                continue
            yield from self._read(path, name, side, done)
            done += size

    @property
    def reading(self) -> Reading:
        """How the text was taken from the files; complete once all documents have been given."""
        splits = () if self.split is None else ((tuple(self.split.training), tuple(self.split.validating)),)
        return Reading(splits)

    def _name(self, path: Path) -> str:
        return self.root.name if path == self.root else path.relative_to(self.root).as_posix()

    def _side(self, path: Path) -> SideName | None:
        """The side that a given split puts a file on; None where there is no such split, or it is no part of it."""
        role = None if self.split is None else self.split.roles.get(self._name(path))
        if self.split is None or role is None:
            return None
        return "train" if role == "train" else "validation" if role == self.split.held_out else None

    def _told_split(self) -> str:
        """A training file and a validating one, to name the split by."""
        return "" if self.split is None else f"{self.split.training[0]}, {self.split.validating[0]}"

    def _read(self, path: Path, name: str, side: SideName | None, done: int) -> Iterator[Document]:
        try:
            before = path.stat()
            with open_bytes(path) as file:
                if path.name.lower().removesuffix(".gz").endswith(".jsonl"):
                    for number, text in enumerate(self._json_texts(file, name)):
                        yield Document(f"{name}:{number}", iter((text,)), side, done)
                else:
                    yield Document(name, clean_pieces(file, self.encoding), side, done, before.st_size)
            after = path.stat()
        except FileNotFoundError:
            raise RequestError("corpus-changed-while-read", path=path) from None
        except OSError as error:
            self.skipped.append(Skipped(name, "unreadable", error.strerror or str(error)))
            return
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise RequestError("corpus-changed-while-read", path=path)

    def _json_texts(self, file: BinaryIO, name: str) -> Iterator[str]:
        """The `text` fields of a JSON-lines file; other lines are counted and named once."""
        bad, first_bad, good = 0, 0, 0
        number = 0
        try:
            for number, line in enumerate(_lines(file), start=1):
                if not line.strip():
                    continue
                text = _text_field(line, self.encoding)
                if text is None:
                    bad, first_bad = bad + 1, first_bad or number
                elif text:
                    good += 1
                    yield clean(text)
        except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeError):
            self.skipped.append(Skipped(name, "damaged", f"{name}:{number + 1}"))
            return
        if bad:
            self.skipped.append(Skipped(name, "invalid-json", f"{bad}, {name}:{first_bad}"))
        elif not good:
            self.skipped.append(Skipped(name, "empty"))

    def _find(self) -> list[tuple[Path, int]]:
        """Regular files below the root with their sizes; hidden ones, and links that lead out of the root, are left out."""
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
            if _is_run_folder(names):
                continue
            for name in sorted(names):
                path = Path(folder) / name
                if name.startswith(".") or (path.is_symlink() and not _inside(path, real_root)):
                    continue
                try:
                    status = path.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append((path, status.st_size))
        return sorted(found, key=lambda item: item[0].relative_to(self.root).as_posix())

    def _unreadable_folder(self, error: OSError) -> None:
        if Path(error.filename) == self.root:
            raise RequestError("corpus-unreadable", path=self.root, reason=error.strerror)
        self.skipped.append(
            Skipped(str(Path(error.filename).relative_to(self.root)), "unreadable", error.strerror or "")
        )


def _is_run_folder(names: list[str]) -> bool:
    """Whether these files are a training run's: it may lie in the folder that it trains on, and is no text of its."""
    return LOCK in names and all(name in OWN or name.endswith((".pt", ".tmp")) for name in names)


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _lines(file: BinaryIO) -> Iterator[bytes | str]:
    """Lines of a file, decoded where a byte order mark tells how."""
    marked = marked_encoding(file.read(4))
    file.seek(0)
    yield from file if marked is None else io.TextIOWrapper(file, encoding=marked)


def _text_field(line: bytes | str, encoding: str | None) -> str | None:
    try:
        try:
            value = json.loads(line)
        except UnicodeDecodeError:
            value = json.loads(line.decode(encoding or "utf-8") if isinstance(line, bytes) else line)
    except (ValueError, RecursionError):
        return None
    text = value.get("text") if isinstance(value, dict) else None
    return text if isinstance(text, str) else None
