"""A preview of a corpus before it is prepared: its size, and how its text begins. Reads at most 64 KB of a file.

The files are those that `FileDocuments` would read, recognised in the same way. Text after the first 64 KB of a file is not
read, so a file may look usable here and turn out unusable when it is read whole.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mmrec_engine.data.sources.builtin import BuiltinDocuments
from mmrec_engine.data.sources.compressed_files import Unusable, damage_worded
from mmrec_engine.data.sources.documents import Entry, FileDocuments, Skipped
from mmrec_engine.data.sources.encodings_of_files import readings_of_files
from mmrec_engine.data.sources.formats import kind_of
from mmrec_engine.data.sources.legacy_encodings import candidates
from mmrec_engine.data.sources.structured import Found, Text
from mmrec_engine.data.sources.text import as_utf8, clean_pieces

_HEAD_BYTES = 2**16
_MOST_NAMES = 20
_MOST_ROWS = 40
_MOST_HEADS = 20  # files whose beginning is read to find text


@dataclass(frozen=True)
class Preview:
    """A preview of a corpus.

    names: the first files, or documents of a built-in corpus; shown: the one whose first `lines` these are. If the first
    text is in an unknown encoding there are no lines but `readings`: possible encodings of it and of those like it, likeliest
    first, each with a line of them. reason: why there are no lines, as in `Skipped`; empty if there are some, or no file.
    """

    total_bytes: int
    files: int
    names: tuple[str, ...]
    shown: str = ""
    lines: tuple[str, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def preview(
    path: Path, encoding: str | None, lines: int = 40, text_field: str | None = None, skip_invalid: bool = False
) -> Preview:
    """Preview a file or folder. encoding: of text that is not Unicode; None if none was named. text_field,
    skip_invalid: as in `TextReader`.

    Raises RequestError if the path does not exist, it cannot be read, or Python does not know the encoding.
    """
    return _FileHeads(path, encoding, text_field=text_field, skip_invalid=skip_invalid).preview(lines)


def preview_builtin(name: str, lines: int = 40) -> Preview:
    """Preview a built-in corpus. Raises RequestError for an unknown name, or if this Python does not include it."""
    documents = BuiltinDocuments(name)
    texts = [(document.name, "".join(document.pieces)) for document in documents]
    total = sum(len(text.encode("utf-8", "replace")) for _, text in texts)
    names = tuple(name for name, _ in texts[:_MOST_NAMES])
    first, text = texts[0] if texts else ("", "")
    return Preview(total, len(texts), names, first, tuple(text.splitlines()[:lines]))


class _FileHeads(FileDocuments):
    """The same files, of which only the beginning is read."""

    def preview(self, lines: int) -> Preview:
        entries = self._entries
        if self.split is not None:
            entries = [entry for entry in entries if self.split_of(entry.name) is not None]
        total, names = sum(entry.size for entry in entries), tuple(entry.name for entry in entries[:_MOST_NAMES])
        first_reason, legacy = "", list[Skipped]()
        for entry in entries[:_MOST_HEADS]:
            head = b""
            try:
                with _opened(entry) as opened:
                    file = as_utf8(opened, self.encoding)
                    head = file.read(_HEAD_BYTES)
                    text = self._beginning(entry.name, file, head)
                if not legacy:
                    return Preview(total, len(entries), names, entry.name, tuple(text.splitlines()[:lines]))
            except Unusable as unusable:
                if unusable.reason == "undecodable":
                    likely = unusable.candidates or tuple(candidates(head))
                    legacy.append(Skipped(entry.name, unusable.reason, unusable.hint, candidates=likely))
                first_reason = first_reason or unusable.reason
        if legacy:
            likely_of_all = readings_of_files(legacy)
            return Preview(total, len(entries), names, legacy[0].name, readings=likely_of_all, reason="undecodable")
        return Preview(total, len(entries), names, reason=first_reason)

    def _beginning(self, name: str, file: BinaryIO, head: bytes) -> str:
        """Clean text of a file's first bytes. Raises Unusable."""
        name = PurePosixPath(name).name
        whole = len(head) < _HEAD_BYTES
        kind = kind_of(name, head, whole)
        if kind == "text":
            if whole:
                return "".join(clean_pieces(io.BytesIO(head), self.encoding, [] if self.skip_invalid else None))
            # The first block of a truncated head ends at a character, whatever its encoding.
            return next(clean_pieces(io.BytesIO(_whole_characters(head)), self.encoding), "")
        source: BinaryIO = file
        if kind == "columns":
            file.seek(0)
        else:
            source = io.BytesIO(head if whole else head[: head.rfind(b"\n") + 1] or head)
        texts: list[str] = []
        for found in itertools.islice(self.reader.texts(source, name, Found()), _MOST_ROWS):
            if isinstance(found, Text):
                texts.append("".join(found.pieces))
            elif not texts:
                raise Unusable(found.reason, found.hint)
        return "\n".join(texts)


@contextlib.contextmanager
def _opened(entry: Entry) -> Iterator[BinaryIO]:
    """Raises Unusable, whatever prevents the file from being read."""
    try:
        with damage_worded(), entry.opened() as file:
            yield file
    except OSError:
        raise Unusable("unreadable") from None


def _whole_characters(head: bytes) -> bytes:
    """UTF-8 without the incomplete character at its end, which would suggest another encoding; other bytes unchanged."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return head
    return head[: len(head) - len(decoder.getstate()[0])]
