"""Characters in another case, or without their diacritics, as tables from id to id.

Turkish has two letters where others have one: `i` belongs to `İ`, and `ı` to `I`. The text itself decides which rules apply.
A character whose counterpart is not a single character, or has no id, is unchanged.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmrec_engine.tokenizer import CharacterTokenizer

_TURKISH_LOWER = {"I": "ı", "İ": "i"}
_TURKISH_UPPER = {"ı": "I", "i": "İ"}
_ONLY_TURKISH = "ğĞıİ"  # and in nearly no other language
_APOSTROPHES = "'’"  # a letter after one does not begin a word
_WITHOUT_DOT = {"ı": "i"}  # the one letter that differs from a plain one by a missing mark

Table = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cases:
    """Shape (vocabulary,) each. Under the rules of one language."""

    lower: Table
    upper: Table


@dataclass(frozen=True)
class CaseTables:
    """usual, turkish: by the rules of most languages, and by those of Turkish. plain: without the diacritics of Latin letters.

    letter: whether an id is a letter; within: whether a word continues after it; only_turkish: whether it shows that the text
    around it is Turkish. Shapes (vocabulary,).
    """

    usual: Cases
    turkish: Cases
    plain: Table
    letter: npt.NDArray[np.bool_]
    within: npt.NDArray[np.bool_]
    only_turkish: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, tokenizer: CharacterTokenizer) -> CaseTables:
        first = len(tokenizer.special)
        ids = {character: first + place for place, character in enumerate(tokenizer.characters)}

        def table(counterparts: dict[str, str]) -> Table:
            same = np.arange(tokenizer.vocab_size, dtype=np.int64)
            for character, counterpart in counterparts.items():
                same[ids[character]] = ids.get(counterpart, ids[character])
            return same

        def those(characters: set[str]) -> npt.NDArray[np.bool_]:
            chosen = np.zeros(tokenizer.vocab_size, dtype=np.bool_)
            chosen[[ids[character] for character in characters]] = True
            return chosen

        lower = {character: character.lower() for character in ids}
        upper = {character: character.upper() for character in ids}
        return cls(
            Cases(table(lower), table(upper)),
            Cases(
                table({c: _TURKISH_LOWER.get(c, lower[c]) for c in ids}),
                table({c: _TURKISH_UPPER.get(c, upper[c]) for c in ids}),
            ),
            table({character: without_marks(character) for character in ids}),
            those({character for character in ids if character.isalpha()}),
            those({character for character in ids if character.isalpha() or character in _APOSTROPHES}),
            those(ids.keys() & set(_ONLY_TURKISH)),
        )


def without_marks(character: str) -> str:
    """A character without its marks: ç to c, İ to I, ı to i; without marks it is unchanged."""
    if character in _WITHOUT_DOT:
        return _WITHOUT_DOT[character]
    parts = unicodedata.normalize("NFD", character)
    latin = unicodedata.name(parts[0], "").startswith("LATIN")  # in other scripts the mark makes it another letter
    marked = len(parts) > 1 and latin and all(unicodedata.combining(part) for part in parts[1:])
    return parts[0] if marked else character
