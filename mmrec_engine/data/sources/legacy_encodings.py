"""Legacy encodings that bytes may be in, if they are not UTF-8: proposals for a person to judge, the likeliest first.

The library charset-normalizer distinguishes scripts: Cyrillic, Greek, Hebrew, Arabic, Chinese, Japanese, Korean. Between code
pages of Latin letters, which share most of their characters, it often fails; there the letters that languages add to a-z
decide; in a nearly ASCII text only the passages with such letters are looked at. Must not know: files.
"""

from __future__ import annotations

import codecs
import itertools
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mmrec_engine.data.sources.passages import has_words_of_another_script, passages, reads_as_words

MOST_READINGS = 6
_LINE = 80  # characters shown
_ASCII = bytes(range(0x80))
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_SPACES = " \n\r\t\f。、，　"
_MOST_BETWEEN_SPACES = 200  # characters
_LATIN = (  # of encodings with the same decoded text the first is proposed
    "windows-1252", "windows-1254", "windows-1250", "windows-1257", "iso-8859-2", "iso-8859-15", "cp857", "cp850", "cp852",
)  # fmt: skip
_OTHERS = (
    "windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866", "windows-1253", "iso-8859-7", "windows-1255", "iso-8859-8",
    "windows-1256", "iso-8859-6", "gb18030", "big5", "shift_jis", "cp932", "euc-jp", "euc-kr", "cp949",
)  # fmt: skip
_LETTERS = (  # letters that languages with Latin script add to a-z
    "çğıöşüâîû", "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíóúñü", "àáâãçéêíóôõú", "àèéìòù", "åäöéæø", "ąćęłńóśźż", "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșțşţ", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "ëç", "áéíóúŵŷâêîô", "éèëïöüç",
)  # fmt: skip
_PUNCTUATION = "‘’‚“”„–—…«»‹›°·§€£¿¡ºª\N{NO-BREAK SPACE}"
_NATURAL = 0.6  # a less natural text is not in Latin script, or in no such encoding
_MOST_MESS = 0.2  # charset-normalizer's measure
_MOST_ACCENTED = 0.4  # of the letters of a language in Latin letters
_NEARLY_ASCII = 0.01  # share of other bytes


@dataclass(frozen=True)
class Candidate:
    """An encoding that bytes may be in, with a decoded line. same: others in which they are the same text."""

    name: str
    line: str
    same: tuple[str, ...] = ()


def unmarked_unicode(head: bytes) -> tuple[str, str] | None:
    """UTF-16 or UTF-32 without a byte order mark, and a decoded line; None if it is neither.

    With the wrong byte order, blanks and line ends become rare or unassigned characters, so the order with the most of them
    is right; other bytes decode to characters that no text has.
    """
    found = []
    for name in _WIDE:
        try:
            text = codecs.getincrementaldecoder(name)().decode(head)
        except UnicodeError:
            continue
        kinds = Counter(unicodedata.category(one) for one in set(text) if one not in _SPACES)
        spaces = sum(text.count(one) for one in _SPACES)
        if (
            text
            and spaces * _MOST_BETWEEN_SPACES >= len(text)
            and not any(kinds[kind] for kind in ("Cc", "Cn", "Co", "Cs"))
        ):
            found.append((spaces, name, text))
    if not found:
        return None
    _, name, text = max(found)
    return name, _distinctive_line(text)


def likeliest_encoding(head: bytes) -> tuple[str, str] | None:
    """The most natural encoding, and a decoded line with letters beyond ASCII; None if none fits."""
    return next(iter(readings(head)), None)


def readings(head: bytes) -> list[tuple[str, str]]:
    """The possible encodings of bytes that are not UTF-8, the most natural first; empty if none fits.

    Each with the decoded line that has most letters beyond ASCII. Of encodings with the same decoded text only one is listed.
    """
    return [(one.name, one.line) for one in candidates(head)]


def candidates(head: bytes) -> list[Candidate]:
    """The same with the encodings that are not listed."""
    if (wide := unmarked_unicode(head)) is not None:
        return [Candidate(*wide)]
    whole = head[: head.rfind(b"\n") + 1] or head
    if len(head.translate(None, _ASCII)) <= _NEARLY_ASCII * len(head):
        whole = passages((head,)) or whole
    latin = [(naturalness(text), name, text) for name in _LATIN if (text := _decoded(whole, name)) is not None]
    latin.sort(key=lambda one: -one[0])  # stable: the more usual encodings are listed first
    # Without a line end, the text may be cut within a character.
    others = next((found for cut in range(4) if (found := _of_other_scripts(whole[: len(whole) - cut]))), [])
    natural = [(name, text) for score, name, text in latin if score >= _NATURAL]
    rest = [(name, text) for score, name, text in latin if 0 < score < _NATURAL]
    accented = _accented_share(whole)
    found = [*natural, *others, *rest] if natural and accented <= _MOST_ACCENTED else [*others, *natural]
    by_text: dict[str, list[str]] = {}
    for name, text in found:
        by_text.setdefault(text, []).append(name)
    return [Candidate(first, _distinctive_line(text), (*same,)) for text, (first, *same) in by_text.items()][
        :MOST_READINGS
    ]


