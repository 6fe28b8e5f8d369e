"""Words of generated text, for metrics that compare them: of any script, lower-cased by the rules of the language.

A combining mark belongs to the letter before it: vowel signs of Hindi, Tamil and Thai, Arabic vocalisation, a decomposed
accent. Chinese and Japanese have no blanks between words, so there each character is a word, as in sacrebleu (Post 2018). Thai
and similar scripts have none either; there the text between two blanks is one word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_JOINERS = "\u200c\u200d"
_HAN, _KANA = ("CJK ",), ("HIRAGANA ", "KATAKANA ", "KATAKANA-HIRAGANA ", "HALFWIDTH KATAKANA ")
_WITHOUT_BLANKS = ("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TIBETAN ", "JAVANESE ")
_TURKISH = frozenset("ığĞİ")  # letters that only Turkish and Azerbaijani have
_TURKISH_SHARE = 0.005  # share of the letters from which a text counts as one of these languages
_SOME_UNSEGMENTED = 0.02  # of the letters
_MOSTLY, _SOME_KANA = 0.3, 0.05  # shares of the letters that decide how BLEU tokenizes a text


class Words:
    """As rouge-score needs it: lower-cased words. Its own tokenizer keeps only a to z.

    turkish: whether I is lower-cased to ı; None: detected for each text.
    """

    def __init__(self, turkish: bool | None = None) -> None:
        self._turkish = turkish

    def tokenize(self, text: str) -> list[str]:
        turkish = is_turkish([text]) if self._turkish is None else self._turkish
        lowered = text.replace("I", "ı").replace("İ", "i").lower() if turkish else text.replace("İ", "i").casefold()
        words: list[str] = []
        open_word = alone = False  # whether the last word may continue; whether it is a single character
        for character in lowered:
            if unicodedata.category(character)[0] == "M" or character in _JOINERS:
                if open_word:
                    words[-1] += character
            elif not (character.isalnum() or character == "_"):
                open_word = False
            else:
                single = _is_of(character, _HAN + _KANA)
                if open_word and not single and not alone:
                    words[-1] += character
                else:
                    words.append(character)
                open_word, alone = True, single
        return words


def is_turkish(texts: Iterable[str]) -> bool:
    """Whether these are in Turkish or Azerbaijani, where I is the capital of ı."""
    letters = [character for text in texts for character in text if character.isalpha()]
    return sum(character in _TURKISH for character in letters) > _TURKISH_SHARE * len(letters)


def unsegmented(texts: Iterable[str]) -> list[str]:
    """The scripts in these texts without blanks between words, which are not segmented here: "thai" and the like."""
    letters = [character for text in texts for character in text if character.isalpha()]
    counts = {name: sum(_is_of(character, (name,)) for character in letters) for name in _WITHOUT_BLANKS}
    return [name.strip().lower() for name, count in counts.items() if count > _SOME_UNSEGMENTED * len(letters)]


def bleu_tokenization(texts: Iterable[str]) -> str:
    """The sacrebleu tokenizer for such texts: `zh` (Chinese), `char` (Japanese, and scripts without blanks) or `13a`."""
    letters = [character for text in texts for character in text if character.isalpha()]
    han, kana, others = (
        sum(_is_of(character, names) for character in letters) / max(1, len(letters))
        for names in (_HAN, _KANA, _WITHOUT_BLANKS)
    )
    if han + kana > _MOSTLY:
        return "char" if kana > _SOME_KANA else "zh"
    return "char" if others > _MOSTLY else "13a"


def _is_of(character: str, names: tuple[str, ...]) -> bool:
    return character > "\u0e00" and unicodedata.name(character, "").startswith(names)
