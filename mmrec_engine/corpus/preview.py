"""A quick look at a corpus before it is prepared: how much there is, and how its text begins. Reads 64 KB of a file at most.

The files are those that `FileDocuments` would read, told apart as it does. What stands behind the first 64 KB of a file is not
looked at, so a file may look well here and prove unusable when it is read whole.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from mmrec_engine.corpus.builtin import BuiltinDocuments
from mmrec_engine.corpus.documents import FileDocuments
from mmrec_engine.corpus.text import Unusable, clean_pieces, open_bytes, readings

_HEAD_BYTES = 2**16
_MOST_NAMES = 20
_MOST_HEADS = 20  # files whose beginning is read in search of text


@dataclass(frozen=True)
class Preview:
    """A look at a corpus.

    names: the first files, or documents of a built-in corpus; shown: the one whose first `lines` these are. Where the first
    text is in an unknown encoding there are no lines but `readings`: encodings that it may be in, likeliest first, each with a
    line of it. reason: why there are no lines, as in `Skipped`; empty where there are some, or no file at all.
    """

    total_bytes: int
    files: int
    names: tuple[str, ...]
    shown: str = ""
    lines: tuple[str, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def preview(path: Path, encoding: str | None, lines: int = 40) -> Preview:
    """Look at a file or folder. encoding: of text that is not Unicode; None where the person has named none.

    Raises RequestError where there is no such path, it cannot be read, or Python knows no such encoding.
    """
    return _FileHeads(path, encoding).preview(lines)


def preview_builtin(name: str, lines: int = 40) -> Preview:
    """Look at a built-in corpus. Raises RequestError for an unknown name, or where this Python does not carry it."""
    documents = BuiltinDocuments(name)
    texts = [(document.name, "".join(document.pieces)) for document in documents]
    total = sum(len(text.encode("utf-8", "replace")) for _, text in texts)
    names = tuple(name for name, _ in texts[:_MOST_NAMES])
    first, text = texts[0] if texts else ("", "")
    return Preview(total, len(texts), names, first, tuple(text.splitlines()[:lines]))


class _FileHeads(FileDocuments):
    """The same files, of which only the beginning is read."""

    def preview(self, lines: int) -> Preview:
        files = self._named_files()
        total, names = sum(size for _, _, size in files), tuple(name for name, _, _ in files[:_MOST_NAMES])
        first_reason = ""
        for name, path, _ in files[:_MOST_HEADS]:
            head = b""
            try:
                head = _head(path)
                text = self._beginning(name, head)
                return Preview(total, len(files), names, name, tuple(text.splitlines()[:lines]))
            except Unusable as unusable:
                if unusable.reason == "undecodable":
                    return Preview(
                        total, len(files), names, name, readings=tuple(readings(head)), reason=unusable.reason
                    )
                first_reason = first_reason or unusable.reason
        return Preview(total, len(files), names, reason=first_reason)

    def _named_files(self) -> list[tuple[str, Path, int]]:
        """Name, path and bytes of the files that would be read."""
        files = [(self._name(path), path, size) for path, size in self._files]
        return files if self.split is None else [file for file in files if self._side(file[1]) is not None]

    def _beginning(self, name: str, head: bytes) -> str:
        """Clean text of a file's first bytes. Raises Unusable."""
        if name.lower().removesuffix(".gz").endswith(".jsonl"):
            texts = list(self._json_texts(io.BytesIO(head[: head.rfind(b"\n") + 1] or head), name))
            if not texts:
                raise Unusable(self.skipped[-1].reason if self.skipped else "empty")
            return "\n".join(texts)
        if len(head) < _HEAD_BYTES:
            return "".join(clean_pieces(io.BytesIO(head), self.encoding))
        # The first piece of a head that breaks off ends where a character does, whatever its encoding.
        return next(clean_pieces(io.BytesIO(_whole_characters(head)), self.encoding), "")


def _whole_characters(head: bytes) -> bytes:
    """UTF-8 without the torn character at its end, or it would be taken for another encoding; other bytes as they are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return head
    return head[: len(head) - len(decoder.getstate()[0])]


def _head(path: Path) -> bytes:
    try:
        with open_bytes(path) as file:
            return file.read(_HEAD_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise Unusable("damaged") from None
    except OSError:
        raise Unusable("unreadable") from None
