"""Bytes to clean text: encodings, line ends, Unicode form. Streams, so that a file of any size needs little memory.

Clean text has `\\n` as its only line end and is in Unicode NFC. What cannot be read as text raises `Unusable` with the reason.
"""

from __future__ import annotations

import codecs
import gzip
import io
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

PIECE_BYTES = 4 * 2**20
_HEAD_BYTES = 2**16
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY_ENCODINGS = ("windows-1252", "windows-1254", "cp857")  # of equals the first is told
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\v\b\x1b")


class Unusable(Exception):
    """A file that is not text: reason is empty, binary, undecodable, damaged or unreadable.

    hint: the likeliest encoding, or the system's words.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where it is gzip."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def clean_pieces(file: BinaryIO, encoding: str | None) -> Iterator[str]:
    """Clean text of an open file, piece by piece; the pieces do not depend on where reads end.

    encoding: used where the file is not valid UTF-8 or UTF-16 (None: such a file is unusable).
    """
    try:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise Unusable("empty")
        marked = marked_encoding(head)
        if marked is None and _is_binary(head):
            if encoding is None or b"\0" not in head:
                raise Unusable("binary")
            marked = encoding  # UTF-16 without its mark is full of NUL bytes
        yield from _normalised(_decoded(file, head, marked, encoding))
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise Unusable("damaged") from None


def marked_encoding(head: bytes) -> str | None:
    """The encoding that a byte order mark tells; None without one."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def likeliest_encoding(head: bytes) -> tuple[str, str]:
    """The legacy encoding that reads most naturally, and the first decoded line with a letter beyond ASCII."""
    return readings(head)[0]


def readings(head: bytes) -> list[tuple[str, str]]:
    """The legacy encodings that bytes which are not UTF-8 may be in, the most natural reading first; at least one.

    Each with its first decoded line beyond ASCII, for a person to judge. Encodings that read alike are told once, and those
    after the first that cannot read every byte not at all.
    """
    texts: dict[str, str] = {}
    for name in _LEGACY_ENCODINGS:
        text = head.decode(name, "replace")
        if text not in texts.values():
            texts[name] = text
    best, *others = sorted(texts, key=lambda name: -_naturalness(texts[name]))
    told = [best, *(name for name in others if "\N{REPLACEMENT CHARACTER}" not in texts[name])]
    return [(name, _telling_line(texts[name])) for name in told]


def _telling_line(text: str) -> str:
    lines = text.splitlines()
    return next((line for line in lines if not line.isascii()), lines[0] if lines else "").strip()[:80]


def clean(text: str) -> str:
    """One whole text with clean line ends and in NFC; lone surrogates become '?'."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode("utf-8")


def _decoded(file: BinaryIO, head: bytes, marked: str | None, fallback: str | None) -> Iterator[str]:
    encoding = marked or "utf-8"
    if marked is None and fallback is not None and not _is_valid_utf8(file, head):
        encoding = fallback
    # NUL is valid in every encoding, but no text has it.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
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
    except UnicodeError:  # a codec may refuse without telling where
        if marked is not None:
            raise Unusable("damaged") from None
        sample = data if not data.isascii() else head
        raise Unusable("undecodable", "{} («{}»)".format(*likeliest_encoding(sample))) from None


def _is_valid_utf8(file: BinaryIO, head: bytes) -> bool:
    """Whether the whole file is UTF-8; leaves the file where it was."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    data = head
    try:
        while data:
            decoder.decode(data)
            data = file.read(PIECE_BYTES)
        decoder.decode(b"", final=True)
        return True
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(len(head))


def _normalised(pieces: Iterator[str]) -> Iterator[str]:
    """NFC, where a character and the marks that follow it are never parted."""
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
    """The last place where the text can be cut: before a character that never composes with the one before it.

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


def _naturalness(text: str) -> float:
    """How much of what is not ASCII looks like European prose: letters in the right case, few symbols or rarities."""
    score = 0.0
    for before, character in zip(" " + text, text, strict=False):
        if character < "\x80":
            continue
        if character in "çğıöşüÇĞİÖŞÜâîéèàäñßê":
            score += 1.0 if before.isalpha() or character.islower() or not before.strip() else -1.0
        elif character in "ÄËÏÜÖÉÈÀÂÊÎÔÛôûëïòùìáíóúåæøÅÆØ":
            score += 0.2 if not (before.islower() and character.isupper()) else -1.0
        elif character in "‘’“”–—…«»°":
            score += 0.5
        else:
            score -= 1.0
    return score
