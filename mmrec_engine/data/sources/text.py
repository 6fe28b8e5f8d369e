"""Bytes to clean text: encodings, line ends, Unicode form. Streams, so that files of any size need little memory.

Clean text has `\\n` as its only line end and is in Unicode NFC. What cannot be read as text raises `Unusable` with the reason.
"""

from __future__ import annotations

import codecs
import io
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from mmrec_engine.data.sources.compressed_files import Unusable, damage_worded, open_bytes
from mmrec_engine.data.sources.legacy_encodings import Candidate, candidates, reads_in_an_encoding, unmarked_unicode
from mmrec_engine.data.sources.passages import passages

__all__ = ["Unusable", "clean", "clean_pieces", "open_bytes"]

PIECE_BYTES = 4 * 2**20
_HEAD_BYTES = 2**16
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8 = (None, "utf-8-sig")  # encodings by their byte order marks
# Text is damaged UTF-8 if there are this many letters for each invalid byte. It may be if at most this share of its bytes is
# invalid; with fewer letters than one for ten invalid bytes only if these read as words in no other encoding.
_LETTERS_TO_DAMAGE = 10
_DAMAGED_SHARE = 0.001
_DAMAGE_TO_LETTERS = 10
_WRONG = re.compile("[\udc80-\udcff]")  # an invalid byte, as the decoder passes it on
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\v\b\x1b")


def as_utf8(file: BinaryIO, encoding: str | None) -> BinaryIO:
    """The open file from its beginning; converted to UTF-8 if it is UTF-16 or UTF-32 without a BOM and the encoding says so.

    Line ends and delimiters could not be found in its bytes otherwise.
    """
    if encoding is None or _wide(encoding) is None:
        return file
    with damage_worded():
        head = file.read(_HEAD_BYTES)
        file.seek(0)
    if marked_encoding(head) is not None or (b"\0" not in head and utf8_damage((head,)).slight):
        return file
    return cast(BinaryIO, io.BufferedReader(_AsUtf8(file, encoding)))


def refuse_unmarked_unicode(head: bytes, encoding: str | None) -> None:
    """Raises Unusable if these bytes are UTF-16 or UTF-32 without a BOM, and no such encoding was named."""
    if marked_encoding(head) is not None or (encoding is not None and _wide(encoding) is not None):
        return
    if (wide := unmarked_unicode(head)) is not None:
        raise Unusable("undecodable", "{} («{}»)".format(*wide), [Candidate(*wide)])


def _wide(encoding: str) -> str | None:
    """The codec's name, if its code units have two or four bytes."""
    name = codecs.lookup(encoding).name
    return name if name.startswith(("utf-16", "utf-32")) else None


class _AsUtf8(io.RawIOBase):
    """An open file in another encoding, as the same text in UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._begin()

    def _begin(self) -> None:
        self._file.seek(0)
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._ready, self._place = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seeks backwards by reading again from the beginning."""
        if whence == io.SEEK_CUR:
            offset += self._place
        elif whence != io.SEEK_SET:
            raise io.UnsupportedOperation("seek from the end")
        if offset < self._place:
            self._begin()
        while self._place < offset and self.read(min(_HEAD_BYTES, offset - self._place)):
            pass
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Raises Unusable if it is not in that encoding."""
        while not self._ready:
            with damage_worded():
                data = self._file.read(_HEAD_BYTES)
            try:
                self._ready = self._decoder.decode(data, final=not data).encode("utf-8")
            except UnicodeError:
                raise Unusable("damaged") from None
            if not data:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        self._place += count
        return count


def clean_pieces(file: BinaryIO, encoding: str | None, dropped: list[int] | None = None) -> Iterator[str]:
    """Clean text of an open file, in blocks that do not depend on read boundaries.

    encoding: used if the file is not valid UTF-8 or UTF-16 (None: such a file is unusable). dropped: if given, the invalid
    bytes of a file that is otherwise UTF-8 are skipped, and it is called with their number.
    """
    with damage_worded():
        head = file.read(_HEAD_BYTES)
        if not head:
            raise Unusable("empty")
        marked = marked_encoding(head)
        if marked is None and _is_binary(head):
            refuse_unmarked_unicode(head, encoding)
            if encoding is None or b"\0" not in head:
                raise Unusable("binary")
            marked = encoding  # UTF-16 without a BOM is full of NUL bytes
        yield from _normalised(_decoded(file, head, marked, encoding, dropped))


@dataclass(frozen=True)
class Damage:
    """Invalid bytes of a UTF-8 text. first: position of the first, counted from 0; letters: beyond ASCII."""

    first: int = 0
    bad: int = 0
    letters: int = 0
    size: int = 0

    @property
    def certain(self) -> bool:
        """Whether the text is nevertheless UTF-8: text in other encodings hardly ever has letters that are valid UTF-8."""
        cut = self.letters > 0 and self.first >= self.size - 3
        return cut or self.letters >= _LETTERS_TO_DAMAGE * self.bad

    @property
    def slight(self) -> bool:
        """Whether it may be UTF-8: then so little of it is invalid that this can be skipped."""
        return self.certain or self.bad <= _DAMAGED_SHARE * self.size

    @property
    def has_letters(self) -> bool:
        """Whether there are more valid letters than text in another encoding has by accident."""
        return _DAMAGE_TO_LETTERS * self.letters >= self.bad

    @property
    def counted(self) -> str:
        """How many bytes are invalid, and where the first is."""
        return f"{self.bad}, {self.first}"


def utf8_damage(pieces: Iterable[bytes]) -> Damage:
    """The invalid bytes of a UTF-8 text. Reads all of it."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    first = bad = letters = size = 0
    for data in itertools.chain(pieces, (b"",)):
        waiting = len(decoder.getstate()[0])
        text = decoder.decode(data, final=not data)
        wrong = len(_WRONG.findall(text))
        if wrong and not bad:
            start = next(_WRONG.finditer(text)).start()
            first = size - waiting + len(text[:start].encode("utf-8", "surrogateescape"))
        bad += wrong
        letters += len(text) - len(text.encode("ascii", "ignore")) - wrong
        size += len(data)
    return Damage(first, bad, letters, size)


