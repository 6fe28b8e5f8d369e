"""Subwords by the library `sentencepiece`, unigram model: of many candidates it keeps those that make the text likeliest.

Text without a subword is encoded as bytes, so any text round-trips. Source: Kudo, "Subword regularization", 2018.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Self

from mmrec_engine.errors import RequestError, UnusableError
from mmrec_engine.system.optional_dependencies import library
from mmrec_engine.tokenizer.subwords import EXTRA, LearntTokenizer
from mmrec_engine.tokenizer.vocabulary import read_special_ids

_SPACE = "▁"  # how the library writes one
_RESERVED = re.compile(
    "([▁▅])"
)  # the library uses them for a space and for the end of a piece; they are encoded as bytes
_LONGEST_LINE = 4000  # characters; a longer document is divided for learning
_THREADS = 16  # fixed: the sums of another number of threads would round differently


class UnigramTokenizer(LearntTokenizer):
    """Maps text to ids and back, piece by piece."""

    kind = "sentencepiece"
    most_characters = 2**26  # the library takes some twenty bytes for each
    rules = 2

    def __init__(self, model: bytes, special: tuple[str, ...], exact: bool = True) -> None:
        """model: the library's own description. exact: reserved letters are not given to the library; older versions did.

        Raises RequestError without the library, ValueError if it is invalid."""
        parts = library("sentencepiece", EXTRA)
        if not model:  # which the library takes
            raise UnusableError("no-unigram")
        try:
            self._library = parts.SentencePieceProcessor(model_proto=model)
        except Exception as error:  # the library raises nothing more specific
            raise UnusableError("no-unigram-because", error=error) from None
        self.model, self.exact = model, exact
        super().__init__(special, [self._bytes_of(index) for index in range(self._library.vocab_size())])

    def _bytes_of(self, index: int) -> bytes:
        name: str = self._library.id_to_piece(index)
        if self._library.is_byte(index):
            return bytes([int(name[3:5], 16)])
        return b"" if self._library.is_unknown(index) else name.replace(_SPACE, " ").encode()

    def numbers(self, parts: list[str]) -> list[list[int]]:
        if not self.exact or not any(map(_RESERVED.search, parts)):
            return self._numbers(parts)
        cut = [_RESERVED.split(part) for part in parts]  # every second piece is a reserved letter
        plain = iter(self._numbers([piece for pieces in cut for piece in pieces[::2]]))
        found: list[list[int]] = []
        for pieces in cut:
            ids: list[int] = []
            for place, piece in enumerate(pieces):
                ids += [self._bytes[byte] for byte in piece.encode()] if place % 2 else next(plain)
            found.append(ids)
        return found

    def _numbers(self, parts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self._library.encode(parts, out_type=int, num_threads=-1)
        return found

    @cached_property
    def _bytes(self) -> dict[int, int]:
        """The library's number of each byte."""
        library = self._library
        return {int(library.id_to_piece(n)[3:5], 16): n for n in range(library.vocab_size()) if library.is_byte(n)}

    def to_dict(self) -> dict[str, Any]:
        model = base64.b64encode(self.model).decode()
        exact = {"exact": True} if self.exact else {}
        return {"kind": self.kind, "special": list(self.special), "model": model, **exact}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        model = base64.b64decode(stored["model"], validate=True)
        return cls(model, read_special_ids(stored["special"]), stored.get("exact") is True)

    @classmethod
    def learnt(cls, texts: Iterable[str], size: int, special: tuple[str, ...]) -> Self:
        trainer, written = library("sentencepiece", EXTRA).SentencePieceTrainer, io.BytesIO()
        try:
            trainer.train(
                sentence_iterator=_lines(texts),
                model_writer=written,
                model_type="unigram",
                vocab_size=size,
                hard_vocab_limit=False,
                byte_fallback=True,
                character_coverage=1.0,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                allow_whitespace_only_pieces=True,
                add_dummy_prefix=False,
                max_sentence_length=4 * _LONGEST_LINE,  # bytes
                unk_id=0,
                bos_id=-1,
                eos_id=-1,
                pad_id=-1,
                num_threads=_THREADS,
                minloglevel=2,
            )
        except RuntimeError as error:
            least = re.search(r"smaller than required_chars\. \d+ vs (\d+)", str(error))
            if least is None:
                raise
            raise RequestError(
                "vocabulary-small", tokenizer=cls.kind, value=size, nearest=int(least.group(1))
            ) from None
        return cls(written.getvalue(), special)


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for line in (line for part in _RESERVED.split(text)[::2] for line in part.splitlines(keepends=True)):
            yield from (line[start : start + _LONGEST_LINE] for start in range(0, len(line), _LONGEST_LINE))
