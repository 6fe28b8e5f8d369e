"""Ids: the special ones first, then those of the text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.errors import UnusableError

UNKNOWN = "unknown"
END_OF_DOCUMENT = "end_of_document"
SPANS = "spans"  # before and after the spans that were cut out of a window
SENTINELS = tuple(f"span:{number}" for number in range(32))  # each in the place of a span
_TAG = "corpus:"


def special_ids(several: bool, denoising: bool = False, corpora: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the special ids, without the unknown one.

    several: documents, for which there is an end token; denoising: sentinels are needed; corpora: names, each with a tag.
    """
    ends, spans = (END_OF_DOCUMENT,) if several else (), (SPANS, *SENTINELS) if denoising else ()
    return (*ends, *spans, *(_TAG + name for name in corpora))


def read_special_ids(stored: object, first: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of special ids that come from a file. first: the expected beginning. Raises ValueError for unknown ones."""
    if not isinstance(stored, list | tuple) or not all(isinstance(name, str) for name in stored):
        raise UnusableError("special-tokens")
    names = tuple(stored)
    corpora = [name.removeprefix(_TAG) for name in names if name.startswith(_TAG)]
    known = (*first, *special_ids(END_OF_DOCUMENT in names, SPANS in names, corpora))
    if names != known or len(set(names)) < len(names):
        raise UnusableError("special-tokens")
    return names


class Vocabulary(ABC):
    """special: names of the first ids."""

    special: tuple[str, ...]

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """Number of ids, including the special ones."""

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The smallest integer type that holds every id."""
        return np.uint8 if self.vocab_size <= 2**8 else np.uint16 if self.vocab_size <= 2**16 else np.uint32

    @property
    def silent(self) -> Sequence[int]:
        """Ids that are no text, and are never sampled except for the end of a document."""
        return range(len(self.special))

    @property
    def end_of_document(self) -> int | None:
        """The id after a document; None if there is only one document."""
        return self.special.index(END_OF_DOCUMENT) if END_OF_DOCUMENT in self.special else None

    @property
    def tags(self) -> dict[str, int]:
        """With several corpora, the name of each and the id of its tag."""
        return {name.removeprefix(_TAG): index for index, name in enumerate(self.special) if name.startswith(_TAG)}

    @abstractmethod
    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Ids of `text`. Shape (tokens,)."""

    def encode_each(self, texts: Sequence[str]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        """The ids of each text, as `encode` gives them."""
        return [self.encode(text) for text in texts]
