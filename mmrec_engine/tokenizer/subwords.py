"""Subwords, of several characters or single bytes: the base of the learnt tokenizers.

Ids start with the special tokens, followed by the subwords. The bytes of every subword are stored, so that decoding does not
need the library, and a character of several bytes may be spread over several tokens.
"""

from __future__ import annotations

import codecs
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mmrec_engine.tokenizer.vocabulary import Vocabulary

EXTRA = "tokenizers"  # the extra with the libraries
_CHUNK = 2**16  # characters that a library gets at once; it distributes the chunks over its threads


class SubwordTokenizer(Vocabulary):
    """The table of a learnt tokenizer: ids and their bytes, with decoding. special: names of the first ids."""

    def __init__(self, special: tuple[str, ...], pieces: Sequence[bytes]) -> None:
        self.special = special
        self.pieces = [b""] * len(special) + list(pieces)

    @property
    def vocab_size(self) -> int:
        return len(self.pieces)

    def decode(self, ids: Iterable[int]) -> str:
        """Text of `ids`: special ones are omitted, invalid bytes become U+FFFD."""
        return b"".join(self.pieces[int(index)] for index in ids).decode("utf-8", "replace")

    def decode_each(self, ids: Iterable[int]) -> Iterator[str]:
        """The text that each id completes, in total that of `decode`: an incomplete character comes with a later id."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for index in ids:
            yield decoder.decode(self.pieces[int(index)])

    @abstractmethod
    def numbers(self, parts: list[str]) -> Sequence[Sequence[int]]:
        """The library's own numbers for each part; it distributes the parts over its threads."""

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        return self.ids(self.numbers(chunks(text)))

    def encode_each(self, texts: Sequence[str]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        parts = [chunks(text) for text in texts]
        numbers = iter(self.numbers([part for of_one in parts for part in of_one]))
        return [self.ids(islice(numbers, len(of_one))) for of_one in parts]

    def ids(self, numbers: Iterable[Iterable[int]]) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Ids of the library's own numbers, chunk after chunk."""
        parts = [np.fromiter(chunk, dtype=np.int64) for chunk in numbers]
        together = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        return (together + len(self.special)).astype(self.dtype)


class LearntTokenizer(SubwordTokenizer):
    """Subwords that are learnt from the training split.

    kind: the value of the setting. rules: increased whenever the same text would give other ids. most_characters: training
    text that is learnt from; of more an equal share of every document. unknown: None, because every byte has a token.
    """

    kind: ClassVar[str]
    rules: ClassVar[int]
    most_characters: ClassVar[int]
    unknown: int | None = None

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a checkpoint: `kind`, `special` and what `from_dict` needs."""

    @classmethod
    @abstractmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """What `to_dict` described. Raises ValueError, KeyError or TypeError if it is invalid, RequestError without the
        library."""

    @classmethod
    @abstractmethod
    def learnt(cls, texts: Iterable[str], size: int, special: tuple[str, ...]) -> Self:
        """A vocabulary of `size` subwords, or fewer if the text has no more. The same text gives the same one.

        Raises RequestError without the library, and `vocabulary-small`, which names the smallest possible size.
        """


def chunks(text: str) -> list[str]:
    """Parts of a text that end with a line if possible, for several threads."""
    found, start = [], 0
    while start < len(text):
        end = min(len(text), start + _CHUNK)
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        found.append(text[start:end])
        start = end
    return found
