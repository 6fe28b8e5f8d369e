"""Which legacy encoding bytes may be in, where they are not UTF-8: proposals for a person to judge, the likeliest first.

The library charset-normalizer tells scripts apart: Cyrillic, Greek, Hebrew, Arabic, Chinese, Japanese, Korean. Between code
pages of Latin letters, which share most of their characters, it often errs; there the letters that languages add to a-z
decide. Must not know: files.
"""

from __future__ import annotations

import codecs
import itertools
import unicodedata
from collections import Counter
from collections.abc import Sequence

MOST_READINGS = 6
_LINE = 80  # characters shown
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_SPACES = " \n\r\t\f。、，　"
_MOST_BETWEEN_SPACES = 200  # characters
_LATIN = (  # of those that read alike the first is told
    "windows-1252", "windows-1254", "windows-1250", "windows-1257", "iso-8859-2", "iso-8859-15", "cp857", "cp850", "cp852",
)  # fmt: skip
_OTHERS = (
    "windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866", "windows-1253", "iso-8859-7", "windows-1255", "iso-8859-8",
    "windows-1256", "iso-8859-6", "gb18030", "big5", "shift_jis", "cp932", "euc-jp", "euc-kr", "cp949",
)  # fmt: skip
_LETTERS = (  # what languages written in Latin letters add to a-z
    "çğıöşüâîû", "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíóúñü", "àáâãçéêíóôõú", "àèéìòù", "åäöéæø", "ąćęłńóśźż", "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîșțşţ", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "ëç", "áéíóúŵŷâêîô", "éèëïöüç",
)  # fmt: skip
_PUNCTUATION = "‘’‚“”„–—…«»‹›°·§€£¿¡ºª\N{NO-BREAK SPACE}"
_NATURAL = 0.6  # a text that reads less naturally is not in Latin letters, or in no such encoding
_MOST_MESS = 0.2  # charset-normalizer's measure
_MOST_ACCENTED = 0.4  # of the letters of a language in Latin letters


def unmarked_unicode(head: bytes) -> tuple[str, str] | None:
    """UTF-16 or UTF-32 without a byte order mark, and a decoded line; None where it is neither.

    Read in the wrong order of bytes, blanks and line ends are rare or unassigned characters, so what has the most of them is
    meant; other bytes come to characters that no text has.
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
    return name, _telling_line(text)


def likeliest_encoding(head: bytes) -> tuple[str, str] | None:
    """The encoding that reads most naturally, and the first decoded line with a letter beyond ASCII; None where none fits."""
    return next(iter(readings(head)), None)


def readings(head: bytes) -> list[tuple[str, str]]:
    """The encodings that bytes which are not UTF-8 may be in, the most natural reading first; empty where none fits.

    Each with its first decoded line beyond ASCII. Encodings that read alike are told once.
    """
    if (wide := unmarked_unicode(head)) is not None:
        return [wide]
    whole = head[: head.rfind(b"\n") + 1] or head
    latin = [(naturalness(text), name, text) for name in _LATIN if (text := _decoded(whole, name)) is not None]
    latin.sort(key=lambda one: -one[0])  # stable: those named first are the more usual
    # Without a line end to cut at, a character may be torn.
    others = next((found for cut in range(4) if (found := _of_other_scripts(whole[: len(whole) - cut]))), [])
    natural = [(name, text) for score, name, text in latin if score >= _NATURAL]
    rest = [(name, text) for score, name, text in latin if 0 < score < _NATURAL]
    accented = _accented_share(whole)
    found = [*natural, *others, *rest] if natural and accented <= _MOST_ACCENTED else [*others, *natural]
    told: dict[str, str] = {}
    for name, text in found:
        if text not in told.values():
            told[name] = text
    return [(name, _telling_line(text)) for name, text in told.items()][:MOST_READINGS]


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
    """Whether Hebrew letters that only end words stand within them: Cyrillic was read as Hebrew."""
    ends = [behind.isalpha() for letter, behind in itertools.pairwise(text) if letter in "ךםןףץ"]
    return sum(ends) > len(ends) / 5


def _in_library(name: str) -> str:
    """The name by which charset-normalizer knows a codec."""
    from charset_normalizer.utils import iana_name

    return str(iana_name(name))


def _decoded(data: bytes, name: str) -> str | None:
    """The text, a character that breaks off at the end left out; None where bytes are none in this encoding."""
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
    """How far what is not ASCII looks like prose of one language in Latin letters: 1 wholly, 0 or less not at all."""
    beyond = [(before, character) for before, character in zip(" " + text, text, strict=False) if character >= "\x80"]
    if not beyond:
        return 0.0
    return max(_as_in(letters, beyond) for letters in _LETTERS) / len(beyond)


def _as_in(letters: str, beyond: Sequence[tuple[str, str]]) -> float:
    score = 0.0
    for before, character in beyond:
        if character.lower() in letters or character == "İ":
            # A capital behind a small letter is seldom meant.
            score += -1.0 if before.islower() and character.isupper() else 1.0
        elif character in _PUNCTUATION:
            score += 0.5 if not before.islower() or character in "’–—…”»" else 0.2
        elif character.isalpha():
            score -= 0.3  # a name from elsewhere
        else:
            score -= 1.0
    return score


def _telling_line(text: str) -> str:
    lines = text.splitlines()
    return next((line for line in lines if not line.isascii()), lines[0] if lines else "").strip()[:_LINE]
