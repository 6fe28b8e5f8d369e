"""Characters as tokens: the smallest tokenizer, at array speed.

Ids start with the special tokens, followed by the characters by code point. Anything else is the unknown token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.errors import UnusableError
from mmrec_engine.tokenizer.vocabulary import UNKNOWN, Vocabulary, read_special_ids

UNKNOWN_ID = 0
SHOWN_UNKNOWN = "\ufffd"


class CharacterTokenizer(Vocabulary):
    """Maps text to ids and back, character by character."""

    kind = "char"
    unknown: int | None = UNKNOWN_ID

    def __init__(self, characters: Iterable[str], special: tuple[str, ...] = (UNKNOWN,)) -> None:
        """characters: the vocabulary, without repetition; special: names of the first ids, the unknown token first."""
        self.special = special
        self.characters = "".join(sorted(characters))
        self._shown = [SHOWN_UNKNOWN] + [""] * (len(special) - 1) + list(self.characters)
        code_points = [ord(character) for character in self.characters]
        # One entry more than the highest code point: look-ups are clipped to it, and it is unknown.
        self._ids = np.zeros(max(code_points, default=0) + 2, dtype=self.dtype)
        for index, code_point in enumerate(code_points):
            self._ids[code_point] = len(special) + index
        self._latin: bytes | None = None
        if self.dtype == np.uint8:
            self._latin = bytes(int(self._ids[min(code, len(self._ids) - 1)]) for code in range(256))

    @property
    def vocab_size(self) -> int:
        return len(self.special) + len(self.characters)

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Ids of `text`, one a character. Shape (len(text),)."""
        if self._latin is not None and text.isascii():
            return np.frombuffer(text.encode("ascii").translate(self._latin), dtype=np.uint8)
        return self._ids.take(code_points(text), mode="clip")

    def decode(self, ids: Iterable[int]) -> str:
        """Text of `ids`: the unknown token as U+FFFD, other special ones are omitted."""
        return "".join(self._shown[int(index)] for index in ids)

    def decode_each(self, ids: Iterable[int]) -> Iterator[str]:
        """The text of each id."""
        return (self._shown[int(index)] for index in ids)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "special": list(self.special), "characters": self.characters}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> CharacterTokenizer:
        """Raises ValueError or KeyError if the description is invalid: it may come from a file."""
        characters = stored["characters"]
        if not isinstance(characters, str) or not characters or len(set(characters)) < len(characters):
            raise UnusableError("no-characters")
        return cls(characters, read_special_ids(stored["special"], (UNKNOWN,)))


class CharacterCounter:
    """Counts characters block by block, in bounded memory."""

    def __init__(self) -> None:
        self._counts = np.zeros(0x110000, dtype=np.int64)

    def add(self, text: str) -> None:
        counts = np.bincount(code_points(text))
        self._counts[: len(counts)] += counts

    @property
    def empty(self) -> bool:
        return not self._counts.any()

    def most_frequent(self, size: int) -> str:
        """The `size` most frequent characters; ties go to the lower code point."""
        seen = np.flatnonzero(self._counts)
        order = np.argsort(-self._counts[seen], kind="stable")[:size]
        return "".join(chr(code_point) for code_point in seen[order])


def code_points(text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Code points of `text` as an array of the smallest type that Python stores the text in."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
