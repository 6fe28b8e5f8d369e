"""The passages of a nearly ASCII text around its other bytes, and whether those bytes are letters of words in some encoding.

A text in a legacy encoding may have so few accented letters that they look like damage of a UTF-8 text. Must not know: files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MOST_BYTES = 2**16
_CARRIED = 2**12  # bytes of a line that may continue in the next block
# A passage is a byte beyond ASCII with up to 100 bytes to either side; it ends at the end of a word, not within a character.
_BEFORE = 100
_ASCII_BEFORE = re.compile(rb"[^\x80-\xff\r\n]*\Z")
_FROM_HERE = re.compile(rb"[\x80-\xff][^\r\n]{0,100}(?![^ \r\n])")
_HIGH = re.compile(rb"[\x80-\xff]+")
_RUN = 3  # bytes: a word in another script has as many in a row, an accented letter is alone
_WELL_PLACED = 0.8
_QUOTES_BEFORE, _QUOTES_BEHIND, _SIGNS = "‘“„«‚‹¿¡", "’”»›…", "–—°§£€©®\N{NO-BREAK SPACE}"


def passages(pieces: Iterable[bytes]) -> bytes:
    """Lines with bytes beyond ASCII, of long ones the part around such bytes; at most 64 KB."""
    found: list[bytes] = []
    size, kept = 0, b""
    for piece in pieces:
        data = kept + piece
        cut = max(data.rfind(b"\n") + 1, len(data) - _CARRIED)
        kept = data[cut:]
        size = _gather(data[:cut], found, size)
        if size >= MOST_BYTES:
            break
    else:
        _gather(kept, found, size)
    return b"".join(found)


def _gather(data: bytes, found: list[bytes], size: int) -> int:
    if data.isascii():
        return size
    end = 0
    for high in _HIGH.finditer(data):
        from_here = _FROM_HERE.match(data, high.start()) if high.start() >= end else None
        if from_here is None:
            continue
        before = _ASCII_BEFORE.search(data[max(end, high.start() - _BEFORE) : high.start()])
        end = from_here.end()
        found.append(((before[0] if before else b"") + from_here[0]).strip() + b"\n")
        size += len(found[-1])
        if size >= MOST_BYTES:
            break
    return size


def has_words_of_another_script(data: bytes) -> bool:
    """Whether the bytes beyond ASCII come several in a row, as in Cyrillic or Chinese words."""
    runs = _HIGH.findall(data)
    return sum(map(len, runs)) >= _RUN * len(runs) > 0


def reads_as_words(text: str, languages: Sequence[str]) -> bool:
    """Whether the characters beyond ASCII are letters of one language within words, or punctuation in its usual places.

    languages: the letters that each adds to a-z.
    """
    around = [
        (before, character, behind)
        for before, character, behind in zip(" " + text, text, text[1:] + " ", strict=False)
        if character >= "\x80"
    ]
    if not around:
        return False
    marks = sum(_is_mark(*one) for one in around)
    return max(marks + sum(_is_letter(*one, letters) for one in around) for letters in languages) >= _WELL_PLACED * len(
        around
    )


def _is_letter(before: str, character: str, behind: str, letters: str) -> bool:
    if character.lower() not in letters and character != "İ":
        return False
    if character.isupper() and before.islower():
        return False
    alone = not before.isalpha() and not behind.isalpha()
    return not alone or (before.isspace() and behind.isspace())  # à, or a letter within a word


def _is_mark(before: str, character: str, behind: str) -> bool:
    if character in _QUOTES_BEFORE:
        return not before.isalnum() and not behind.isspace()
    if character in _QUOTES_BEHIND:
        return not before.isspace()
    return character in _SIGNS and not (before.isalpha() and behind.isalpha() and character not in "–—")
