"""Ids: the special ones first, then what the text is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN = "unknown"
END_OF_DOCUMENT = "end_of_document"


class Vocabulary(ABC):
    """special: names of the first ids."""

    special: tuple[str, ...]

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """Number of ids, the special ones included."""

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The smallest integer type that holds every id."""
        return np.uint8 if self.vocab_size <= 2**8 else np.uint16 if self.vocab_size <= 2**16 else np.uint32

    @property
    def end_of_document(self) -> int | None:
        """The id that stands after a document; none where there is only one."""
        return self.special.index(END_OF_DOCUMENT) if END_OF_DOCUMENT in self.special else None

    @abstractmethod
    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Ids of `text`. Shape (tokens,)."""

    def encode_each(self, texts: Sequence[str]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        """The ids of each text, as `encode` gives them."""
        return [self.encode(text) for text in texts]
