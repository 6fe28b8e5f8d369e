"""Curriculum: the part of the training split that a step draws from, or the length of its windows, as a function of the step.

With p the finished share of the curriculum's steps and s its start, a step has this share of the whole:

    linear    s + (1 - s) · p
    root      √(s² + (1 - s²) · p)      Platanios et al., "Competence-based curriculum learning", 2019
    step      in four equal stairs      Hacohen and Weinshall, "On the power of curriculum learning", 2019, with other heights

Easy text is: short windows (Elman, "Learning and development in neural networks", 1993), text that n-grams or compression
predict well (Bengio et al., "Curriculum learning", 2009), or the beginning of the corpus, if it was sorted by hand.

Windows from a part of the text are drawn in turn, by the permutation that shuffles the whole, so that easy ones
are repeated equally often; an epoch then means as many windows as the text has. Once all of the text may be drawn,
epochs are as without a curriculum.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mmrec_engine.data.ngrams import LONGEST, window_losses
from mmrec_engine.data.windows import Batch, TrainingWindows
from mmrec_engine.settings import Settings

_STAIRS = 4
_SHORTEST = 8  # tokens; shorter windows are of no use
_MOST_SCORED = 8_000_000  # tokens; of a longer text one window in so many is scored, for its neighbours too


@dataclass(frozen=True)
class Pacing:
    """kind: none, length, ngram, compression or order; steps: from the share `start` to the whole."""

    kind: str
    function: str
    start: float
    steps: int

    @classmethod
    def of(cls, settings: Settings, planned_steps: int) -> Pacing:
        steps = max(1, round(settings.curriculum_share * planned_steps))
        return cls(settings.curriculum, settings.pacing, settings.curriculum_start, steps)

    def share(self, step: int) -> float:
        """The share of the whole at a step; steps count from 1."""
        done = (step - 1) / self.steps
        if self.kind == "none" or done >= 1:
            return 1.0
        if self.function == "root":
            return float((self.start**2 + (1 - self.start**2) * done) ** 0.5)
        return self.start + (1 - self.start) * (done if self.function == "linear" else int(done * _STAIRS) / _STAIRS)

    def pieces(self, step: int, length: int) -> int:
        """Number of windows that one of `length` is cut into: halved until none is longer than the share allows."""
        pieces = 1
        while self.kind == "length" and 1 / pieces > self.share(step) and _can_be_halved(length, pieces):
            pieces *= 2
        return pieces

    def shown(self, step: int, length: int) -> float:
        """The reported share: the one that a step really has."""
        return 1 / self.pieces(step, length) if self.kind == "length" else self.share(step)


NO_PACING = Pacing("none", "linear", 1.0, 1)


def _can_be_halved(length: int, pieces: int) -> bool:
    return length % (2 * pieces) == 0 and length // (2 * pieces) >= _SHORTEST


@dataclass(frozen=True)
class PacedWindows:
    """Windows of the part of the text that a curriculum has reached.

    windows_a_step: if there are several corpora, the windows of this one in a step.
    """

    base: TrainingWindows
    pacing: Pacing
    windows_a_step: float
    vocabulary: int

    @property
    def count(self) -> int:
        return self.base.count

    @cached_property
    def ranking(self) -> npt.NDArray[np.int64]:
        """Positions of windows in the text, the easiest first; in a long text each represents `every` of them."""
        places = np.arange(0, self.count, self.every, dtype=np.int64)
        return places if self.pacing.kind == "order" else places[np.argsort(self.difficulties(places), kind="stable")]

    @property
    def every(self) -> int:
        """How many windows one represents."""
        return max(1, -(-self.count * self.base.length // _MOST_SCORED))

    def difficulties(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """How hard the windows at these positions are, with the offset of the first epoch. Shape as `places`."""
        windows = self.base
        rows = windows.tokens[windows.stride * places[:, None] + np.arange(windows.length)]
        if self.pacing.kind == "ngram" and windows.length > LONGEST:
            return window_losses(rows, self.vocabulary)
        return np.array([len(zlib.compress(row.tobytes(), 6)) for row in rows], dtype=np.float64)

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        return self.base.cut(self.starts(numbers))

    def starts(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """First token of each window numbered from the beginning of the run. Shape as `numbers`."""
        starts = self.base.starts(numbers)
        steps = np.floor(numbers / self.windows_a_step).astype(np.int64) + 1
        for step in np.unique(steps).tolist():
            share = self.pacing.share(step)
            if share < 1:
                at = steps == step
                drawn = self.base.turns(numbers[at]) * max(1, round(share * self.count)) // self.count
                places = self.ranking[drawn // self.every] + drawn % self.every
                starts[at] = self.base.at_places(np.minimum(places, self.count - 1), numbers[at])
        return starts


def paced(
    windows: TrainingWindows, settings: Settings, planned_steps: int, vocabulary: int, share: float = 1.0
) -> TrainingWindows | PacedWindows:
    """The windows as the curriculum draws them; share: of those of a step, with several corpora.

    A length curriculum cuts them within a step (`Pacing.pieces`).
    """
    if settings.curriculum in ("none", "length"):
        return windows
    return PacedWindows(windows, Pacing.of(settings, planned_steps), share * settings.windows_a_step, vocabulary)
