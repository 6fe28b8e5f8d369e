"""Byte-level byte pair encoding by the library `tokenizers`: the most frequent neighbours are merged into one token,
repeatedly.

Starts from the 256 bytes, so any text round-trips. Sources: Sennrich et al., "Neural machine translation of rare
words with subword units", 2016; for bytes, and the pattern that separates words, Radford et al., "Language models are
unsupervised multitask learners", 2019.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from mmrec_engine.errors import RequestError, UnusableError
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer.subwords import EXTRA, LearntTokenizer, chunks
from mmrec_engine.tokenizer.vocabulary import read_special_ids

_BYTES = 256
# The pattern of Radford et al. 2019, but a mark belongs to its letter: vowel signs of Hindi, Tamil, Thai and the like,
# and Arabic vocalisation; so do the joiners U+200C and U+200D. It is stored with the tokenizer, so older ones keep theirs.
_WORDS = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}][\p{L}\p{M}\x{200C}\x{200D}]*"
    r"| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
)


class BytePairTokenizer(LearntTokenizer):
    """Maps text to ids and back, piece by piece."""

    kind = "bpe"
    most_characters = 2**29  # of more text the subwords are the same
    rules = 2

    def __init__(self, model: str, special: tuple[str, ...]) -> None:
        """model: the library's own description. Raises RequestError without the library, ValueError if it is invalid."""
        parts = library("tokenizers", EXTRA)
        try:
            self._library = parts.Tokenizer.from_str(model)
        except Exception as error:  # the library raises nothing more specific
            raise UnusableError("no-bpe", error=error) from None
        self.model = model
        letters = byte_letters()
        names = [self._library.id_to_token(index) for index in range(self._library.get_vocab_size())]
        super().__init__(special, [bytes(letters[letter] for letter in name) for name in names])

    def numbers(self, parts: list[str]) -> list[list[int]]:
        return [found.ids for found in self._library.encode_batch_fast(parts)]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "special": list(self.special), "model": self.model}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        return cls(stored["model"], read_special_ids(stored["special"]))

    @classmethod
    def learnt(cls, texts: Iterable[str], size: int, special: tuple[str, ...]) -> Self:
        if size < _BYTES:
            raise RequestError("vocabulary-small", tokenizer=cls.kind, value=size, nearest=_BYTES)
        parts = library("tokenizers", EXTRA)
        model = parts.Tokenizer(parts.models.BPE())
        words = parts.pre_tokenizers.Split(parts.Regex(_WORDS), behavior="isolated")
        letters = parts.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        model.pre_tokenizer = parts.pre_tokenizers.Sequence([words, letters])
        trainer = parts.trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=parts.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        model.train_from_iterator((chunk for text in texts for chunk in chunks(text)), trainer)
        return cls(model.to_str(), special)


def byte_letters() -> dict[str, int]:
    """The printable letter for each byte in a byte-level vocabulary. Source: Radford et al. 2019, their encoder."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(_BYTES) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(_BYTES + n): byte for n, byte in enumerate(others)}
