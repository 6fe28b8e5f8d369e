"""Mojibake: text that was decoded with the wrong code page (`Ã¶`, `ÄŸ`, `â€™` for ö, ğ, ’), found and repaired.

Line by line, with ftfy, which changes only UTF-8 that was read as something else. Two further cases are handled here: UTF-8
read with a DOS code page, and Turkish read as Western or Central European (ý þ ð in place of ı ş ğ). The latter is repaired
only in text that looks Turkish and has none of ı ş ğ, so that Icelandic is unchanged. Undamaged text is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

_HEAD = 2**18  # characters from which a document is judged to be Turkish or not
_LONGEST_LINE = 2**22  # characters; a longer one is cut between two words

# These alone are never mojibake, and most lines of Turkish text have nothing else beyond ASCII.
_SUSPICIOUS = re.compile("[^\x00-\x7fçğıöşüÇĞİÖŞÜ]")
# Bytes of windows-1254 that are letters in other code pages too: latin-1 and windows-1252, then windows-1250 and -1257.
_TURKISH = str.maketrans("ýþðÝÞÐţđŢĐ", "ışğİŞĞşğŞĞ")
_IN_PLACE_OF_TURKISH = re.compile("[ýþðÝÞÐţđŢĐ]")
_TURKISH_ONLY = re.compile("[ışğ]")
# Frequent words that a wrong code page does not change: one in fifteen of any Turkish text, and of no other language.
_TURKISH_WORDS = {
    "bir", "ve", "bu", "için", "ile", "çok", "daha", "gibi", "kadar", "sonra", "olarak", "ama", "olan",
}  # fmt: skip
_TURKISH_SHARE = 0.02
_TURKISH_KINDS = 3
_DOS_PAGES = ("cp857", "cp850", "cp437")
_DOS_LEAD = re.compile("[├─┼┬ÔΓ]")  # how the first bytes of UTF-8 letters and quotation marks look in them
# Irreparable damage: a replacement character, a control or box-drawing character within letters, two scripts in one word.
_BEYOND_REPAIR = re.compile(
    "\N{REPLACEMENT CHARACTER}"
    "|[^\\W\\d_][\x80-\x9f¡-§©¬±-³¹º»÷‡†\u2500-\u25ff][^\\W\\d_]{2}"
    "|[^\\W\\d_]{2}[\x80-\x9f¡-§©¬±-³¹º»÷‡†\u2500-\u25ff][^\\W\\d_]"
    "|[a-z]Ÿ|[a-z][\u0400-\u04ff]|[\u0400-\u04ff][a-z]"
)
_LOST = re.compile(r"[a-zçöü]\?[a-zçöü]")  # in Turkish text: a letter that the code page did not have


def repair(text: str) -> tuple[str, int]:
    """The repaired text of one document, and how many words of it were damaged."""
    mending = Repair()
    return "".join(mending.pieces((text,))), mending.words


def damaged_words(text: str) -> tuple[int, int]:
    """How many words of one document are damaged, including irreparable ones, and how many it has."""
    repaired, damaged = repair(text)
    if not repaired.isascii():
        damaged += _words_with(_BEYOND_REPAIR, repaired)
    if _LOST.search(repaired) and looks_turkish(repaired):
        damaged += _words_with(_LOST, repaired)
    return damaged, len(text.split())


def looks_turkish(text: str) -> bool:
    """Whether frequent Turkish words that a wrong code page does not change are frequent here."""
    words = text.lower().split()
    found = Counter(word for word in words if word in _TURKISH_WORDS)
    return len(found) >= _TURKISH_KINDS and found.total() >= _TURKISH_SHARE * len(words)


def _words_with(damage: re.Pattern[str], text: str) -> int:
    lines = (line for line in text.split("\n") if damage.search(line))
    return sum(damage.search(word) is not None for line in lines for word in line.split())


@dataclass
class Repair:
    """Repairs documents that come in blocks; the result does not depend on the blocks. words: repaired so far."""

    words: int = 0

    def pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        """One document, cut at line ends instead, so that no word is cut."""
        source = iter(pieces)
        kept = ""
        for piece in source:
            kept += piece
            if len(kept) >= _HEAD:
                break
        turkish = _is_misread_turkish(kept[:_HEAD])
        for piece in chain(("",), source):
            kept += piece
            cut = _last_cut(kept)
            if cut:
                yield self._repaired(kept[:cut], turkish)
                kept = kept[cut:]
        if kept:
            yield self._repaired(kept, turkish)

    def _repaired(self, text: str, turkish: bool) -> str:
        if text.isascii():
            return text
        lines = text.split("\n")  # only at `\n`: other line ends can be part of the damage
        for number, line in enumerate(lines):
            if not line.isascii():
                repaired = _repaired_line(line, turkish)
                if repaired != line:
                    self.words += (Counter(line.split()) - Counter(repaired.split())).total()
                    lines[number] = repaired
        return "\n".join(lines)


def _repaired_line(line: str, turkish: bool) -> str:
    if not _SUSPICIOUS.search(line):
        return line
    repaired = re.sub(r"\S+", _from_dos, line) if _DOS_LEAD.search(line) else line
    if _TURKISH_ONLY.search(repaired):  # beside intact Turkish words only the others are tested
        repaired = re.sub(r"\S+", lambda word: _by_ftfy(word[0]) if _SUSPICIOUS.search(word[0]) else word[0], repaired)
    else:
        repaired = _by_ftfy(repaired)
    if "\0" in repaired:
        return line
    if turkish and not _TURKISH_ONLY.search(repaired):
        repaired = repaired.translate(_TURKISH)
    return repaired if repaired == line else unicodedata.normalize("NFC", repaired)


def _by_ftfy(text: str) -> str:
    from ftfy import fix_encoding

    return fix_encoding(text, replace_lossy_sequences=False)  # lost characters cannot be repaired


def _from_dos(found: re.Match[str]) -> str:
    """A word of UTF-8 that was read with a DOS code page, repaired; any other word unchanged."""
    word = found.group()
    for page in _DOS_PAGES if _DOS_LEAD.search(word) else ():
        try:
            meant = word.encode(page).decode("utf-8")
        except UnicodeError:
            continue
        if all(unicodedata.category(character)[0] in "LP" for character in meant if character > "\x7f"):
            return meant
    return word


def _is_misread_turkish(head: str) -> bool:
    if not _IN_PLACE_OF_TURKISH.search(head) or not looks_turkish(head):
        return False
    repaired = (_repaired_line(line, turkish=False) for line in head.split("\n"))
    return not any(_TURKISH_ONLY.search(line) for line in repaired)


def _last_cut(text: str) -> int:
    """Where a text can be cut: after its last line; in a line without end, after a word."""
    cut = text.rfind("\n") + 1
    if not cut and len(text) > _LONGEST_LINE:
        cut = text.rfind(" ") + 1 or len(text)
    return cut