def reads_in_an_encoding(data: bytes) -> bool:
    """Whether passages with few bytes beyond ASCII read as words in some encoding other than UTF-8."""
    texts = [text for name in _LATIN if (text := _decoded(data, name)) is not None]
    if any(reads_as_words(text, _LETTERS) for text in texts):
        return True
    return has_words_of_another_script(data) and bool(_of_other_scripts(data))


def _of_other_scripts(data: bytes) -> list[tuple[str, str]]:
    from charset_normalizer import from_bytes

    codecs_of = {codecs.lookup(name).name.replace("-", "_"): name for name in reversed(_OTHERS)}
    isolated = [_in_library(name) for name in _OTHERS]
    matches = from_bytes(data, cp_isolation=isolated, threshold=_MOST_MESS, preemptive_behaviour=False)
    found = []
    for match in matches:
        name = next((known for known in _OTHERS if _in_library(known) == match.encoding), None)
        name = name or codecs_of.get(match.encoding)
        text = None if name is None else _decoded(data, name)
        if name is not None and text is not None and (match.chaos <= _MOST_MESS / 2 or match.coherence > 0):
            found.append((name, text))
    return sorted(found, key=lambda one: one[0] in ("windows-1255", "iso-8859-8") and _ends_within(one[1]))


def _ends_within(text: str) -> bool:
    """Whether Hebrew final letters occur within words: then Cyrillic was read as Hebrew."""
    ends = [behind.isalpha() for letter, behind in itertools.pairwise(text) if letter in "ךםןףץ"]
    return sum(ends) > len(ends) / 5


def _in_library(name: str) -> str:
    """The name of a codec in charset-normalizer."""
    from charset_normalizer.utils import iana_name

    return str(iana_name(name))


def _decoded(data: bytes, name: str) -> str | None:
    """The text without an incomplete character at the end; None if the bytes are not valid in this encoding."""
    try:
        text = codecs.getincrementaldecoder(name)().decode(data)
    except UnicodeError:
        return None
    return None if any("\x7f" <= character < "\xa0" for character in text) else text


def _accented_share(data: bytes) -> float:
    high = sum(byte >= 0x80 for byte in data)
    letters = sum(chr(byte).isalpha() for byte in data if byte < 0x80)
    return high / max(1, high + letters)


def naturalness(text: str) -> float:
    """How much the characters beyond ASCII look like prose of one language in Latin script: 1 fully, 0 or less not at all."""
    beyond = [(before, character) for before, character in zip(" " + text, text, strict=False) if character >= "\x80"]
    if not beyond:
        return 0.0
    return max(_as_in(letters, beyond) for letters in _LETTERS) / len(beyond)


def _as_in(letters: str, beyond: Sequence[tuple[str, str]]) -> float:
    score = 0.0
    for before, character in beyond:
        if character.lower() in letters or character == "İ":
            # A capital after a small letter is rare in real text.
            score += -1.0 if before.islower() and character.isupper() else 1.0
        elif character in _PUNCTUATION:
            score += 0.5 if not before.islower() or character in "’–—…”»" else 0.2
        elif character.isalpha():
            score -= 0.3  # a name from another language
        else:
            score -= 1.0
    return score


def _distinctive_line(text: str) -> str:
    """The line whose shown part has most kinds of characters beyond ASCII, the first of equals."""
    shown = [excerpt(line.strip(), _LINE) for line in text.splitlines() if not line.isascii()]
    if not shown:
        return next(iter(text.splitlines()), "").strip()[:_LINE]
    return max(shown, key=lambda line: len({one for one in line if one >= "\x80"}))


def excerpt(line: str, most: int) -> str:
    """At most so many characters of a line, with the first letter beyond ASCII."""
    first = next((place for place, one in enumerate(line) if one >= "\x80"), 0)
    start = max(0, min(first - most // 4, len(line) - most))
    return line[start : start + most].strip()
