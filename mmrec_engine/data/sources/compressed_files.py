"""Compressed files as plain bytes: gzip, bzip2, xz, Zstandard, recognised by their first bytes; and the files in a zip
archive."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import importlib
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from mmrec_engine.data.sources.legacy_encodings import Candidate
from mmrec_engine.errors import RequestError
from mmrec_engine.system.optional_dependencies import install_command, library

ENDINGS = (".gz", ".bz2", ".xz", ".zst")
_EXTRA = "zstd"
_ZIP = b"PK\x03\x04"
_HEAD_BYTES = 10
_ENCRYPTED = 0x1


class Unusable(Exception):
    """A file that is not text: reason is one of `messages.REASONS`.

    hint: the likeliest encoding if it is not UTF-8, or the system's error message. candidates: the likely encodings.
    """

    def __init__(self, reason: str, hint: str = "", candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.candidates = reason, hint, tuple(candidates)


@contextlib.contextmanager
def damage_worded() -> Iterator[None]:
    """What the libraries raise for an incomplete compressed file, as Unusable."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError):
        raise Unusable("damaged") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise Unusable("damaged") from None  # bz2 has no error of its own
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise Unusable("damaged") from None


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed if necessary. Raises Unusable if a library is missing for that."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    opening = _opening(head, path.name)
    return path.open("rb") if opening is None else cast(BinaryIO, opening(path))


def _opening(head: bytes, name: str) -> Callable[[Any], Any] | None:
    """The function that opens a compressed file, recognised by first bytes or name; None for any other."""
    ending = PurePosixPath(name.lower()).suffix
    return next((opens for opens, of_it, begins in _PACKINGS if ending == of_it or head.startswith(begins)), None)


def plain_name(name: str) -> str:
    """A file's name in lower case without suffixes of compression."""
    name = name.lower()
    while name.endswith(ENDINGS):
        name = name.rpartition(".")[0]
    return name


def is_archive(path: Path) -> bool:
    """Whether it is a zip archive. Office documents are zip archives too, but have other names."""
    if path.suffix.lower() != ".zip":
        return False
    with path.open("rb") as file:
        return file.read(4) == _ZIP


def members(path: Path) -> list[tuple[str, int]]:
    """Names and bytes of the files in a zip archive, without hidden ones. Raises Unusable."""
    with damage_worded(), _archive(path) as archive:
        return sorted(
            (info.filename, info.file_size)
            for info in archive.infolist()
            if not info.is_dir()
            and not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(info.filename).parts)
        )


@contextlib.contextmanager
def opened_member(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The bytes of one file in a zip archive. Raises Unusable."""
    with damage_worded(), _archive(file) as archive:
        with _odd_worded():
            if archive.getinfo(name).flag_bits & _ENCRYPTED:
                raise Unusable("encrypted")
            inner = archive.open(name)
        with inner:
            with _odd_worded():
                opening = _opening(inner.read(_HEAD_BYTES), name)
                inner.seek(0)
            yield cast(BinaryIO, inner if opening is None else opening(inner))


def _archive(file: Path | BinaryIO) -> zipfile.ZipFile:
    with _odd_worded():
        return zipfile.ZipFile(file)


@contextlib.contextmanager
def _odd_worded() -> Iterator[None]:
    """What `zipfile` raises for a damaged archive, beside its own errors."""
    try:
        yield
    except (ValueError, KeyError, RuntimeError, OverflowError, struct.error):
        raise Unusable("damaged") from None


def _zstd(file: Path | BinaryIO) -> BinaryIO:
    try:
        if sys.version_info >= (3, 14):
            module: Any = importlib.import_module("compression.zstd")
        else:
            module = library("backports.zstd", _EXTRA)
    except RequestError:
        raise Unusable("needs-extra", install_command(_EXTRA)) from None
    return cast(BinaryIO, module.ZstdFile(file))


# The function that opens a path or an open file, the suffix of its name, its first bytes.
_PACKINGS: tuple[tuple[Callable[[Any], Any], str, bytes], ...] = (
    (gzip.open, ".gz", b"\x1f\x8b\x08"),
    (bz2.open, ".bz2", b"BZh91AY&SY"),
    (lzma.open, ".xz", b"\xfd7zXZ\0"),
    (_zstd, ".zst", b"\x28\xb5\x2f\xfd"),
)