def marked_encoding(head: bytes) -> str | None:
    """The encoding of a byte order mark; None without one."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def json_lines(file: BinaryIO) -> Iterator[bytes | str]:
    """Lines of a file, decoded by its byte order mark if it has one. Raises Unusable."""
    with damage_worded():
        marked = marked_encoding(file.read(4))
        file.seek(0)
        try:
            yield from file if marked is None else io.TextIOWrapper(file, encoding=marked)
        except UnicodeError:
            raise Unusable("damaged") from None


def clean(text: str) -> str:
    """One whole text with clean line ends and in NFC; lone surrogates become '?'."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode("utf-8")


def _decoded(
    file: BinaryIO, head: bytes, marked: str | None, fallback: str | None, dropped: list[int] | None
) -> Iterator[str]:
    encoding, errors = marked or "utf-8", "strict"
    if marked in _UTF8 and (fallback is not None or dropped is not None):
        damage = _damage_of(file, head)
        tried = fallback is not None and marked is None and not damage.certain
        if damage.bad and dropped is not None and damage.slight:
            if tried and not _is_damaged(damage, file):
                encoding = fallback or encoding
            else:
                errors = "ignore"
                dropped.append(damage.bad)
            file.seek(len(head))
        elif damage.bad and tried:
            encoding = fallback or encoding
    # NUL is valid in every encoding, but no text has it.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    data = head
    try:
        while True:
            piece = decoder.decode(data, final=not data)
            if "\0" in piece:
                raise Unusable("binary")
            yield piece
            if not data:
                return
            data = file.read(PIECE_BYTES)
    except UnicodeError:  # a codec may refuse without a position
        if marked not in _UTF8:
            raise Unusable("damaged") from None
        raise _undecodable(file, head, data, marked is not None) from None


def undecodable_lines(file: BinaryIO, line: bytes) -> Unusable | None:
    """Why the lines of a file are not UTF-8, given one that is not; None if only a few bytes are invalid.

    Restores the position in the file.
    """
    place = file.tell()
    try:
        damage = utf8_damage(_all_of(file))
        if _is_damaged(damage, file):
            return None
        if damage.slight:
            return _in_another_encoding(passages(_all_of(file)))
        file.seek(place)
        return _in_another_encoding(line + file.read(_HEAD_BYTES))
    finally:
        file.seek(place)


def _undecodable(file: BinaryIO, head: bytes, data: bytes, marked: bool) -> Unusable:
    """Why text cannot be read. data: what was decoded last; marked: it has the BOM of UTF-8."""
    damage = utf8_damage(_all_of(file))
    if damage.bad and ((marked and damage.slight) or _is_damaged(damage, file)):
        return Unusable("invalid-utf8", damage.counted)
    if damage.slight:
        return _in_another_encoding(passages(_all_of(file)))
    return _in_another_encoding(data if not data.isascii() else head)


def _is_damaged(damage: Damage, file: BinaryIO) -> bool:
    """Whether a text with invalid bytes is UTF-8. Reads it again, from its beginning, where few bytes beyond ASCII leave this
    open."""
    if damage.certain or not damage.slight:
        return damage.certain
    return damage.has_letters or not reads_in_an_encoding(passages(_all_of(file)))


def _in_another_encoding(data: bytes) -> Unusable:
    likely = candidates(data)
    if not likely:
        return Unusable("encoding-unknown")
    return Unusable("undecodable", f"{likely[0].name} («{likely[0].line}»)", likely)


def _damage_of(file: BinaryIO, head: bytes) -> Damage:
    """For the whole file, of which the head has been read; restores the position."""
    try:
        return utf8_damage(_pieces(file, head))
    finally:
        file.seek(len(head))


def _all_of(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    yield from iter(lambda: file.read(PIECE_BYTES), b"")


def _pieces(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    data = head
    while data:
        yield data
        data = file.read(PIECE_BYTES)


def _normalised(pieces: Iterator[str]) -> Iterator[str]:
    """NFC; a character and its combining marks are never separated."""
    kept = ""
    for piece in pieces:
        text = kept + piece
        cut = _last_boundary(text)
        kept = text[cut:]
        if cut:
            yield _nfc(text[:cut])
    if kept:
        yield _nfc(kept)


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _last_boundary(text: str) -> int:
    """The last position where the text can be cut: before a character that never composes with the one before it.

    ASCII never does; of the letters only the Hangul vowels and finals (U+1160 … U+11FF) do.
    """
    for index in range(len(text) - 1, -1, -1):
        character = text[index]
        if character < "\x80":
            return index
        if unicodedata.category(character)[0] == "L" and not "\u1160" <= character <= "\u11ff":
            return index
    return 0


def _is_binary(head: bytes) -> bool:
    if b"\0" in head:
        return True
    controls = sum(1 for byte in head[:4096] if byte < 32 and byte not in _TEXT_CONTROLS)
    return controls > len(head[:4096]) // 20
