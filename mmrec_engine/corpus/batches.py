"""What a step trains on, and what it is judged by: the windows of a corpus, as the settings want them."""

from __future__ import annotations

from mmrec_engine.corpus.denoising import DenoisedWindows
from mmrec_engine.corpus.mixing import MixedWindows
from mmrec_engine.corpus.prepare import Corpus
from mmrec_engine.corpus.windows import EvaluationWindows, TrainingWindows, Windows
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings

__all__ = ["Windows", "training_windows", "validation_windows"]

_PART = 12  # key of the order within one of several corpora


def training_windows(settings: Settings, corpus: Corpus) -> Windows:
    """The windows of the training side. What changes them lies over them here, each a `Windows` over another."""
    length, stride, seed = settings.seq_len, settings.window_stride, settings.seed
    windows: Windows
    if corpus.parts:
        parts = (
            TrainingWindows(part.train.tokens, length, stride, hash64(seed, _PART, number), part.tag)
            for number, part in enumerate(corpus.parts)
        )
        windows = MixedWindows(tuple(parts), tuple(part.share for part in corpus.parts), seed)
    else:
        windows = TrainingWindows(corpus.train.tokens, length, stride, seed)
    if settings.denoising:
        windows = DenoisedWindows(windows, settings.denoising, settings.denoising_span, seed, corpus.tokenizer)
    return windows


def validation_windows(corpus: Corpus, length: int) -> tuple[EvaluationWindows, ...]:
    """The windows of the validation side, of each part its own: none crosses from one into another."""
    return tuple(EvaluationWindows(part.validation.tokens, length, part.tag) for part in corpus.all_parts)
