"""Small and capital letters as each language has them: the capital of i is I in English, İ in Turkish (format.json)."""

from __future__ import annotations

import unicodedata
from functools import cache

from mmrec_engine.locales.catalogue import Language, words

_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))  # combining marks that Unicode takes apart from Latin letters


def capitalised(text: str, language: Language) -> str:
    """With a capital as its first letter."""
    return _capitals(language).get(text[:1], text[:1].upper()) + text[1:]


def uncapitalised(text: str, language: Language) -> str:
    """With a small first letter."""
    small = {capital: letter for letter, capital in _capitals(language).items()}
    return small.get(text[:1], text[:1].lower()) + text[1:]


def folded(text: str) -> str:
    """For a search that ignores case and accents in every language: i, ı, I and İ are equal, and so are o and ö."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", text.replace("İ", "i").replace("ı", "i").casefold())
    return unicodedata.normalize("NFC", "".join(one for one in apart if one not in _ACCENTS))


@cache
def _capitals(language: Language) -> dict[str, str]:
    """The capitals that differ from Unicode's default ones, by their small letters."""
    return {pair[0]: pair[1] for pair in words("format", language).get("capitals", "").split()}
