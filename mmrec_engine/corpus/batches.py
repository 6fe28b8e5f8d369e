"""What a step trains on: the windows of a corpus, as the settings want them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from mmrec_engine.corpus.augmentation import augmented
from mmrec_engine.corpus.prepare import Corpus
from mmrec_engine.corpus.windows import Batch, TrainingWindows
from mmrec_engine.settings import Settings


class Windows(Protocol):
    """Windows that are pure functions of their number, counted from the beginning of a run."""

    @property
    def count(self) -> int:
        """Windows an epoch; 0 where not even one fits."""

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Inputs and labels of the windows with these numbers, both (windows, length)."""


def training_windows(settings: Settings, corpus: Corpus) -> Windows:
    """The windows of the training side. What changes them lies over them here, each a `Windows` over another."""
    plain = TrainingWindows(
        corpus.train.tokens, settings.seq_len, settings.window_stride, settings.seed, settings.jitter
    )
    return augmented(plain, settings, corpus.tokenizer)
