"""What a step trains on: the windows of a corpus, as the settings want them."""

from __future__ import annotations

from mmrec_engine.corpus.augmentation import augmented
from mmrec_engine.corpus.curriculum import paced
from mmrec_engine.corpus.prepare import Corpus
from mmrec_engine.corpus.windows import TrainingWindows, Windows
from mmrec_engine.settings import Settings


def training_windows(settings: Settings, corpus: Corpus, planned_steps: int | None = None) -> Windows:
    """The windows of the training side, each kind a `Windows` over another.

    planned_steps: by which a curriculum is paced; none: as windows are once it is through.
    """
    tokens = corpus.train.tokens
    plain = TrainingWindows(tokens, settings.seq_len, settings.window_stride, settings.seed, settings.jitter)
    in_turn = plain if planned_steps is None else paced(plain, settings, planned_steps, corpus.tokenizer.vocab_size)
    return augmented(in_turn, tokens, settings, corpus.tokenizer)
