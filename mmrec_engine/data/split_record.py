"""Which documents a run trained on and validated on, by fingerprint, so that a follow-up run can keep the split.

A run that begins with the weights of an earlier one must not validate on text that these were trained on. Documents
are identified by 64 bits of their fingerprints. An edited text has another fingerprint, so a sample of the n-grams of the
training text is stored as well. The sample is chosen by content: an n-gram is in it if the hash of its first tokens is
divisible by `one_in`, whatever text it is from.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.ngrams import hashes, stretches
from mmrec_engine.data.windows import Tokens
from mmrec_engine.storage.files import Staged, open_plain
from mmrec_engine.storage.run_files import SPLIT
from mmrec_engine.tokenizer import Tokenizer, tokenizer_from_dict

GRAM = 64  # tokens
_FIRST = 8  # tokens of an n-gram whose hash decides
_MOST_GRAMS = 65_536
_LEAST_ONE_IN = 8
_MOST_TOKENS = 128_000_000
_STRETCHES = 32
_AT_ONCE = 2**20  # tokens
_FEW_DIFFERENT = 0.5  # of the neighbours in an n-gram; with more equal ones it is a separator line or blank space

_COUNTS = (np.int32, np.int64)

Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SplitRecord:
    """One row for each distinct document, in rising order of `keys`; all of shape (documents,).

    train: how many of its first characters are in the training split. seen: how many of them the weights have been trained on,
    in this run or earlier ones. grams: sorted hashes of sampled n-grams of all training text. tokenizer: of the run, with the
    requested vocabulary size.
    """

    keys: Keys
    train: Counts
    seen: Counts
    grams: Keys
    one_in: int = _LEAST_ONE_IN
    tokenizer: Tokenizer | None = None
    vocab_size: int = 0

    @classmethod
    def of(cls, keys: Keys, points: Counts) -> SplitRecord:
        """keys: of each document; points: how many of its first characters are in the training split. Identical documents
        share a row."""
        order = np.lexsort((-points, keys))
        sorted_keys, sorted_points = keys[order], points[order].astype(np.int64)
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = sorted_keys[1:] != sorted_keys[:-1]
        train = sorted_points[first]
        return cls(sorted_keys[first], train, train, np.zeros(0, dtype=np.uint64))

    @property
    def digest(self) -> str:
        """Digest of the split. It does not include `seen`."""
        digest = hashlib.blake2b(digest_size=16)
        for column in (self.keys.astype("<u8"), self.train.astype("<i8")):
            digest.update(column.tobytes())
        return digest.hexdigest()

    def look_up(self, keys: Keys) -> tuple[npt.NDArray[np.bool_], Counts, Counts]:
        """For each document: whether it is known, how much of it is in the training split, how much of it was trained on."""
        if not len(self.keys):
            nothing = np.zeros(len(keys), dtype=np.int64)
            return np.zeros(len(keys), dtype=np.bool_), nothing, nothing
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[places] == keys
        return known, np.where(known, self.train[places], 0), np.where(known, self.seen[places], 0)

    def after(self, earlier: SplitRecord | None) -> SplitRecord:
        """This run's record, if its first weights are those of the earlier one."""
        if earlier is None:
            return self
        seen = np.maximum(self.seen, earlier.look_up(self.keys)[2])
        new = ~np.isin(earlier.keys, self.keys)
        keys = np.concatenate([self.keys, earlier.keys[new]])
        order = np.argsort(keys)
        one_in = max(self.one_in, earlier.one_in)
        return replace(
            self,
            keys=keys[order],
            train=np.concatenate([self.train, earlier.train[new]])[order],
            seen=np.concatenate([seen, earlier.seen[new]])[order],
            grams=np.union1d(_coarser(self.grams, one_in), _coarser(earlier.grams, one_in)),
            one_in=one_in,
        )

    def with_grams_of(self, train: Tokens) -> SplitRecord:
        """With a sample of the n-grams of the training split."""
        one_in = _LEAST_ONE_IN
        while min(len(train), _MOST_TOKENS) // one_in > _MOST_GRAMS:
            one_in *= 2
        found = [_coarser(part, one_in) for part in _sampled(train, one_in)]
        return replace(self, grams=np.unique(np.concatenate(found)) if found else self.grams, one_in=one_in)

    def share_of_grams(self, validation: Tokens, own: Tokens | None = None) -> tuple[float, int]:
        """The share of sampled n-grams of a validation split that was trained on, and the number of these n-grams. own: a
        training split whose n-grams do not count as trained on."""
        asked = list(_sampled(validation, self.one_in))
        grams = np.concatenate(asked) if asked else self.grams[:0]
        seen = grams[np.isin(grams, self.grams)]
        if own is not None:
            for part in _sampled(own, self.one_in):
                seen = seen[~np.isin(seen, part)]
        return len(seen) / max(1, len(grams)), len(grams)

    def write(self, path: Path) -> None:
        """Write it atomically. Raises OSError."""
        Staged(path, self.content(), sync=True).put_in_place()

    def content(self) -> memoryview:
        """The bytes of its file."""
        tokenizer = None if self.tokenizer is None else self.tokenizer.to_dict()
        beside = {"one_in": self.one_in, "tokenizer": tokenizer, "vocab_size": self.vocab_size}
        described = json.dumps(beside, ensure_ascii=False).encode()
        content = io.BytesIO()
        np.savez(
            content,
            keys=self.keys,
            train=_small(self.train),
            seen=_small(self.seen[:0] if (self.seen == self.train).all() else self.seen),
            grams=self.grams,
            described=np.frombuffer(described, dtype=np.uint8),
        )
        return content.getbuffer()

    @classmethod
    def read(cls, path: Path) -> SplitRecord | None:
        """None if it is missing or damaged."""
        try:
            with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
                columns = {name: stored[name] for name in ("keys", "train", "seen", "grams")}
                described: dict[str, Any] = json.loads(stored["described"].tobytes())
            kinds = {"keys": (np.uint64,), "train": _COUNTS, "seen": _COUNTS, "grams": (np.uint64,)}
            if any(columns[name].dtype not in kind or columns[name].ndim != 1 for name, kind in kinds.items()):
                return None
            train = columns["train"].astype(np.int64)
            seen = columns["seen"].astype(np.int64) if len(columns["seen"]) else train
            if not len(columns["keys"]) == len(train) == len(seen):
                return None
            one_in, stored_tokenizer = int(described["one_in"]), described["tokenizer"]
            if one_in < 1:
                return None
            tokenizer = None if stored_tokenizer is None else tokenizer_from_dict(stored_tokenizer)
            size = int(described["vocab_size"])
            return cls(columns["keys"], train, seen, columns["grams"], one_in, tokenizer, size)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, zipfile.BadZipFile):
            return None


