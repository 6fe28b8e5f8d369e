"""Tokenizers: text to ids and back. All implement the protocol below, and are stored in a checkpoint as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mmrec_engine.errors import UnusableError
from mmrec_engine.tokenizer.bpe import BytePairTokenizer
from mmrec_engine.tokenizer.character import CharacterTokenizer
from mmrec_engine.tokenizer.pretrained import PretrainedTokenizer
from mmrec_engine.tokenizer.subwords import LearntTokenizer
from mmrec_engine.tokenizer.unigram import UnigramTokenizer

__all__ = [
    "LEARNT",
    "CharacterTokenizer",
    "LearntTokenizer",
    "PretrainedTokenizer",
    "Tokenizer",
    "tokenizer_from_dict",
    "unknown_characters",
]

LEARNT: dict[str, type[LearntTokenizer]] = {kind.kind: kind for kind in (BytePairTokenizer, UnigramTokenizer)}


class Tokenizer(Protocol):
    """The interface of a tokenizer. unknown: the id of text without an id; None if all text has one."""

    @property
    def kind(self) -> str: ...

    @property
    def vocab_size(self) -> int: ...

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]: ...

    @property
    def special(self) -> tuple[str, ...]: ...

    @property
    def silent(self) -> Sequence[int]: ...

    @property
    def unknown(self) -> int | None: ...

    @property
    def end_of_document(self) -> int | None: ...

    @property
    def tags(self) -> dict[str, int]: ...

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]: ...

    def encode_each(self, texts: Sequence[str]) -> list[npt.NDArray[np.unsignedinteger[Any]]]: ...

    def decode(self, ids: Iterable[int]) -> str: ...

    def decode_each(self, ids: Iterable[int]) -> Iterator[str]: ...

    def to_dict(self) -> dict[str, Any]: ...


def tokenizer_from_dict(stored: dict[str, Any]) -> Tokenizer:
    """The tokenizer that `to_dict` described.

    Raises ValueError for an unknown kind, KeyError or TypeError for an invalid description, RequestError (a
    ValueError too) without the library that it needs.
    """
    kind = stored.get("kind")
    if kind == CharacterTokenizer.kind:
        return CharacterTokenizer.from_dict(stored)
    if kind in LEARNT:
        return LEARNT[kind].from_dict(stored)
    if kind == PretrainedTokenizer.kind:
        return PretrainedTokenizer.from_dict(stored)
    raise UnusableError("tokenizer-unknown", kind=kind)


def unknown_characters(tokenizer: Tokenizer, text: str) -> list[str]:
    """The characters of the text for which the tokenizer has no id, each once."""
    if tokenizer.unknown is None:
        return []
    return sorted({character for character in text if tokenizer.encode(character)[0] == tokenizer.unknown})
