"""A prepared corpus, and the parameters of its preparation that determine tokens and split."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmrec_engine.data.mixture import Source
from mmrec_engine.data.parts import Part, Split
from mmrec_engine.data.sources.documents import Reading, Skipped
from mmrec_engine.data.split_record import Earlier, SplitRecord
from mmrec_engine.settings import Settings
from mmrec_engine.storage.run_files import SPLIT
from mmrec_engine.tokenizer import LEARNT, Tokenizer
from mmrec_engine.tokenizer.vocabulary import special_ids


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus: tokens mapped from disk, and facts about it.

    repaired_words: number of words that `fix_encoding` repaired. parts: with several corpora, or if their tags are known; their
    splits are concatenated in `train` and `validation`. folder: of the token files. earlier: the run whose split or tokenizer
    it was prepared with. whole: all of the text is the validation split, because a model is evaluated on it. reading: how the
    text was read from the files. torn: number of passages that do not round-trip through their tokens. unknown_characters: the
    most frequent ones that are outside the vocabulary. copies: the first two files with the same text.
    """

    name: str
    fingerprint: str
    documents: int
    tokenizer: Tokenizer
    train: Split
    validation: Split
    skipped: tuple[Skipped, ...]
    repaired_words: int = 0
    parts: tuple[Part, ...] = ()
    folder: Path | None = None
    earlier: Earlier = Earlier()
    whole: bool = False
    reading: Reading = Reading()
    torn: int = 0
    unknown_characters: tuple[str, ...] = ()
    copies: tuple[str, str] | None = None

    @cached_property
    def record(self) -> SplitRecord | None:
        """The split of each document; None if it is not known any more."""
        return None if self.folder is None else SplitRecord.read(self.folder / SPLIT)

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """The parts, or the whole corpus as the only one."""
        return self.parts or (Part(self.name, None, 1.0, self.train, self.validation),)

    def describe(self) -> dict[str, Any]:
        """The `corpus` entry of run.json."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "documents": self.documents,
            "train_characters": self.train.characters,
            "validation_characters": self.validation.characters,
            "tokenizer": self.tokenizer.kind,
            "vocabulary": self.tokenizer.vocab_size,
            "train_tokens": len(self.train.tokens),
            "validation_tokens": len(self.validation.tokens),
            "repaired_words": self.repaired_words,
            **self.reading.describe(),
            **({"split": self.record.digest} if self.record is not None else {}),
            **({"parts": [part.describe() for part in self.parts]} if self.parts else {}),
        }


@dataclass(frozen=True)
class CorpusSpec:
    """The parameters of a preparation. tokenizer: of a model that is evaluated on the text; folder: the cache."""

    settings: Settings
    tokenizer: Tokenizer | None
    sources: Sequence[Source]
    folder: Path
    earlier: Earlier

    @property
    def several(self) -> bool:
        return len(self.sources) > 1

    @property
    def beside(self) -> tuple[str, ...]:
        """Special ids of a learnt tokenizer, in addition to those that every tokenizer has."""
        corpora = [source.name for source in self.sources] if self.several else []
        return special_ids(False, bool(self.settings.denoising), corpora)

    def whole(self, fingerprint: str) -> bool:
        """Whether all of the text is the validation split."""
        return self.tokenizer is not None and fingerprint != self.earlier.fingerprint

    def known_tokenizer(self) -> Tokenizer | None:
        """None if it is learnt from the training split."""
        return self.tokenizer or self.earlier.tokenizer

    def decides(self, tokenizer: Tokenizer | None = None, whole: bool = False) -> tuple[str, ...]:
        """What determines the token files, apart from the text."""
        settings = self.settings
        rules = (f"rules {LEARNT[settings.tokenizer].rules}",) if settings.tokenizer in LEARNT else ()
        learnt = " ".join((f"{settings.tokenizer} {settings.vocab_size}", *rules, *self.beside))
        vocabulary = json.dumps(tokenizer.to_dict()) if tokenizer else learnt
        return str(None if whole else settings.val_split), vocabulary

    def fits(self, found: Corpus) -> bool:
        """Whether preparing the corpus without the earlier run gives the same tokens and the same split."""
        tokenizer, record = self.known_tokenizer(), self.earlier.record
        if self.whole(found.fingerprint) or not same_tokenizer(tokenizer, found.tokenizer):
            return False
        if record is None:
            return True
        if found.record is None:
            return False
        known, train, _ = record.look_up(found.record.keys)
        return bool(known.all() and (train == found.record.train).all())


def same_tokenizer(wanted: Tokenizer | None, found: Tokenizer) -> bool:
    return wanted is None or wanted.to_dict() == found.to_dict()
