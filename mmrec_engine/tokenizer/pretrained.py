"""The tokenizer of a pretrained model: its `tokenizer.json`, applied by the library `tokenizers` as it is.

Ids are those of the model, so special tokens may be anywhere. A text that spells one is treated as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.errors import UnusableError
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer.bpe import byte_letters
from mmrec_engine.tokenizer.character import SHOWN_UNKNOWN
from mmrec_engine.tokenizer.subwords import EXTRA, SubwordTokenizer

_SPACE = "▁"  # how models with `Metaspace` write one
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_AT_ONCE = 2**16  # characters that the library gets at once, at least
_AFTER_A_WORD = re.compile(
    r"(?<=[^\W\d_])\n"
)  # no token of a byte-level model with a pattern of words spans this place
_DECODERS = frozenset({"ByteLevel", "Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"})


class PretrainedTokenizer(SubwordTokenizer):
    """Maps text to ids and back with the model's own vocabulary."""

    kind = "pretrained"

    def __init__(self, model: str, size: int, end: int | None) -> None:
        """model: the content of tokenizer.json. size: number of ids of the model, some of which may have no token. end: id of
        the end of a document.

        Raises RequestError without the library, ValueError if the description is invalid or of a kind that is not known.
        """
        parts = library("tokenizers", EXTRA)
        try:
            self._library = parts.Tokenizer.from_str(model)
        except Exception as error:  # the library raises nothing more specific
            raise UnusableError("no-tokenizer", error=error) from None
        self._library.no_truncation()
        self._library.no_padding()
        self._library.encode_special_tokens = True
        self.model = model
        described: dict[str, Any] = json.loads(model)
        kinds = _kinds(described.get("decoder"))
        if not kinds <= _DECODERS or (described.get("model") or {}).get("type") not in ("BPE", "Unigram"):
            raise UnusableError("tokenizer-kind", kind=", ".join(sorted({_kind_of_model(described), *kinds})))
        if self._library.get_vocab_size() > size:
            raise UnusableError("tokenizer-larger", tokens=self._library.get_vocab_size(), size=size)
        if end is not None and not 0 <= end < size:
            raise UnusableError("special-tokens")
        self._end = end
        self._words = _cuts_words(described)
        self._adds_space = "Strip" in kinds or "Metaspace" in kinds
        added = {one["id"]: one for one in described.get("added_tokens") or ()}
        names = [self._library.id_to_token(index) for index in range(size)]
        self.unknown = _unknown(described, names)
        pieces = _pieces(names, added, "ByteLevel" in kinds, described["model"])
        if self.unknown is not None:
            pieces[self.unknown] = SHOWN_UNKNOWN.encode()
        super().__init__((), pieces)
        silent = {index for index, one in added.items() if one.get("special")}
        silent |= {index for index, name in enumerate(names) if name is None}
        self._silent = tuple(sorted(silent if self.unknown is None else silent | {self.unknown}))

    @property
    def silent(self) -> Sequence[int]:
        return self._silent

    @property
    def end_of_document(self) -> int | None:
        return self._end

    @property
    def names(self) -> list[str | None]:
        """The name of each id in the library's vocabulary; None for an id without a token."""
        return [self._library.id_to_token(index) for index in range(self.vocab_size)]

    def numbers(self, parts: list[str]) -> Sequence[Sequence[int]]:
        return [found.ids for found in self._library.encode_batch_fast(parts, add_special_tokens=False)]

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
        return self.ids(self.numbers(self._chunks(text)))

    def encode_each(self, texts: Sequence[str]) -> list[npt.NDArray[np.unsignedinteger[Any]]]:
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """As that of any subwords, without the space that some models put before a text."""
        text = super().decode(ids)
        return text.removeprefix(" ") if self._adds_space else text

    def _chunks(self, text: str) -> list[str]:
        """Parts of a text for several threads, cut only where the ids stay the same."""
        found, start = [], 0
        while self._words and (cut := _AFTER_A_WORD.search(text, start + _AT_ONCE)):
            found.append(text[start : cut.start()])
            start = cut.start()
        return [*found, text[start:]] if start < len(text) else found

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "model": self.model, "size": self.vocab_size, "end": self._end}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> PretrainedTokenizer:
        """Raises as the constructor, or KeyError or TypeError."""
        size, end = stored["size"], stored["end"]
        if not isinstance(size, int) or not isinstance(end, int | None):
            raise UnusableError("special-tokens")
        return cls(stored["model"], size, end)


def _kind_of_model(described: dict[str, Any]) -> str:
    return str((described.get("model") or {}).get("type"))


def _kinds(part: Any) -> set[str]:
    """The types in a part of tokenizer.json, which may be a sequence of parts."""
    if not isinstance(part, dict):
        return set()
    inner = [*part.get("decoders", ()), *part.get("pretokenizers", ()), *part.get("normalizers", ())]
    return {kind for one in inner for kind in _kinds(one)} if inner else {str(part.get("type"))}


def _cuts_words(described: dict[str, Any]) -> bool:
    """Whether no token spans the end of a word and a line end: a pattern separates words, and the text is not changed first."""
    before = json.dumps(described.get("pre_tokenizer"))
    separated = '"use_regex": true' in before or '"Split"' in before
    return separated and described.get("normalizer") is None and '"ByteLevel"' in before


def _unknown(described: dict[str, Any], names: list[str | None]) -> int | None:
    """The id of text without a token; None where every byte has one."""
    model = described["model"]
    name = model.get("unk_token")
    index = names.index(name) if name in names else model.get("unk_id")
    if model.get("byte_fallback") or "ByteLevel" in _kinds(described.get("pre_tokenizer")):
        return None
    return index if isinstance(index, int) else None


def _pieces(names: list[str | None], added: dict[int, Any], bytes_alone: bool, model: dict[str, Any]) -> list[bytes]:
    """The bytes of each id; none for special tokens."""
    letters = byte_letters() if bytes_alone else {}

    def of(index: int, name: str | None) -> bytes:
        if name is None or (index in added and added[index].get("special")):
            return b""
        if index in added:
            return str(added[index]["content"]).encode()
        if bytes_alone:
            try:
                return bytes(letters[letter] for letter in name)
            except KeyError:
                return name.encode()
        byte = _BYTE.fullmatch(name) if model.get("byte_fallback") else None
        return bytes([int(byte[1], 16)]) if byte else name.replace(_SPACE, " ").encode()

    return [of(index, name) for index, name in enumerate(names)]
