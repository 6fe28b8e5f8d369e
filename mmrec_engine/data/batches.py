"""The windows of a corpus that a step trains on and that a validation uses, as the settings select them."""

from __future__ import annotations

from mmrec_engine.data.mixture import MixedWindows
from mmrec_engine.data.parts import Split
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.transforms.augmentation import augmented
from mmrec_engine.data.transforms.curriculum import paced
from mmrec_engine.data.transforms.denoising import DenoisedWindows
from mmrec_engine.data.windows import EvaluationWindows, TrainingWindows, Windows
from mmrec_engine.randomness import hash64
from mmrec_engine.settings import Settings

__all__ = ["Windows", "training_windows", "validation_windows"]

_PART = 12  # key of the order within one of several corpora


def training_windows(settings: Settings, corpus: Corpus, planned_steps: int | None = None) -> Windows:
    """The windows of the training split, as layers of `Windows`.

    planned_steps: sets the pace of a curriculum; None: the windows after the curriculum.
    """
    vocabulary, seed = corpus.tokenizer.vocab_size, settings.seed

    def of(split: Split, seed: int, tag: int | None, share: float) -> Windows:
        length, stride = settings.seq_len, settings.window_stride
        plain = TrainingWindows(split.tokens, length, stride, seed, tag, settings.jitter)
        return plain if planned_steps is None else paced(plain, settings, planned_steps, vocabulary, share)

    windows: Windows
    if corpus.parts:
        parts = (
            of(part.train, hash64(seed, _PART, number), part.tag, part.share)
            for number, part in enumerate(corpus.parts)
        )
        windows = MixedWindows(tuple(parts), tuple(part.share for part in corpus.parts), seed)
    else:
        windows = of(corpus.train, seed, None, 1.0)
    windows = augmented(windows, corpus.train.tokens, settings, corpus.tokenizer)
    if settings.denoising:
        windows = DenoisedWindows(windows, settings.denoising, settings.denoising_span, seed, corpus.tokenizer)
    return windows


def validation_windows(corpus: Corpus, length: int) -> tuple[EvaluationWindows, ...]:
    """The windows of the validation split, separate for each corpus: no window crosses a boundary."""
    return tuple(EvaluationWindows(part.validation.tokens, length, part.tag) for part in corpus.all_parts)
