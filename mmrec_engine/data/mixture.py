"""Several corpora in one training: their shares, and the corpus of each window.

Shares are the given weights, or size^(1/T), normalised. Source of the temperature: Arivazhagan et al., "Massively
multilingual neural machine translation in the wild", 2019; before, with α = 1/T, Conneau and Lample, "Cross-lingual language
model pretraining", 2019. With T = 1 all text is used equally often; the larger T, the more equal the corpora.

Training window k comes from the corpus that is farthest below its share: with counts c_i in P = 10,000 windows the one with the
largest c_i (k + 1) - P n_i(k), where n_i(k) is its number of earlier windows. The pattern of P windows is computed once and
looked up for any k. No corpus is ever a whole window ahead of its share. The seed of the run selects where in the pattern it
begins.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.sources.builtin import require_builtin
from mmrec_engine.data.sources.hub_source import is_hub, source_of
from mmrec_engine.data.windows import Batch, Windows
from mmrec_engine.errors import RequestError
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings
from mmrec_engine.storage.user_folders import expanded

_PATTERN = 10_000  # windows
_BEGINNING = 11  # key of the start in the pattern


@dataclass(frozen=True)
class Source:
    """A requested corpus. place: a path, or the name of a built-in one; weight: None if none was given."""

    name: str
    place: str
    weight: float | None = None


def require_places(settings: Settings) -> None:
    """Raises RequestError if a file or folder of the text does not exist, a built-in corpus is unknown, or the name of a data
    set is malformed. Asks no server: text of an earlier run needs none."""
    for source in sources_of(settings):
        if settings.data_dir is not None:
            path = expanded(Path(source.place))
            if not os.path.exists(path):  # noqa: PTH110, of a name that is too long too
                raise RequestError("corpus-missing", path=path)
        elif is_hub(source.place):
            source_of(source.place)
        else:
            require_builtin(source.place)


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """The corpora of a run, in their order. Of several, each is named by the shortest unique suffix of its path.

    Raises RequestError if a weight is invalid, only some have weights, or one is named twice.
    """
    asked = settings.data_dir or settings.corpus or "sample"
    if isinstance(asked, str):
        return (Source(asked, asked),)
    paths = settings.data_dir is not None
    split = [split_weight(text, paths) for text in asked]
    weights = [None if weight is None else _weight(place, weight) for place, weight in split]
    if settings.mixing_temperature != 1.0 and None not in weights:
        raise RequestError("mixing-both")
    for (place, _), weight in zip(split, weights, strict=True):
        if weight is None and any(other is not None for other in weights):
            raise RequestError("mixing-some-weights", name=place)
    places = [place for place, _ in split]
    names = _names([Path(place).absolute() for place in places]) if paths else places
    for name in names:
        if names.count(name) > 1:
            raise RequestError("mixing-twice", name=name)
    return tuple(Source(*parts) for parts in zip(names, places, weights, strict=True))


def split_weight(text: str, is_path: bool) -> tuple[str, str | None]:
    """Splits `PLACE=WEIGHT`; an existing path is a path, even if its name contains `=`."""
    place, _, weight = text.rpartition("=")
    if not place or (is_path and os.path.exists(text)):  # noqa: PTH110, a name may be too long to ask for
        return text, None
    try:
        float(weight)
    except ValueError:
        return text, None
    return place, weight


def moved(data_dir: str | tuple[str, ...], move: Callable[[Path], Path]) -> str | tuple[str, ...]:
    """The setting with `move` applied to each path; weights are unchanged."""
    if isinstance(data_dir, str):
        return str(move(Path(data_dir)))
    split = [split_weight(text, True) for text in data_dir]
    return tuple(str(move(Path(place))) + ("" if weight is None else f"={weight}") for place, weight in split)


def _weight(place: str, text: str) -> float:
    weight = float(text)
    if not (0 < weight < math.inf):
        raise RequestError("mixing-weight", name=place, value=text)
    return weight


def _names(paths: Sequence[Path]) -> list[str]:
    """The shortest suffix of each path that no other has."""
    names = []
    for path in paths:
        parts = 1
        while parts < len(path.parts) and sum(other.parts[-parts:] == path.parts[-parts:] for other in paths) > 1:
            parts += 1
        names.append("/".join(path.parts[-parts:]))
    return names


def shares_of(sources: Sequence[Source], sizes: Sequence[int], temperature: float) -> list[float]:
    """The share of windows of each corpus, with a sum of 1. sizes: tokens."""
    given = [source.weight for source in sources]
    parts = [
        size ** (1.0 / temperature) if weight is None else weight for weight, size in zip(given, sizes, strict=True)
    ]
    return [part / sum(parts) for part in parts]


@dataclass(frozen=True)
class MixedWindows:
    """Windows of several corpora, each in its own order, interleaved by their shares.

    An epoch has as many windows as all corpora together. If a corpus has a larger share than its size, an epoch repeats some of
    its windows; if a smaller one, it omits some.
    """

    parts: tuple[Windows, ...]
    shares: tuple[float, ...]
    seed: int

    @property
    def count(self) -> int:
        counts = [part.count for part in self.parts]
        return sum(counts) if all(counts) else 0

    def places(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each window its corpus, and how many earlier windows came from the same one."""
        pattern, before = self._pattern
        beginning = hash64(self.seed, _BEGINNING) % _PATTERN
        periods, rest = np.divmod(numbers + beginning, _PATTERN)
        corpus = pattern[rest]
        return corpus, periods * before[-1, corpus] + before[rest, corpus] - before[beginning, corpus]

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        corpus, within = self.places(numbers)
        batches = {int(index): self.parts[index].batch(within[corpus == index]) for index in np.unique(corpus)}
        inputs, labels = (
            np.empty((len(numbers), found.shape[1]), found.dtype) for found in next(iter(batches.values()))
        )
        for index, found in batches.items():
            inputs[corpus == index], labels[corpus == index] = found
        return inputs, labels

    @cached_property
    def _pattern(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Corpus of each window of a period (P,), and how many windows each had before it (P + 1, corpora)."""
        counts = _counts(self.shares)
        pattern, before = np.empty(_PATTERN, dtype=np.int64), np.zeros((_PATTERN + 1, len(counts)), dtype=np.int64)
        due = np.zeros(len(counts), dtype=np.int64)
        for number in range(_PATTERN):
            due += counts
            pattern[number] = chosen = int(due.argmax())
            due[chosen] -= _PATTERN
            before[number + 1] = before[number]
            before[number + 1, chosen] += 1
        return pattern, before


def _counts(shares: Sequence[float]) -> npt.NDArray[np.int64]:
    """Windows of each corpus in a period: the shares, rounded to a sum of the period, at least one each."""
    exact = np.array(shares) * _PATTERN
    counts: npt.NDArray[np.int64] = np.maximum(1, np.floor(exact)).astype(np.int64)
    while counts.sum() < _PATTERN:
        counts[(exact - counts).argmax()] += 1
    while counts.sum() > _PATTERN:
        counts[counts.argmax()] -= 1
    return counts
