"""Tokenizers: text to ids and back. All of them speak the protocol below, and live in a checkpoint as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mmrec_engine.tokenizer.character import CharacterTokenizer

__all__ = ["CharacterTokenizer", "Tokenizer", "tokenizer_from_dict"]


class Tokenizer(Protocol):
    """What the rest of the engine asks of a tokenizer."""

    @property
    def vocab_size(self) -> int: ...

    @property
    def special(self) -> tuple[str, ...]: ...

    @property
    def end_of_document(self) -> int | None: ...

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]: ...

    def decode(self, ids: Iterable[int]) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...


def tokenizer_from_dict(stored: dict[str, Any]) -> CharacterTokenizer:
    """The tokenizer that `to_dict` described. Raises ValueError for a kind that is not known."""
    if stored.get("kind") != CharacterTokenizer.kind:
        raise ValueError(f"unknown tokenizer {stored.get('kind')!r}")
    return CharacterTokenizer.from_dict(stored)
