"""Several corpora in one training: which of them, how large a share each has, and which one a window comes from.

Shares are the weights that were given, or size^(1/T), normalised. Source of the temperature: Arivazhagan et al., "Massively
multilingual neural machine translation in the wild", 2019; before, with α = 1/T, Conneau and Lample, "Cross-lingual language
model pretraining", 2019. T = 1 takes all text equally often; the larger T, the more evenly the corpora.

Training window k goes to the corpus that is due most: of counts c_i in P = 10,000 windows the one with the largest
c_i (k + 1) - P n_i(k), n_i(k) the windows that it had before. What repeats after P windows is worked out once, so that any k is
looked up. No corpus is ever a whole window ahead of its share, and a run's seed decides where in the pattern it begins.
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

from mmrec_engine.data.windows import Batch, Windows
from mmrec_engine.errors import RequestError
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings
from mmrec_engine.storage.user_folders import expanded

_PATTERN = 10_000  # windows
_BEGINNING = 11  # key of where a run begins in the pattern


@dataclass(frozen=True)
class Source:
    """A corpus that was asked for. place: a path, or the name of a built-in one; weight: none where none was given."""

    name: str
    place: str
    weight: float | None = None


def require_places(settings: Settings) -> None:
    """Raises RequestError where a file or folder that is named for the text is not there."""
    if settings.data_dir is not None:
        for source in sources_of(settings):
            path = expanded(Path(source.place))
            if not os.path.exists(path):  # noqa: PTH110, of a name that is too long too
                raise RequestError("corpus-missing", path=path)


def sources_of(settings: Settings) -> tuple[Source, ...]:
    """The corpora of a run, in their order; of several each by the shortest end of its path that no other has.

    Raises RequestError where a weight is none, some have one and others not, or one is named twice.
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
    """`PLACE=WEIGHT` in two; a path that is there, as it was typed, is one whatever is in its name."""
    place, _, weight = text.rpartition("=")
    if not place or (is_path and os.path.exists(text)):  # noqa: PTH110, a name may be too long to ask for
        return text, None
    try:
        float(weight)
    except ValueError:
        return text, None
    return place, weight


def moved(data_dir: str | tuple[str, ...], move: Callable[[Path], Path]) -> str | tuple[str, ...]:
    """The setting with each path as `move` makes it, weights as they are."""
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
    """For each path its last parts, as few as tell it from the others."""
    names = []
    for path in paths:
        parts = 1
        while parts < len(path.parts) and sum(other.parts[-parts:] == path.parts[-parts:] for other in paths) > 1:
            parts += 1
        names.append("/".join(path.parts[-parts:]))
    return names


def shares_of(sources: Sequence[Source], sizes: Sequence[int], temperature: float) -> list[float]:
    """How large a part of the windows comes from each. sizes: tokens. Together 1."""
    given = [source.weight for source in sources]
    parts = [
        size ** (1.0 / temperature) if weight is None else weight for weight, size in zip(given, sizes, strict=True)
    ]
    return [part / sum(parts) for part in parts]


@dataclass(frozen=True)
class MixedWindows:
    """Windows of several corpora, each in its own order, interleaved by their shares.

    An epoch is as many windows as all corpora have together; of a corpus with more than its share of the text it holds some
    windows twice, of one with less not all.
    """

    parts: tuple[Windows, ...]
    shares: tuple[float, ...]
    seed: int

    @property
    def count(self) -> int:
        counts = [part.count for part in self.parts]
        return sum(counts) if all(counts) else 0

    def places(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each window the corpus that it comes from, and how many windows came from that one before."""
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
    """Windows of each corpus in a period: the shares rounded so that they fill it, and one at least."""
    exact = np.array(shares) * _PATTERN
    counts: npt.NDArray[np.int64] = np.maximum(1, np.floor(exact)).astype(np.int64)
    while counts.sum() < _PATTERN:
        counts[(exact - counts).argmax()] += 1
    while counts.sum() > _PATTERN:
        counts[counts.argmax()] -= 1
    return counts