@dataclass(frozen=True)
class Earlier:
    """What is known of the run whose text is prepared again, or whose weights a new run begins with.

    record: its documents keep their split. tokenizer: used as it is, nothing is learnt. fingerprint: of its training
    text; if a model is evaluated on that text, its split is used.
    """

    record: SplitRecord | None = None
    tokenizer: Tokenizer | None = None
    fingerprint: str = ""


def record_beside(checkpoint: Path) -> SplitRecord | None:
    """The record of the run with this checkpoint or folder; None if it is elsewhere or of an older version."""
    return SplitRecord.read((checkpoint if checkpoint.is_dir() else checkpoint.parent) / SPLIT)


def _small(counts: Counts) -> npt.NDArray[Any]:
    """With four bytes each if that is enough: there may be millions of documents."""
    fits = not len(counts) or int(counts.max()) < 2**31
    return counts.astype(np.int32) if fits else counts


def _sampled(tokens: Tokens, one_in: int) -> Iterator[Keys]:
    """Hashes of the n-grams of these tokens that are in a sample of this rate."""
    shift = np.uint64(64 - (one_in.bit_length() - 1))
    for stretch in stretches(tokens, _MOST_TOKENS, _STRETCHES):
        for start in range(0, len(stretch), _AT_ONCE):
            part = np.asarray(stretch[start : start + _AT_ONCE + GRAM - 1])
            if len(part) < GRAM:
                continue
            first = hashes(part, _FIRST)[: len(part) - GRAM + 1]
            chosen = np.flatnonzero((first >> shift) == 0)
            grams = np.lib.stride_tricks.sliding_window_view(part, GRAM)[chosen]  # (grams, GRAM)
            varied = (grams[:, 1:] != grams[:, :-1]).mean(axis=1) >= _FEW_DIFFERENT
            # The upper half is the hash of the first tokens, so that a sample can be made coarser later.
            upper = first[chosen][varied] & np.uint64(0xFFFFFFFF00000000)
            yield upper | (hashes(grams[varied], GRAM)[:, 0] >> np.uint64(32))


def _coarser(grams: Keys, one_in: int) -> Keys:
    chosen: Keys = grams[(grams >> np.uint64(64 - (one_in.bit_length() - 1))) == 0]
    return chosen
